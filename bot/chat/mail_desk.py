"""What becomes of a mail that comes in: an answer, a command, a bounce, or a note.

Everything a mail causes, its reply included, is written in one transaction with the fact
that it was read: a crash repeats nothing and loses nothing.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.chat.desk import ANSWER, COMPLETE, Desk, answer_invocation, read_answer, read_command
from bot.chat.imap import LARGEST
from bot.chat.mail_inventory import NAMED, attached, consent
from bot.chat.mail_reading import Bounce, Incoming, read_mail
from bot.commands.alertes import written
from bot.commands.base import LINK_NAMES, Invocation, Reply
from bot.domain.clock import Clock
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.mail_token import signed_key
from bot.domain.message import Message
from bot.domain.people import Person
from bot.domain.speaker import Speaker
from bot.pipeline.mailed import Heard, InventoryDesk, Sent
from bot.store import Session, audit, mails, outbox, people, speakers, subscriptions
from bot.store.outbox import Delivery
from feeds.advisory import Tlp

UNSIGNED_COMMANDS = frozenset(
    {"alertes", "alerts", "alerte", "alert", "aide", "help", *LINK_NAMES}
)  # From may be forged: these change nothing, or hold a secret of their own
TO_CONTACTS = frozenset(
    {
        DeliveryKind.ALERT,
        DeliveryKind.REVISION,
        DeliveryKind.REMINDER,
        DeliveryKind.FORWARD,
        DeliveryKind.DISAGREEMENT,
        DeliveryKind.REPLY,
    }
)  # what is written to contacts about one alert
SUBJECT = "[Tocsin] Réponse à votre message"
LONGEST_NOTE = 1_000  # characters


class MailOutcome(StrEnum):
    """What became of a mail."""

    HEARD = "heard"  # a copy of one read before
    IGNORED = "ignored"
    BOUNCE = "bounce"
    LATE = "late"  # a relay says that it still tries
    ANSWERED = "answered"  # a reply is in the outbox
    SILENT = "silent"  # said before, or to an answering machine
    RECEIVED = "received"  # an inventory: what it reveals is told once bulletins were read again


@dataclass(frozen=True, slots=True)
class MailDeskOptions:
    """``secret`` signs Message-IDs; ``own`` are the addresses that Tocsin writes from."""

    secret: bytes
    own: frozenset[str]
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class _Said:
    """What somebody wrote, and the delivery it is known to answer."""

    mail: Incoming
    digest: str
    text: str
    delivery: Delivery | None
    person: Person | None
    contact: Speaker | None = None  # nobody registered, but this mail was written to them
    cut: bool = False  # only its beginning was read

    @property
    def place(self) -> Address:
        return Address.mailbox(self.mail.sender)


OnBounced = Callable[[Session, Delivery, datetime], None]
"""What follows when a mail that the relay had taken comes back."""


def nothing_follows(session: Session, delivery: Delivery, now: datetime) -> None:
    """The usual case: the operator sees it among what is dead."""


class MailDesk:
    """Takes one mail at a time, inside a transaction of the caller's."""

    def __init__(
        self,
        desk: Desk,
        options: MailDeskOptions,
        *,
        clock: Clock,
        on_bounced: OnBounced = nothing_follows,
        inventories: InventoryDesk | None = None,
    ) -> None:
        self._desk = desk
        self._options = options
        self._clock = clock
        self._on_bounced = on_bounced
        self._inventories = inventories

    def take(self, session: Session, raw: bytes) -> MailOutcome:
        """Read a mail and write what follows from it; a second copy changes nothing."""
        mail = read_mail(raw)
        digest = hashlib.sha256(mail.message_id.encode() or raw).hexdigest()
        if not mails.hear(session, digest, now=self._clock()):
            return MailOutcome.HEARD
        if mail.bounce is not None:
            return self._bounced(session, mail, mail.bounce)
        if reason := mail.automatic or self._unusable(mail):
            return self._ignore(session, mail, reason)
        delivery = self._delivery(session, mail.answers)
        person = people.identified(session, Address.mailbox(mail.sender))
        said = _Said(
            mail=mail,
            digest=digest,
            text=" ".join(mail.text.partition("\n\n")[0].split())[:LONGEST_NOTE],
            delivery=delivery,
            person=person,
            contact=self._contact(session, mail.sender, delivery, person),
            cut=len(raw) >= LARGEST,
        )
        if delivery is not None and delivery.address.casefold() == mail.sender:
            mails.mark_good(session, Address.mailbox(delivery.address))
        return self._take(session, said)

    def _take(self, session: Session, said: _Said) -> MailOutcome:
        """Run what was said as a command or an answer, and reply where a reply is due."""
        if said.person is not None and self._inventories is not None:
            taken = self._inventory(session, said, said.person, self._inventories)
            if taken is not None:
                return taken
        spoken = read_command(said.text)
        signed = said.delivery is not None
        if spoken and (signed or spoken.name in UNSIGNED_COMMANDS):
            known = said.person or said.contact
            once = "" if known or spoken.name in LINK_NAMES else "stranger"
            subject = said.delivery.subject if said.delivery else ""
            return self._ask(session, said, spoken.name, spoken.args, subject, once)
        if said.delivery is None:
            if said.person is None:
                return self._ignore(session, said.mail, "unsolicited")
            day = self._clock().date().isoformat()
            return self._reply(session, said, self._says("mail_unsigned"), f"unsigned {day}")
        if said.person is None and said.contact is None:
            return self._ask(session, said, ANSWER, "", said.delivery.subject, "stranger")
        if found := self._answer(said.text, said.delivery):
            reference, args = answer_invocation(*found)
            return self._ask(session, said, ANSWER, args, reference)
        completed = self._desk.within(
            session,
            self._invocation(said, COMPLETE, said.text, said.delivery.subject),
            said.contact,
        )
        if completed.text:
            return self._reply(session, said, completed)
        if said.delivery.kind == DeliveryKind.REPLY:  # perhaps a machine that does not say so
            self._ignore(session, said.mail, "not an answer")
            return MailOutcome.SILENT
        once = f"not understood {said.delivery.key}"
        return self._reply(session, said, self._says("mail_not_understood"), once)

    def _inventory(
        self, session: Session, said: _Said, person: Person, desk: InventoryDesk
    ) -> MailOutcome | None:
        """Take the inventory that the mail brings, or the answer to what one asked; None when
        it does neither. Only a mail of ours to this very address makes a reply a signed one."""
        own = said.delivery
        signed = own is not None and own.address.casefold() == said.mail.sender
        files = attached(said.mail, answers=said.delivery is not None)
        about = own.subject if own and signed else ""
        heard: Heard | None
        if not files and NAMED.fullmatch(about) and (yes := consent(said.text)) is not None:
            heard = desk.confirm(session, about, person, yes=yes, now=self._clock())
        elif not files or (said.mail.files and self._speaks(said)):
            return None
        else:
            sent = Sent(
                person=person,
                sender=said.mail.sender,
                thread=said.mail.message_id,
                words=f"{said.mail.subject} {said.text}",
                files=files,
                signed=signed,
                cut=said.cut,
            )
            heard = desk.receive(session, sent, now=self._clock())
            if heard is None:
                return self._ignore(session, said.mail, "too many inventories to confirm")
        if not heard.template:
            return MailOutcome.RECEIVED
        reply = self._desk.says(heard.template, language=self._options.language, **heard.variables)
        return self._reply(session, said, reply, about=heard)

    def _speaks(self, said: _Said) -> bool:
        """Whether the words beside a file are a command, or an answer to one of our mails."""
        if read_command(said.text):
            return True
        return said.delivery is not None and self._answer(said.text, said.delivery) is not None

    def _contact(
        self, session: Session, sender: str, delivery: Delivery | None, person: Person | None
    ) -> Speaker | None:
        """Whoever was written to as a contact of the facility, and answers from that mailbox."""
        if delivery is None or delivery.facility_id is None:
            return None
        if delivery.kind not in TO_CONTACTS or delivery.address.casefold() != sender:
            return None
        if person is not None and delivery.facility_id in (
            speakers.of_person(session, person, now=self._clock()).facilities
        ):
            return None  # they have a role there: it decides
        return speakers.of_contact(
            session, delivery.facility_id, sender, written(delivery.subject), now=self._clock()
        )

    def _answer(self, text: str, delivery: Delivery) -> tuple[str, str] | None:
        """The value of the answer and its note. A digest offers none: alerts are named then."""
        choices = delivery.message.choices
        found = (
            read_answer(text, choices)
            if choices
            else self._desk.named_answer(text, language=self._options.language)
        )
        return (found[0].value, found[1]) if found else None

    # -- replying ----------------------------------------------------------------------

    def _ask(
        self, session: Session, said: _Said, name: str, args: str, subject: str, once: str = ""
    ) -> MailOutcome:
        invocation = self._invocation(said, name, args, subject)
        reply = self._desk.within(session, invocation, said.contact)
        return self._reply(session, said, reply, once)

    def _invocation(self, said: _Said, name: str, args: str, subject: str) -> Invocation:
        return Invocation(
            sender=said.place,
            place=said.place,
            name=name,
            args=args,
            thread=said.delivery.receipt if said.delivery else "",
            subject=subject,
            language=self._options.language,
        )

    def _reply(
        self,
        session: Session,
        said: _Said,
        reply: Reply,
        once: str = "",
        about: Heard | None = None,
    ) -> MailOutcome:
        """Put the reply in the outbox; what is said ``once`` is not said again."""
        delivery = said.delivery
        if reply.form is not None:
            elsewhere = self._says("mail_no_form")
            reply = replace(reply, text=f"{reply.text}\n\n{elsewhere.text}".strip(), html="")
        title = delivery.message.subject if delivery else SUBJECT
        message = Message(
            subject=title if not delivery or title.startswith("Re:") else f"Re: {title}",
            text=reply.text,
            html=reply.html,
            marking=_ceiling(session, said),
            choices=delivery.message.choices if delivery else (),
            thread=said.mail.message_id,
            language=self._options.language,
        )
        name = f"{said.mail.sender} {once or said.digest}"
        subject, facility_id = (delivery.subject, delivery.facility_id) if delivery else ("", None)
        if about is not None:
            subject, facility_id = about.about, about.facility_id or facility_id
        written = outbox.enqueue(
            session,
            [
                NewDelivery(
                    kind=DeliveryKind.REPLY,
                    subject_id=uuid.uuid5(uuid.NAMESPACE_URL, name),
                    subject=subject,
                    to=said.place,
                    message=message,
                    trace_id=said.digest[:32],
                    facility_id=facility_id,
                    content=name,
                )
            ],
            now=self._clock(),
        )
        return MailOutcome.ANSWERED if written else MailOutcome.SILENT

    def _says(self, template: str) -> Reply:
        return self._desk.says(template, language=self._options.language)

    # -- what is no answer -------------------------------------------------------------

    def _bounced(self, session: Session, mail: Incoming, bounce: Bounce) -> MailOutcome:
        """Believed only when it gives back a Message-ID that we signed."""
        delivery = self._delivery(session, bounce.returned)
        if delivery is None:
            return self._ignore(session, mail, "bounce of a mail that is not ours")
        now, status = self._clock(), bounce.status
        outcome = MailOutcome.BOUNCE if bounce.failed else MailOutcome.LATE
        audit.note(
            session, delivery.address, f"mail.{outcome.value}", delivery.subject, now=now,
            status=status,
        )  # fmt: skip
        if bounce.failed:
            mails.mark_bad(session, Address.mailbox(delivery.address), status, now=now)
            if outbox.mark_bounced(session, delivery.key, f"bounced {status}".strip(), now=now):
                self._on_bounced(session, delivery, now)
        return outcome

    def _ignore(self, session: Session, mail: Incoming, reason: str) -> MailOutcome:
        audit.note(
            session,
            f"email:{mail.sender}",
            "mail.ignored",
            mail.message_id,
            now=self._clock(),
            reason=reason,
        )
        return MailOutcome.IGNORED

    def _unusable(self, mail: Incoming) -> str:
        """Why a mail cannot be answered, or nothing."""
        if not mail.sender:
            return "no single sender"
        return "our own" if mail.sender in self._options.own else ""

    def _delivery(self, session: Session, message_ids: tuple[str, ...]) -> Delivery | None:
        """The first delivery whose signed Message-ID is among these."""
        for message_id in message_ids:
            key = signed_key(self._options.secret, message_id)
            delivery = outbox.by_key(session, key) if key else None
            if delivery is not None:
                return delivery
        return None


def _ceiling(session: Session, said: _Said) -> Tlp:
    """The most that this mailbox may be told: what commands themselves keep to."""
    own = said.person.facilities() if said.person else set()
    ceilings = [subscriptions.ceiling_of(session, said.place, each) for each in own]
    return max(ceilings, default=Tlp.CLEAR)
