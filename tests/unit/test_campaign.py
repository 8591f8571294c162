"""A campaign's file, its audience, and its hours."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.campaign import (
    Campaign,
    CampaignAnswer,
    CampaignAudience,
    CampaignText,
    next_reminder,
)
from bot.domain.campaign_file import CampaignFileError, read_campaign
from bot.domain.facility import Facility, FacilityKind, Function
from bot.resources import config_folder
from feeds.advisory import Tlp

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
FILE = """+++
title = "Fax frauduleux"
tlp = "green"
exercise = true
every_days = 7
reminders = 2

[audience]
kinds = ["EHPAD"]
functions = ["accueil"]
finess = ["290 999 044"]

[[answers]]
word = "RÉPONDU"
+++

Ne répondez à aucun fax.
"""
HOME = Facility("290999044", "EHPAD", "ars-bretagne", FacilityKind.EHPAD, department="29")
CAMPAIGN = Campaign(
    id=uuid.UUID(int=1),
    reference="CMP-2026-0001",
    authority="ars-bretagne",
    authority_name="ARS Bretagne",
    national=False,
    text=CampaignText("Titre", "Corps", every_days=7, reminders=2),
    author_id=uuid.UUID(int=2),
    created_at=NOW,
    next_at=NOW,
)


def test_a_file_is_read_whole() -> None:
    assert read_campaign(FILE, file="fax.md") == CampaignText(
        title="Fax frauduleux",
        body="Ne répondez à aucun fax.",
        audience=CampaignAudience(
            kinds=(FacilityKind.EHPAD,), functions=(Function.ACCUEIL,), finess=("290999044",)
        ),
        answers=(CampaignAnswer("RÉPONDU", "RÉPONDU", "repondu"),),
        tlp=Tlp.GREEN,
        exercise=True,
        every_days=7,
        reminders=2,
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("+++\n", "", "fax.md, line 1: begin with a line +++"),
        ('"Fax frauduleux"', "Fax", "fax.md, between the +++ lines: "),
        ("title", "titel", "fax.md: titel: unknown key, did you mean title?"),
        ('"Fax frauduleux"', '""', "fax.md: title: write one, of at most 120 characters"),
        ('"Fax frauduleux"', "3", "fax.md: title: 3 is not a str"),
        ("every_days = 7", "every_days = true", "fax.md: every_days: True is not a int"),
        ("every_days = 7", "every_days = 900", "fax.md: every_days: 900 is not between 0 and 366"),
        ('"green"', '"vert"', "fax.md: tlp: 'vert' is none of CLEAR, GREEN, AMBER"),
        ("EHPAD", "ephad", "fax.md: [audience] kinds: 'ephad' is none of chu, ch"),
        ("290 999 044", "290999045", "fax.md: [audience] finess: FINESS « 290999045 »"),
        ('["accueil"]', '"accueil"', "fax.md: [audience] functions: write a list of texts"),
        ("kinds", "kind", "fax.md: [audience]: kind: unknown key, did you mean kinds?"),
        ('word = "RÉPONDU"', 'label = "oui"', "fax.md: [[answers]] number 1: word: write one"),
        ("Ne répondez à aucun fax.", "", "fax.md: there is no text after"),
        ("Ne répondez", "Ne " * 4_000, "messages show 9000: shorten it"),
    ],
)
def test_a_wrong_file_is_said_in_one_line_with_its_remedy(old: str, new: str, said: str) -> None:
    assert old in FILE
    with pytest.raises(CampaignFileError) as raised:
        read_campaign(FILE.replace(old, new, 1), file="fax.md")
    assert said in str(raised.value)


def test_the_shipped_campaigns_can_be_read() -> None:
    files = sorted((config_folder() / "campaigns").glob("*.md"))
    texts = [read_campaign(path.read_text("utf-8"), file=path.name) for path in files]
    assert len(texts) == 2
    assert all(text.answers and text.reminders for text in texts)
    assert [answer.code for answer in texts[0].answers] == ["read", "received", "replied"]


@pytest.mark.parametrize(
    ("audience", "included"),
    [
        (CampaignAudience(), True),
        (CampaignAudience(authorities=("ars-corse",)), False),
        (CampaignAudience(departments=("29", "22")), True),
        (CampaignAudience(departments=("22",)), False),
        (CampaignAudience(kinds=(FacilityKind.CHU,)), False),
        (CampaignAudience(finess=("290999044",)), True),
        (CampaignAudience(functions=(Function.FAX,)), True),  # it has not said which it has
        (CampaignAudience(kinds=(FacilityKind.EHPAD,), departments=("22",)), False),
    ],
)
def test_a_facility_meets_every_criterion(audience: CampaignAudience, included: bool) -> None:
    assert audience.includes(HOME) is included


def test_a_facility_that_said_its_functions_is_held_to_them() -> None:
    audience = CampaignAudience(functions=(Function.FAX,))
    assert not audience.includes(replace(HOME, functions=(Function.ACCUEIL,)))
    assert audience.includes(replace(HOME, functions=(Function.ACCUEIL, Function.FAX)))


def test_an_authority_speaks_to_its_own_region_only() -> None:
    elsewhere = replace(HOME, authority="ars-corse")
    assert CAMPAIGN.covers(HOME)
    assert not CAMPAIGN.covers(elsewhere)
    assert replace(CAMPAIGN, national=True).covers(elsewhere)


def test_reminders_keep_the_hour_and_missed_ones_are_not_made_up_for() -> None:
    assert next_reminder(CAMPAIGN, now=NOW) == NOW + timedelta(days=7)
    late = NOW + timedelta(days=20, hours=5)
    assert next_reminder(CAMPAIGN, now=late) == NOW + timedelta(days=21)
    assert next_reminder(replace(CAMPAIGN, occurrence=2), now=NOW) is None
    once = replace(CAMPAIGN, text=CampaignText("Titre", "Corps", reminders=2))
    assert next_reminder(once, now=NOW) is None
