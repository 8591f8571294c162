"""A declared incident: what is asked of the declarant, what is kept, where it is announced.

Tocsin warns and keeps the time-line; the declaration on the national portal is filed by a
named person (article D1111-16-3 of the Code de la santé publique).
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.facility import FinessError, check_finess
from bot.domain.message import ChannelName
from bot.domain.people import DECLARING, Person
from bot.domain.reference import (
    ALERT,
    INCIDENT,
    UnreadableReferenceError,
    combine,
    series,
    split,
)
from bot.domain.views import CareImpact

LONGEST = 3_000  # characters somebody may write at once: what a Slack field takes


class IncidentState(StrEnum):
    """Where an incident stands. A closed one is never offered again to a declarant."""

    OPEN = "open"
    CONTAINED = "contained"
    CLOSED = "closed"


class Happening(StrEnum):
    """What a line of the time-line tells; its ``text`` is given here."""

    DECLARED = "declared"  # what is happening, in the declarant's words
    CARE = "care"  # a value of CareImpact
    STATE = "state"  # a value of IncidentState
    NOTE = "note"  # somebody's words
    ROOM = "room"  # nothing: the private room is open
    NOT_INVITED = "not-invited"  # the accounts that could not be asked in
    AUTHORITY = "authority"  # nothing: its SSI mailbox took the message
    CERT = "cert"  # the same, for CERT Santé
    FAILED = "failed"  # "room", "authority" or "cert": it was refused, or given up


class NotDeclaringError(PermissionError):
    """The person holds no role that declares at this facility."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What somebody declares. ``another``: even though one is open already; ``alert``: the
    reference of the alert that led to it (``ALR-2026-0412``)."""

    facility_id: int
    what: str
    care: CareImpact = CareImpact.UNKNOWN
    exercise: bool = False
    another: bool = False
    alert: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """A declared incident. ``room`` is empty until its private room is open."""

    id: uuid.UUID
    reference: str  # INC-2026-0007
    facility_id: int
    number: int  # 1 is the facility's first
    state: IncidentState
    exercise: bool
    what: str
    care: CareImpact
    declared_by: uuid.UUID
    declared_at: datetime
    room: str = ""
    alert: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a time-line: appended, never changed. ``author`` is empty for Tocsin."""

    at: datetime
    kind: Happening
    text: str
    author: str = ""


@dataclass(frozen=True, slots=True)
class IncidentRouting:
    """Where incidents are announced: configuration, never guessed.

    Args:
        cert_mailbox: SSI mailbox of CERT Santé; empty: nobody is written to, and the
            declarant is told so.
        authority_mailboxes: SSI mailboxes by code of authority.
        room: the channel on which a private room is opened; None: none is.
    """

    cert_mailbox: str = ""
    authority_mailboxes: Mapping[str, str] = field(default_factory=dict)
    room: ChannelName | None = None
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class Written:
    """A declaration as typed after the command; what was not given is empty."""

    what: str
    exercise: bool = False
    another: bool = False
    finess: str = ""
    alert: str = ""


EXERCISE_WORDS = frozenset({"exercice", "exercise"})
ANOTHER_WORDS = frozenset({"nouveau", "nouvel", "nouvelle", "new"})


def read_declaration(text: str) -> Written:
    """Read « exercice nouveau 590999017 ALR-2026-0412 ce qui se passe »: the words before
    the text, each optional, in any order.

    The surprising case: they count only at the beginning. « le nouveau serveur » is a text.
    """
    exercise = another = False
    finess = alert = ""
    rest = text.strip()
    while rest:
        word, _, after = rest.partition(" ")
        bare = _folded(word.strip(":,–—-"))
        if bare in EXERCISE_WORDS and not exercise:
            exercise = True
        elif bare in ANOTHER_WORDS and not another:
            another = True
        elif not finess and (number := _finess(word)):
            finess = number
        elif not alert and (reference := _alert(word)):
            alert = reference
        else:
            break
        rest = after.lstrip(" :,–—-\n")
    return Written(bounded(rest), exercise, another, finess, alert)


STATE_WORDS = {
    "contenu": IncidentState.CONTAINED,
    "contained": IncidentState.CONTAINED,
    "clos": IncidentState.CLOSED,
    "cloture": IncidentState.CLOSED,
    "closed": IncidentState.CLOSED,
    "rouvert": IncidentState.OPEN,
    "reopened": IncidentState.OPEN,
}


def read_state(text: str) -> IncidentState | None:
    """The state that ``text`` says when it says nothing else: « contenu », « clos »."""
    return STATE_WORDS.get(_folded(text.strip(" .!")))


def may_declare(person: Person, facility_id: int) -> bool:
    """Whether one of the person's roles declares for that facility."""
    return facility_id in person.facilities(DECLARING)


def incident_series(year: int) -> str:
    """The series that references of that year are numbered in: ``INC-2026``."""
    return series(INCIDENT, year)


def bounded(text: str) -> str:
    """``text`` without control characters, cut where it is longer than people may write."""
    kept = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"})
    kept = kept.strip()
    return kept if len(kept) <= LONGEST else kept[: LONGEST - 1] + "…"


def _finess(word: str) -> str:
    try:
        return check_finess(word)
    except FinessError:
        return ""


def _alert(word: str) -> str:
    try:
        found = split(word.strip(":,"))
    except UnreadableReferenceError:
        return ""
    return combine(found) if found[0].startswith(ALERT) else ""


def _folded(word: str) -> str:
    """Lower case without accents."""
    spread = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in spread if not unicodedata.combining(c))
