"""A town whose mails come and go without a relay."""

from __future__ import annotations

from email.message import EmailMessage

from bot.app import peers
from bot.channels.mail.format import message_id
from bot.chat.mail_desk import MailDesk, MailDeskOptions, MailOutcome
from bot.domain.alert import AnswerKind
from bot.pipeline.mailed import InventoryDesk
from bot.store import Session, alerts, lots, outbox
from bot.store.outbox import Delivery
from tests.acceptance.conftest import Town

SECRET = b"un secret des tests, assez long"
TOCSIN, GUARD = "tocsin@sante.example", "garde@ch-exemple.example"


class Post:
    """A town whose mails come and go without a relay."""

    def __init__(self, town: Town) -> None:
        self.town = town
        options = MailDeskOptions(secret=SECRET, own=frozenset({TOCSIN}))
        self._desk = MailDesk(
            peers.desk(town.application),
            options,
            clock=town.clock,
            inventories=InventoryDesk(town.application.foresight),
        )
        self._written = 0

    def send_due(self) -> list[Delivery]:
        """Let the outbox be delivered; every delivery, latest first."""
        now = self.town.clock()

        def deliver(session: Session) -> None:
            for lease in outbox.lease_due(session, limit=100, now=now):
                receipt = message_id(lease.key, "sante.example", secret=SECRET)
                outbox.mark_delivered(session, lease, receipt, now=now)

        self.town.application.database.call(deliver)
        return self.town.deliveries()

    def take(self, raw: bytes) -> MailOutcome:
        """Hand a mail to the desk, in a transaction."""
        return self.town.application.database.call(self._desk.take, raw)

    def writes(self, text: str, *, to: Delivery | None, sender: str = GUARD) -> MailOutcome:
        """Somebody writes a mail."""
        return self.take(self.mail(text, to=to, sender=sender))

    def mail(self, text: str, *, to: Delivery | None, sender: str = GUARD) -> bytes:
        self._written += 1
        mail = EmailMessage()
        mail["From"], mail["To"] = sender, TOCSIN
        mail["Message-ID"] = f"<{self._written}@ch-exemple.example>"
        if to is not None:
            mail["In-Reply-To"] = to.receipt
        mail.set_content(text)
        return mail.as_bytes()

    def answers(self, reference: str) -> list[AnswerKind]:
        def read(session: Session) -> list[AnswerKind]:
            alert = alerts.by_reference(session, reference)
            assert alert is not None
            return [answer.kind for answer in lots.answers(session, alert.id)]

        return self.town.application.database.call(read)
