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
from bot.domain.facility import AssetCategory
from bot.domain.lots import BY_LOT, CODES, Lots, split_lots, with_lots
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
    subscriptions,
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
    lot: str = ""  # its code; empty: all that wait


@dataclass(frozen=True, slots=True)
class _Behind:
    """What stands behind a link."""

    delivery: Delivery
    mailbox: Address
    until: datetime
    person: Person | None
    mine: tuple[Alert, ...]  # of the alerts it is about, those its mailbox answers for
    lots: tuple[AssetCategory, ...]  # those it was told of, when they are several
    used: tuple[LinkUse, ...]

    @property
    def waiting(self) -> list[AssetCategory]:
        """The lots this link has not answered for yet."""
        done = {use.lot for use in self.used}
        return [] if ALL_LOTS in done else [lot for lot in self.lots if _lot(lot) not in done]

    @property
    def is_used(self) -> bool:
        """Whether it has answered for everything."""
        return bool(self.used) and not self.waiting


class LinkDesk:
    """Shows and records. ``life``: how long a link answers after its mail was written."""

    def __init__(
        self, book: CommandBook, renderer: Renderer, *, secret: bytes, life: timedelta
    ) -> None:
        self.secret = secret
        self._book = book
        self._renderer = renderer
        self._life = life

    def look(
        self, session: Session, key: str, *, now: datetime, lot: str = ""
    ) -> AnswerPageView | None:
        """What the page shows; None when no mail had such a link. Changes nothing."""
        behind = self._behind(session, key)
        return self._view(session, behind, now, lot) if behind else None

    def answer(
        self, session: Session, key: str, filled: Filled, *, now: datetime
    ) -> AnswerPageView | None:
        """Record an answer, once; the page then says what was recorded, or what is wrong."""
        behind = self._behind(session, key)
        if behind is None:
            return None
        view = self._view(session, behind, now, filled.lot)
        offered = {each.code: each for each in view.answers}.get(filled.code)
        if view.state is not LinkState.OPEN or offered is None or view.lot != filled.lot:
            return view  # a form of a part that was answered meanwhile answers for no other
        detail = _detail(offered, filled)
        if detail is None:
            problem = LinkProblem.DAY if offered.detail == "day" else LinkProblem.NOTE
            return replace(view, problem=problem)
        answer = f"{filled.code} {detail}" if offered.detail == "day" else filled.code
        wanted = [view.lot] if view.lot else [code for code, _ in view.lots] or [ALL_LOTS]
        taken = links.take(session, behind.delivery.id, wanted, answer, now=now)
        if not taken:
            return self.look(session, key, now=now)
        said = self._dispatch(session, behind, f"{filled.code} {detail}", taken, now)
        if not _recorded(session, behind, now):
            links.give_back(session, behind.delivery.id, taken)
            return replace(view, problem=LinkProblem.REFUSED, said=said)
        mailbox = f"email:{behind.mailbox.address}"
        audit.note(session, mailbox, "link.answered", behind.delivery.subject, now=now)
        return self.look(session, key, now=now)

    def _dispatch(
        self, session: Session, behind: _Behind, args: str, taken: list[str], now: datetime
    ) -> str:
        """Answer with the rights of a mail from the mailbox, in the name of nobody; return the
        words of the reply."""
        language = behind.delivery.message.language
        phrase = self._renderer.words(language).phrases["by_link"]
        how = phrase.format(mailbox=behind.mailbox.address)
        invocation = Invocation(
            sender=behind.mailbox,
            place=behind.mailbox,
            name="répondre",
            args=f"{args} ({how})",
            thread=behind.delivery.receipt,
            subject=_narrowed(_offered_subject(behind, args.partition(" ")[0]), taken),
            language=language,
            by_link=True,
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
        return _Behind(
            delivery,
            mailbox,
            delivery.created_at + self._life,
            person,
            mine,
            _lots(session, mine, delivery),
            tuple(links.uses(session, delivery.id)),
        )

    def _view(
        self, session: Session, behind: _Behind, now: datetime, lot: str = ""
    ) -> AnswerPageView:
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
        waiting = [(_lot(each), words.categories[each.value][1]) for each in behind.waiting]
        shown = replace(
            shown,
            given=tuple(_given(each, delivery, words, zone) for each in behind.used),
            urgent=next((each.code for each in behind.used if each.code in URGENT), ""),
            lots=tuple(waiting),
            lot=lot if lot in dict(waiting) else "",
        )
        if behind.is_used:
            return replace(shown, state=LinkState.USED)
        told = subscriptions.terms(session, [behind.mailbox]).get(behind.mailbox)
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


def _given(use: LinkUse, delivery: Delivery, words: Words, zone: ZoneInfo) -> GivenAnswer:
    choices = delivery.message.choices
    label = next((each.label for each in choices if _code(each) == use.code), use.code)
    lot = words.categories[CODES[use.lot].value][1] if use.lot in CODES else ""
    return GivenAnswer(label.rstrip("…"), use.used_at.astimezone(zone), lot, use.due)


def _lots(
    session: Session, mine: tuple[Alert, ...], delivery: Delivery
) -> tuple[AssetCategory, ...]:
    """The lots that the mailbox was told of; none when there is nothing to choose."""
    told: Lots = frozenset()
    for choice in delivery.message.choices:
        told |= split_lots(choice.value.rpartition(":")[0])[1]
    parts = lots.of_alerts(session, [alert.id for alert in mine])
    found = dict.fromkeys(lot.category for alert in mine for lot in parts[alert.id])
    kept = tuple(lot for lot in found if not told or lot in told)
    return kept if len(kept) > 1 else ()


def _lot(category: AssetCategory) -> str:
    """The code of a lot, as it is stored and travels."""
    return category.name.lower()


def _narrowed(subject: str, taken: list[str]) -> str:
    """The subject for the lots that were chosen; as it is when there was nothing to choose."""
    chosen = [CODES[code] for code in taken if code in CODES]
    return with_lots(split_lots(subject)[0], chosen) if chosen else subject


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
