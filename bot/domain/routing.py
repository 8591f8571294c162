"""Who is told of what, where, and how soon. Attention is the budget."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.alert import Urgency
from bot.domain.delivery import Address
from bot.domain.facility import AssetCategory, Facility, FacilityKind
from bot.domain.quiet import QuietHours
from feeds.advisory import Audience, Pap, Tlp


class Rhythm(StrEnum):
    """How often a destination wants to be told of what can wait.

    What is urgent goes at once whatever the rhythm.
    """

    IMMEDIATE = "immediate"  # every alert at once
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


EVERY: frozenset[AssetCategory] = frozenset()  # lots of a destination that is not limited
SMALL = frozenset(
    {
        FacilityKind.EHPAD,
        FacilityKind.ESMS,
        FacilityKind.CLINIQUE,
        FacilityKind.HAD,
        FacilityKind.SSR,
        FacilityKind.LABO,
        FacilityKind.AUTRE,
    }
)


def usual_rhythm(kind: FacilityKind) -> Rhythm:
    """How often a facility of this kind is told of what can wait, unless it says otherwise.

    A small one has nobody whose work this is: one page a month is read, one a week is not.
    """
    return Rhythm.MONTHLY if kind in SMALL else Rhythm.WEEKLY


@dataclass(frozen=True, slots=True)
class Subscription:
    """A destination of a facility, under the lowest terms that its address was ever given.

    ``digested_at``: what opened since is not told yet. ``lots`` are those it is limited to;
    empty for all. ``quiet``: its own quiet hours; None: those of the configuration.
    ``links``: mails may hold a link by which one answers.
    """

    id: int
    facility_id: int
    to: Address
    ceiling: Tlp
    rhythm: Rhythm
    language: str
    digested_at: datetime
    lots: frozenset[AssetCategory] = frozenset()
    quiet: QuietHours | None = None
    pap: Pap = Pap.CLEAR
    links: bool = False

    @property
    def terms(self) -> Terms:
        """What its address may receive."""
        return Terms(self.ceiling, self.pap, self.links)


FRENCH = "fr"
CONTACT_PAP = Pap.GREEN  # of a mailbox that nobody subscribed


@dataclass(frozen=True, slots=True)
class Terms:
    """The most that an address may receive, whichever facility it is about.

    An address is read by the same people whatever is told there: when it is subscribed
    several times, the lowest of each wins.
    """

    ceiling: Tlp
    pap: Pap
    links: bool = False


def contact_terms(ceiling: Tlp, subscribed: Terms | None) -> Terms:
    """What a contact's mailbox may receive: never more than where it is subscribed, if it is."""
    if subscribed is None:
        return Terms(ceiling, CONTACT_PAP)
    return Terms(min(ceiling, subscribed.ceiling), min(CONTACT_PAP, subscribed.pap))


def told_at_once(rhythm: Rhythm, soon: Urgency) -> bool:
    """Whether a destination of this rhythm gets the alert now rather than in a digest."""
    return soon is Urgency.IMMEDIATE or rhythm is Rhythm.IMMEDIATE


def language_of(subscriptions: Iterable[Subscription]) -> str:
    """The language of a facility, for the people that no subscription is for: the one that
    most of its destinations read; French when as many read each, or when it has none."""
    read = Counter(each.language for each in subscriptions)
    return max(read, key=lambda language: (read[language], language == FRENCH), default=FRENCH)


def one_per_address(subscriptions: Iterable[Subscription]) -> list[Subscription]:
    """Each address once, in a stable order; the lowest ceiling and language of the first win.

    An address that is subscribed twice must never receive more than its strictest
    subscription allows; it is told of the lots of both.
    """
    kept: dict[Address, Subscription] = {}
    for subscription in sorted(subscriptions, key=lambda s: (s.ceiling, s.id)):
        first = kept.setdefault(subscription.to, subscription)
        if first is not subscription:
            both = first.lots | subscription.lots if first.lots and subscription.lots else EVERY
            kept[subscription.to] = dataclasses.replace(first, lots=both)
    return sorted(kept.values(), key=lambda s: s.to.address)


def by_lot(
    subscriptions: Iterable[Subscription], lots: Collection[AssetCategory]
) -> list[tuple[Subscription, frozenset[AssetCategory]]]:
    """Who is told of which of these lots, each address once; who is told of none is left out.

    A destination limited to some lots is told of those only. The surprising case: a lot
    that no destination asks for goes to those that are not limited, and to all when every
    one is: nothing is told to nobody because of a limit.
    """
    once = one_per_address(subscriptions)
    wanted = frozenset(lots)
    asked = frozenset[AssetCategory]().union(*(each.lots or wanted for each in once))
    told = [(each, wanted & (each.lots or wanted) | (wanted - asked)) for each in once]
    return [(each, some) for each, some in told if some]


def widened(subscriptions: Iterable[Subscription]) -> list[Subscription]:
    """Each address once, its limit widened to the lots that no other destination asks for."""
    every = frozenset(AssetCategory)
    return [
        dataclasses.replace(each, lots=EVERY if some == every else some)
        for each, some in by_lot(subscriptions, every)
    ]


def is_for(audience: Audience, facility: Facility) -> bool:
    """Whether a bulletin that names no product is aimed at this facility.

    A facility that has not said which functions it has is concerned by all of them:
    silence must not make it look safe.
    """
    if audience.sectors and "healthcare" not in audience.sectors:
        return False
    if audience.facility_kinds and facility.kind.value not in audience.facility_kinds:
        return False
    if not audience.functions or not facility.functions:
        return True
    return bool(set(audience.functions) & {function.value for function in facility.functions})
