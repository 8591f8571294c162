"""What a campaign and an incident say to people: everything their templates may name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from feeds.advisory import Pap, Tlp


class CareImpact(StrEnum):
    """Is care affected? What a declarant may say; unknown counts as potential."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class IncidentReader(StrEnum):
    """Who reads of an incident: the facility's own room, or an authority's SSI mailbox."""

    ROOM = "room"
    AUTHORITY = "authority"
    CERT = "cert"


@dataclass(frozen=True, slots=True)
class OfferedAnswer:
    """An answer that a campaign's author offers; ``value`` comes back unchanged."""

    word: str  # FAIT
    label: str  # "La consigne est affichée près du fax"
    value: str  # CMP-2026-0003:read


@dataclass(frozen=True, slots=True)
class CampaignView:
    """An awareness campaign as one destination receives it.

    ``body`` is the author's Markdown: foreign text, rendered without HTML. ``reminder`` is
    0 for the first message, then 1, 2… Without ``answers`` nothing is asked.
    """

    reference: str
    authority: str  # name of the authority that speaks
    title: str
    body: str
    tlp: Tlp = Tlp.CLEAR
    answer_by: date | None = None
    answers: tuple[OfferedAnswer, ...] = ()
    reminder: int = 0
    exercise: bool = False
    language: str = "fr"


class LinkState(StrEnum):
    """What the page behind a mail's link says."""

    OPEN = "open"
    USED = "used"  # answered by this link: it shows what was recorded
    EXPIRED = "expired"  # too old, or the destination wants no links any more
    OVER = "over"  # the alert or the campaign ended
    DENIED = "denied"  # the mailbox answers for this facility no more


class LinkProblem(StrEnum):
    """Why a form was not taken."""

    FORM = "form"  # shown too long ago, or not by us
    DAY = "day"  # no day, or none that can be meant
    NOTE = "note"  # a reason is asked and none was given
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer that was recorded; ``at`` is in the facility's zone. No name, no remark:
    whoever has the link reads this."""

    label: str
    at: datetime
    lot: str = ""  # in words; empty for all
    due: date | None = None  # the day that was promised


@dataclass(frozen=True, slots=True)
class LinkAnswer:
    """An answer that the page offers; ``detail`` is what must come with it: "", "day" or
    "note"."""

    code: str
    label: str
    detail: str = ""
    style: str = ""  # "", "primary" or "danger"


@dataclass(frozen=True, slots=True)
class AnswerPageView:
    """What the page behind a mail's link may show: anybody might have the link.

    Nothing above GREEN, no facility, no machine. ``title`` and ``source`` are empty when the
    bulletin is above it. ``mailbox`` is where the link was sent: who answers by it.
    """

    state: LinkState
    reference: str
    mailbox: str
    until: datetime
    title: str = ""
    source: str = ""
    marking: Tlp = Tlp.CLEAR
    answers: tuple[LinkAnswer, ...] = ()
    given: tuple[GivenAnswer, ...] = ()  # by this link
    before: tuple[GivenAnswer, ...] = ()  # by other ways, the latest of each lot
    lots: tuple[tuple[str, str], ...] = ()  # code and name of those that wait, if several
    lot: str = ""  # the one that was chosen; empty: all of them
    urgent: str = ""  # the code of an answer after which people must act at once
    problem: LinkProblem | None = None
    said: str = ""  # what a command replied when it refused
    exercise: bool = False
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of an incident's time-line; ``at`` is aware.

    ``kind`` is a value of ``bot.domain.incident.Happening``: it says how ``text`` is read.
    """

    at: datetime
    text: str
    author: str = ""
    kind: str = "note"


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident as one destination reads of it.

    Dates are aware and in the facility's zone; where that zone is not Paris, templates show
    Paris time too. ``summary`` and ``timeline`` are people's words, hostile like any.
    ``qualification`` is a suggestion ("grave", "significatif"), empty when there is none.
    ``pending`` says, in codes ("room", "authority", "cert"), what could not be done yet;
    ``by_hand`` what Tocsin cannot do: no address is configured, or it was given up.
    """

    reference: str  # INC-2026-0007
    facility: str
    finess: str
    summary: str
    opened_at: datetime
    care: CareImpact = CareImpact.UNKNOWN
    reader: IncidentReader = IncidentReader.ROOM
    declarant: str = ""  # name, or role when the name is not known
    declarant_function: str = ""
    callback: str = ""  # how to reach the declarant, when the chat is lost
    authority: str = ""
    number: str = ""  # given back by the national portal once a person has filed it
    nature: str = ""
    qualification: str = ""
    state: str = "open"  # open, contained, closed
    timeline: tuple[TimelineEntry, ...] = ()
    pending: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    alert: str = ""  # ALR-… when it was declared from an alert
    tlp: Tlp = Tlp.AMBER
    pap: Pap | None = None
    exercise: bool = False
    language: str = "fr"
