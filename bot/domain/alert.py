"""An alert: one advisory that concerns one facility, and what its people read of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from bot.domain.facility import AssetCategory
from bot.domain.question import VERSION_REASONS
from bot.domain.reason import Reason, ReasonCode
from bot.domain.scope import NO_CHANGE, Change
from feeds.advisory import AdvisoryKind, Pap, Reference, Tlp


class Urgency(StrEnum):
    """How soon people are told: at once, or in the digest."""

    IMMEDIATE = "immediate"
    DIGEST = "digest"


class AlertState(StrEnum):
    """Where an alert stands; the answers of each lot say more."""

    OPEN = "open"
    TAKEN = "taken"  # somebody answered "je m'en occupe"
    DONE = "done"
    CLEARED = "cleared"  # no machine is concerned any more: proposed as fixed
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"  # by its publisher
    CLOSED = "closed"  # an alerte its publisher ended

    @classmethod
    def of_lots(cls, lots: Iterable[str]) -> AlertState:
        """The state of the whole from that of each lot: ``open``, ``cleared`` or an answer's kind.

        One lot without an answer keeps the alert open, whatever the others said.
        """
        states = list(lots)
        if not states or LOT_OPEN in states or AnswerKind.UNKNOWN in states:
            return cls.OPEN
        return cls.DONE if all(state in CLOSED_LOT for state in states) else cls.TAKEN


class AnswerKind(StrEnum):
    """What a person may answer, per lot."""

    TAKEN = "taken"  # je m'en occupe
    PLANNED = "planned"  # planifié (date)
    FIXED = "fixed"  # corrigé
    NOT_CONCERNED = "not_concerned"  # pas concerné (motif)
    MITIGATED = "mitigated"  # non corrigeable, mesures compensatoires
    FORWARDED = "forwarded"  # en attente éditeur / prestataire
    UNKNOWN = "unknown"  # je ne sais pas
    SEARCHED_CLEAN = "searched_clean"  # compromission recherchée : rien
    COMPROMISED = "compromised"  # compromission trouvée : déclarer
    READ = "read"  # FAIT : la consigne est lue et passée
    RECEIVED = "received"  # REÇU : la fraude est arrivée ici, personne n'y a répondu
    REPLIED = "replied"  # RÉPONDU : quelqu'un y a répondu, il faut l'aider
    REOPENED = "reopened"  # rouvrir : ce qui a été répondu ne vaut plus


CLOSING_ANSWERS = frozenset(
    {
        AnswerKind.FIXED,
        AnswerKind.NOT_CONCERNED,
        AnswerKind.MITIGATED,
        AnswerKind.READ,
        AnswerKind.RECEIVED,
    }
)
LOT_OPEN = "open"
LOT_CLEARED = "cleared"  # its machines are gone, or were upgraded
CLOSED_LOT = frozenset({*CLOSING_ANSWERS, LOT_CLEARED})


@dataclass(frozen=True, slots=True)
class AssetLine:
    """One piece of equipment in an alert."""

    name: str
    product: str
    version: str  # empty when the inventory has none
    category: AssetCategory
    location: str = ""
    quantity: int = 1  # a line may stand for several alike
    facility: str = ""  # whose it is, in a message that speaks of several facilities
    target: str = ""  # the version it is to reach, where the bulletin names one
    doubt: str = ""  # the code of the reason why it is only to be checked


@dataclass(frozen=True, slots=True)
class Why:
    """The words that decided: ``quote`` is the publisher's, ``reason`` a code.

    ``named`` is the publisher's product where ``quote`` only holds its versions, as CSAF
    gives them; an empty quote is then every version.
    """

    reason: str
    quote: str
    products: tuple[str, ...] = ()
    named: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What an inventory can and cannot tell. ``uploaded_on`` is None without inventory."""

    total: int = 0
    assessed: int = 0
    without_version: int = 0
    unrecognised: int = 0
    uploaded_on: date | None = None


@dataclass(frozen=True, slots=True)
class LotView:
    """How one lot of an alert stands: ``state`` is ``open``, ``cleared`` or an answer's code.

    ``person`` answered last, on ``at`` (aware); ``note`` and ``due`` are of that answer.
    """

    category: AssetCategory
    state: str
    person: str = ""
    at: datetime | None = None
    note: str = ""
    due: date | None = None

    @property
    def waits(self) -> bool:
        """Whether something remains to be done for this lot."""
        return self.state not in CLOSED_LOT


@dataclass(frozen=True, slots=True)
class AlertView:
    """Everything a template may say of an alert.

    ``affected`` and ``to_check`` are complete; templates show at most twenty, then a count.
    ``target`` is the version to reach, or empty.
    """

    reference: str  # ALR-2026-0412
    facility: str
    finess: str
    publisher: str
    advisory: str  # CERTFR-2026-AVI-0123
    kind: AdvisoryKind
    title: str
    url: str
    summary: str
    tlp: Tlp  # the bulletin's; the message's marking may be higher
    published_at: datetime
    product: str = ""  # "Citrix NetScaler": headline, empty for a bulletin without product
    target: str = ""
    affected: tuple[AssetLine, ...] = ()
    to_check: tuple[AssetLine, ...] = ()
    why: tuple[Why, ...] = ()
    advice: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    urgency_reasons: tuple[Reason, ...] = ()  # what matters most first
    exploited: bool = False
    exercise: bool = False
    pap: Pap | None = None
    functions: tuple[str, ...] = ()  # for bulletins aimed at functions
    coverage: Coverage = Coverage()
    next_step: datetime | None = None  # when the reminder goes, in the facility's zone
    next_contact: str = ""  # role told after the reminder: "suppleant", "direction"
    reminder: int = 0  # how many times it was said before without an answer
    revised: bool = False  # this facility was told before, and something changed for it
    change: Change = NO_CHANGE  # what is worse than when the facility was last told
    lots: tuple[LotView, ...] = ()  # how each stands, where that is told
    only: tuple[AssetCategory, ...] = ()  # the lots this destination is told of; empty: all
    language: str = "fr"

    @property
    def names_machines(self) -> bool:
        """Whether the message names pieces of equipment."""
        return bool(self.affected or self.to_check)

    @property
    def other_products(self) -> int:
        """How many products it is about beside the one that the headline names."""
        names = {line.product for line in self.affected or self.to_check}
        return len(names - {self.product})

    @property
    def why_affected(self) -> tuple[Why, ...]:
        """The words that decided of what is concerned for sure."""
        sure = {line.product for line in self.affected}
        return tuple(why for why in self.why if not why.products or sure & set(why.products))

    @property
    def why_to_check(self) -> tuple[Why, ...]:
        """The words that decided of nothing but what is to be checked."""
        return tuple(why for why in self.why if why not in self.why_affected)

    @property
    def asks_version(self) -> bool:
        """Whether the version of a machine would decide: an answer gives it."""
        return any(not line.version or line.doubt in VERSION_REASONS for line in self.to_check)

    @property
    def goals(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The versions that each product is to reach, where several are to reach different ones.

        Empty when one ``target`` says it all.
        """
        found: dict[str, dict[str, None]] = {}
        for line in self.affected:
            found.setdefault(line.product, {})[line.target] = None
        asked = {tuple(targets) for targets in found.values()}
        if len(asked) < 2 or asked == {("",)}:
            return ()
        said = [(name, tuple(filter(None, targets))) for name, targets in found.items()]
        return tuple(sorted(said, key=lambda goal: not goal[1]))  # those that have one first

    @property
    def about_functions(self) -> bool:
        """A bulletin aimed at people and places: no product, no equipment, plain words.

        Any other tells what the facility runs, if only a product it declared: its marking
        is raised as if it named machines.
        """
        return not (self.product or self.names_machines)

    @property
    def categories(self) -> tuple[AssetCategory, ...]:
        """The lots this view speaks of, each once."""
        lines = (*self.affected, *self.to_check)
        return tuple(dict.fromkeys(line.category for line in lines)) or (AssetCategory.GENERAL,)

    def of_lots(self, lots: Collection[AssetCategory]) -> Self:
        """What somebody who answers for these lots reads: no machine of another team.

        Unchanged when there is nothing else in it.
        """
        if set(self.categories) <= set(lots):
            return self
        affected = tuple(line for line in self.affected if line.category in lots)
        to_check = tuple(line for line in self.to_check if line.category in lots)
        names = [line.product for line in affected or to_check]
        kept = {line.product for line in (*affected, *to_check)}
        return dataclasses.replace(
            self,
            product=max(dict.fromkeys(names), key=names.count) if names else self.product,
            affected=affected,
            to_check=to_check,
            why=tuple(why for why in self.why if not why.products or kept & set(why.products)),
            urgency_reasons=tuple(
                reason
                for reason in self.urgency_reasons
                if reason.code is not ReasonCode.BIOMEDICAL or AssetCategory.BIOMEDICAL in lots
            ),
            lots=tuple(lot for lot in self.lots if lot.category in lots),
            only=tuple(category for category in self.categories if category in lots),
        )
