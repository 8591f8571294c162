"""An alert: one advisory that concerns one facility, and what its people read of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.domain.facility import AssetCategory
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
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


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
    READ = "read"  # consigne reçue ("FAIT", "REÇU", "RÉPONDU")


@dataclass(frozen=True, slots=True)
class AssetLine:
    """One piece of equipment in an alert."""

    name: str
    product: str
    version: str  # empty when the inventory has none
    category: AssetCategory
    location: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """The words that decided: ``quote`` is the publisher's, ``reason`` a code."""

    reason: str
    quote: str
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """What an inventory can and cannot tell. ``uploaded_on`` is None without inventory."""

    total: int = 0
    assessed: int = 0
    without_version: int = 0
    unrecognised: int = 0
    uploaded_on: date | None = None


@dataclass(frozen=True, slots=True)
class AlertView:
    """Everything a template may say of an alert.

    ``affected`` and ``to_check`` are complete; templates show at most twenty, then a count.
    ``target`` is the version to reach, or empty. ``previous`` says what a revision changed.
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
    urgency_reasons: tuple[str, ...] = ()  # "exploited", "alerte", "exposed", "biomedical", "eol"
    exploited: bool = False
    exercise: bool = False
    pap: Pap | None = None
    functions: tuple[str, ...] = ()  # for bulletins aimed at functions
    coverage: Coverage = Coverage()
    next_step: datetime | None = None  # when the reminder goes, in the facility's zone
    change: str = ""  # what changed since the last message, for a revision
    language: str = "fr"
