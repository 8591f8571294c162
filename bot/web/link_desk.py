"""What the link of a mail shows and does, inside a transaction of the caller's.

A link stands for one message to one mailbox. Whoever has it may read what the page shows and
answer once in the name of that mailbox: so the page shows little, and says who answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.commands.alertes import written
from bot.commands.base import CommandBook, Invocation
from bot.domain.alert import AnswerKind
from bot.domain.campaign import CampaignState
from bot.domain.delivery import Address
from bot.domain.lots import BY_LOT
from bot.domain.marking import SUBJECT_CEILING
from bot.domain.message import Choice
from bot.domain.people import Person
from bot.domain.reference import CAMPAIGN
from bot.domain.views import AnswerPageView, GivenAnswer, LinkAnswer, LinkProblem, LinkState
from bot.render import Renderer
from bot.render.words import Words
from bot.store import (
    Session,
    advisories,
    alerts,
    audit,
    campaigns,
    facilities,
    links,
    lots,
    outbox,
    people,
    recipients,
)
from bot.store.alerts import OPEN_STATES, Alert
from bot.store.links import LinkUse
from bot.store.outbox import Delivery
from feeds.advisory import Pap, Tlp

ALL_LOTS = ""
DETAILS = {
    AnswerKind.PLANNED: "day",
    AnswerKind.NOT_CONCERNED: "note",
    AnswerKind.MITIGATED: "note",
}
URGENT = frozenset({AnswerKind.COMPROMISED, AnswerKind.REPLIED})
LONGEST_NOTE = 500  # characters
PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was sent: the answer's code, and what came with it."""

    code: str
    day: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Behind:
    """What stands behind a link."""

    delivery: Delivery
    mailbox: Address
    until: datetime
    person: Person | None
    mine: tuple[Alert, ...]  # of the alerts it is about, those its mailbox answers for


class LinkDesk:
    """Shows and records. ``life``: how long a link answers after its mail was written."""

    def __init__(
        self, book: CommandBook, renderer: Renderer, *, secret: bytes, life: timedelta
    ) -> None:
        self.secret = secret
        self._book = book
        self._renderer = renderer
        self._life = life

    def look(self, session: Session, key: str, *, now: datetime) -> AnswerPageView | None:
        """What the page shows; None when no mail had such a link. Changes nothing."""
        behind = self._behind(session, key)
        return self._view(session, behind, now) if behind else None

    def answer(
        self, session: Session, key: str, filled: Filled, *, now: datetime
    ) -> AnswerPageView | None:
        """Record an answer, once; the page then says what was recorded, or what is wrong."""
        behind = self._behind(session, key)
        if behind is None:
            return None
        view = self._view(session, behind, now)
        offered = {each.code: each for each in view.answers}.get(filled.code)
        if view.state is not LinkState.OPEN or offered is None:
            return view
        detail = _detail(offered, filled)
        if detail is None:
            problem = LinkProblem.DAY if offered.detail == "day" else LinkProblem.NOTE
            return replace(view, problem=problem)
        answer = f"{filled.code} {detail}" if offered.detail == "day" else filled.code
        taken = links.take(session, behind.delivery.id, [ALL_LOTS], answer, now=now)
        if not taken:
            return self._view(session, behind, now)
        said = self._dispatch(session, behind, f"{filled.code} {detail}", now)
        if not _recorded(session, behind, now):
            links.give_back(session, behind.delivery.id, taken)
            return replace(view, problem=LinkProblem.REFUSED, said=said)
        mailbox = f"email:{behind.mailbox.address}"
        audit.note(session, mailbox, "link.answered", behind.delivery.subject, now=now)
        return self._view(session, behind, now)

    def _dispatch(self, session: Session, behind: _Behind, args: str, now: datetime) -> str:
        """Answer as a mail from the mailbox would; return the words of the reply."""
        language = behind.delivery.message.language
        phrase = self._renderer.words(language).phrases["by_link"]
        how = phrase.format(mailbox=behind.mailbox.address)
        invocation = Invocation(
            sender=behind.mailbox,
            place=behind.mailbox,
            name="répondre",
            args=f"{args} ({how})",
            thread=behind.delivery.receipt,
            subject=_offered_subject(behind, args.partition(" ")[0]),
            language=language,
        )
        return self._book.dispatch(session, invocation, now=now).text

    def _behind(self, session: Session, key: str) -> _Behind | None:
        delivery = outbox.by_key(session, key)
        if delivery is None or not delivery.message.link:
            return None
        mailbox = Address.mailbox(delivery.address)
        person = people.identified(session, mailbox)
        found = [alerts.by_reference(session, each) for each in written(delivery.subject)]
        own = person.facilities() if person else set()
        mine = tuple(alert for alert in found if alert and alert.facility_id in own)
        return _Behind(delivery, mailbox, delivery.created_at + self._life, person, mine)

    def _view(self, session: Session, behind: _Behind, now: datetime) -> AnswerPageView:
        delivery, language = behind.delivery, behind.delivery.message.language
        words = self._renderer.words(language)
        zone = _zone(session, behind)
        shown = AnswerPageView(
            state=LinkState.OPEN,
            reference=delivery.subject,
            mailbox=delivery.address,
            until=behind.until.astimezone(zone),
            exercise=False,
            language=language,
        )
        used = links.uses(session, delivery.id)
        if used:
            given = tuple(_given(each, delivery.message.choices, zone) for each in used)
            urgent = next((each.code for each in used if each.code in URGENT), "")
            return replace(shown, state=LinkState.USED, given=given, urgent=urgent)
        told = facilities.terms(session, [behind.mailbox]).get(behind.mailbox)
        if now >= behind.until or told is None or not told.links:
            return replace(shown, state=LinkState.EXPIRED)
        if delivery.subject.upper().startswith(CAMPAIGN):
            return _with_campaign(session, shown, behind)
        return _with_alerts(session, shown, behind, words, zone)


def _with_campaign(session: Session, shown: AnswerPageView, behind: _Behind) -> AnswerPageView:
    """What the page says of a campaign, if its marking lets it."""
    campaign = campaigns.by_reference(session, shown.reference)
    if campaign is None or campaign.state is CampaignState.CANCELLED:
        return replace(shown, state=LinkState.OVER)
    own = sorted(behind.person.facilities()) if behind.person else []
    if not recipients.among(session, campaign.id, own):
        return replace(shown, state=LinkState.DENIED)
    open_ = campaign.text.tlp <= SUBJECT_CEILING
    return replace(
        shown,
        title=campaign.text.title if open_ else "",
        source=campaign.authority_name if open_ else "",
        marking=campaign.text.tlp if open_ else Tlp.CLEAR,
        answers=_offers(behind.delivery.message.choices),
        exercise=campaign.text.exercise,
    )


def _with_alerts(
    session: Session, shown: AnswerPageView, behind: _Behind, words: Words, zone: ZoneInfo
) -> AnswerPageView:
    """What the page says of an alert: the bulletin's name, if its marking lets it, and what
    was answered by other ways."""
    if not behind.mine:
        return replace(shown, state=LinkState.DENIED)
    if all(alert.state not in OPEN_STATES for alert in behind.mine):
        shown = replace(shown, state=LinkState.OVER)
    (revision,) = advisories.by_ids(session, [behind.mine[0].revision_id])
    advisory = revision.advisory
    open_ = advisory.tlp <= SUBJECT_CEILING and (advisory.pap or Pap.CLEAR) <= Pap.GREEN
    latest = {
        (alert.id, each.category): GivenAnswer(
            words.answers[each.kind]["label"].rstrip("…"),
            each.at.astimezone(zone),
            words.categories[each.category.value][1],
            each.due,
        )
        for alert in behind.mine
        for each in lots.answers(session, alert.id)
    }
    return replace(
        shown,
        title=advisory.title if open_ else "",
        source=advisory.reference if open_ else "",
        marking=advisory.tlp if open_ else Tlp.CLEAR,
        answers=_offers(behind.delivery.message.choices),
        before=tuple(dict.fromkeys(latest.values())),
    )


def _offers(choices: tuple[Choice, ...]) -> tuple[LinkAnswer, ...]:
    """The answers of the mail, by the code in their value."""
    offers = []
    for choice in choices:
        code = _code(choice)
        if code == BY_LOT:
            continue
        detail = DETAILS[AnswerKind(code)] if code in DETAILS else ""
        offers.append(LinkAnswer(code, choice.label.rstrip("…"), detail, choice.style))
    return tuple(offers)


def _offered_subject(behind: _Behind, code: str) -> str:
    """What the answer was offered for: the lots that this mailbox was told of, when limited."""
    for choice in behind.delivery.message.choices:
        if _code(choice) == code:
            return choice.value.rpartition(":")[0]
    return behind.delivery.subject


def _code(choice: Choice) -> str:
    return choice.value.rpartition(":")[2]


def _detail(offered: LinkAnswer, filled: Filled) -> str | None:
    """What goes after the answer; None when something asked for is lacking."""
    if offered.detail == "day":
        try:
            return date.fromisoformat(filled.day).isoformat()
        except ValueError:
            return None
    note = " ".join(filled.note.split())[:LONGEST_NOTE]
    return None if offered.detail == "note" and not note else note


def _given(use: LinkUse, choices: tuple[Choice, ...], zone: ZoneInfo) -> GivenAnswer:
    label = next((each.label for each in choices if _code(each) == use.code), use.code)
    return GivenAnswer(label.rstrip("…"), use.used_at.astimezone(zone), due=use.due)


def _zone(session: Session, behind: _Behind) -> ZoneInfo:
    """Where the people of the mailbox read the time."""
    owner = behind.delivery.facility_id
    known = facilities.by_ids(session, [owner] if owner is not None else [])
    return ZoneInfo(known[owner].time_zone) if owner is not None and owner in known else PARIS


def _recorded(session: Session, behind: _Behind, now: datetime) -> bool:
    """Whether an answer was written in this transaction."""
    if behind.delivery.subject.upper().startswith(CAMPAIGN):
        campaign = campaigns.by_reference(session, behind.delivery.subject)
        person = behind.person
        if campaign is None or person is None:
            return False
        return recipients.last_answered(session, campaign.id, person.id) == now
    given = [each for alert in behind.mine for each in lots.answers(session, alert.id)]
    return any(each.at >= now for each in given)  # put after another of the same instant
