"""Awareness campaigns: who may write and approve one, who receives it, when it comes back.

A campaign is an authority's own text. It is not what a STIX ``campaign`` is: that is a
threat actor's.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from bot.domain.facility import Facility, FacilityKind, Function
from bot.domain.people import NATIONAL, Person
from feeds.advisory import Tlp


class CampaignState(StrEnum):
    """``draft → approved → sent``; a draft and an approved one may be ``cancelled``.

    An approved campaign waits for its hour or for its next reminder; a sent one has none
    to come.
    """

    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    CANCELLED = "cancelled"


class Refusal(StrEnum):
    """Why an act on a campaign is refused."""

    UNKNOWN = "unknown"  # no such campaign, or none that this person may know of
    ROLE = "role"  # the person does not speak for the campaign's authority
    AUTHOR = "author"  # nobody approves a text of their own
    AUTHOR_ROLE = "author_role"  # its author speaks for the authority no more
    STATE = "state"  # it is not in the state that the act needs
    NOBODY = "nobody"  # its audience is empty


@dataclass(frozen=True, slots=True)
class CampaignAudience:
    """Criteria that a facility meets all of; an empty one does not restrict.

    ``authorities`` and ``departments`` are codes of ``authorities.toml``; ``finess`` names
    facilities one by one.
    """

    authorities: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    kinds: tuple[FacilityKind, ...] = ()
    functions: tuple[Function, ...] = ()
    finess: tuple[str, ...] = ()

    def includes(self, facility: Facility) -> bool:
        """Whether a facility meets every criterion.

        One that has not said which functions it has is concerned by all of them.
        """
        return (
            _among(facility.authority, self.authorities)
            and _among(facility.department, self.departments)
            and _among(facility.kind, self.kinds)
            and _among(facility.finess, self.finess)
            and (
                not self.functions
                or not facility.functions
                or bool(set(self.functions) & set(facility.functions))
            )
        )

    def to_json(self) -> dict[str, Any]:
        """The criteria as plain JSON values; :meth:`from_json` reads them back."""
        return {
            "authorities": list(self.authorities),
            "departments": list(self.departments),
            "kinds": [kind.value for kind in self.kinds],
            "functions": [function.value for function in self.functions],
            "finess": list(self.finess),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Sequence[str]]) -> Self:
        """Read what :meth:`to_json` wrote."""
        return cls(
            tuple(values["authorities"]),
            tuple(values["departments"]),
            tuple(FacilityKind(kind) for kind in values["kinds"]),
            tuple(Function(function) for function in values["functions"]),
            tuple(values["finess"]),
        )


@dataclass(frozen=True, slots=True)
class CampaignAnswer:
    """An answer that the author offers; ``code`` is how it is stored and travels."""

    word: str  # FAIT
    label: str
    code: str  # read


@dataclass(frozen=True, slots=True)
class CampaignText:
    """What an author writes: the words, for whom, and how silence is followed up.

    ``every_days`` apart, those who have not answered are reminded, at most ``reminders``
    times; 0 days: never.
    """

    title: str
    body: str  # Markdown
    audience: CampaignAudience = CampaignAudience()
    answers: tuple[CampaignAnswer, ...] = ()
    tlp: Tlp = Tlp.CLEAR
    language: str = "fr"
    exercise: bool = False
    every_days: int = 0
    reminders: int = 0


@dataclass(frozen=True, slots=True)
class Campaign:
    """A text, the authority that speaks, and how far it is.

    ``national``: for every facility; otherwise for those of ``authority``, whatever the
    audience says. ``occurrence`` counts the sendings done, the first one included.
    """

    id: uuid.UUID
    reference: str
    authority: str  # code of authorities.toml
    authority_name: str
    national: bool
    text: CampaignText
    author_id: uuid.UUID
    created_at: datetime
    state: CampaignState = CampaignState.DRAFT
    approver_id: uuid.UUID | None = None
    approved_at: datetime | None = None
    next_at: datetime | None = None
    occurrence: int = 0

    def covers(self, facility: Facility) -> bool:
        """Whether a facility is to be told: an ARS speaks to its own region only."""
        mine = self.national or facility.authority == self.authority
        return mine and self.text.audience.includes(facility)


def speaks_for(person: Person, authority: str, *, national: bool) -> bool:
    """Whether a person may write and approve in the name of an authority."""
    if national:
        return any(grant.role in NATIONAL for grant in person.grants)
    return authority in person.authorities()


def may_act(campaign: Campaign, person: Person) -> bool:
    """Whether a person speaks for the authority of a campaign."""
    return speaks_for(person, campaign.authority, national=campaign.national)


def why_not_approve(campaign: Campaign, *, author: Person, approver: Person) -> Refusal | None:
    """Why this approval is refused, or None: two people, both of the authority today."""
    if not may_act(campaign, approver):
        return Refusal.ROLE
    if campaign.state is not CampaignState.DRAFT:
        return Refusal.STATE
    if approver.id == campaign.author_id:
        return Refusal.AUTHOR
    if not may_act(campaign, author):
        return Refusal.AUTHOR_ROLE
    return None


def why_not_cancel(campaign: Campaign, person: Person) -> Refusal | None:
    """Why this cancellation is refused, or None. One person is enough to stop a message."""
    if not may_act(campaign, person):
        return Refusal.ROLE
    if campaign.state not in {CampaignState.DRAFT, CampaignState.APPROVED}:
        return Refusal.STATE
    return None


def next_reminder(campaign: Campaign, *, now: datetime) -> datetime | None:
    """When silence is followed up after the sending under way, or None: no more.

    Reminders keep the hour of the first sending; those missed while nothing ran are not
    made up for.
    """
    text = campaign.text
    if not text.every_days or campaign.occurrence >= text.reminders:
        return None
    step = timedelta(days=text.every_days)
    planned = (campaign.next_at or now) + step
    while planned <= now:
        planned += step
    return planned


def _among(value: str, allowed: Sequence[str]) -> bool:
    return not allowed or value in allowed
