"""What holds of every campaign: two people, frozen recipients, and no ceiling passed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from bot.domain.authority import Authority, AuthorityKind
from bot.domain.campaign import (
    Campaign,
    CampaignAudience,
    CampaignState,
    CampaignText,
    Refusal,
    speaks_for,
    why_not_approve,
)
from bot.domain.campaign_file import CampaignFileError, read_campaign
from bot.domain.facility import Facility, FacilityKind, Function, luhn_sum
from bot.domain.message import ChannelName
from bot.domain.people import Grant, Person, Role
from bot.pipeline import campaign as pipeline
from bot.render import Renderer
from bot.store import Database, Session, facilities, people, recipients
from bot.store.migrate import upgrade
from feeds.advisory import Tlp

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
RENDERER = Renderer(clock=lambda: NOW)
AUTHORITIES = ("ars-bretagne", "ars-corse")
NUMBERS = [
    next(f"29{n:06}{key}" for key in range(10) if not luhn_sum(f"29{n:06}{key}") % 10)
    for n in range(8)
]

grants = st.builds(
    Grant,
    st.sampled_from(Role),
    st.none() | st.integers(1, 3),
    st.sampled_from(("", *AUTHORITIES)),
)
persons = st.builds(
    Person,
    st.integers(1, 3).map(lambda n: uuid.UUID(int=n)),
    st.just("nom"),
    st.just("a@b.example"),
    st.lists(grants, max_size=3).map(tuple),
)
audiences = st.builds(
    CampaignAudience,
    authorities=st.lists(st.sampled_from(AUTHORITIES), max_size=1).map(tuple),
    kinds=st.lists(st.sampled_from(FacilityKind), max_size=2).map(tuple),
    functions=st.lists(st.sampled_from(Function), max_size=2).map(tuple),
    finess=st.lists(st.sampled_from(NUMBERS), max_size=2).map(tuple),
)
texts = st.builds(
    CampaignText,
    st.just("Titre"),
    st.just("Corps du message"),
    audience=audiences,
    tlp=st.sampled_from(Tlp),
    exercise=st.booleans(),
)
some_facilities = st.lists(
    st.builds(
        Facility,
        st.sampled_from(NUMBERS),
        st.just("Établissement"),
        st.sampled_from(AUTHORITIES),
        st.sampled_from(FacilityKind),
        functions=st.lists(st.sampled_from(Function), max_size=2).map(tuple),
    ),
    unique_by=lambda facility: facility.finess,
    max_size=6,
)


def written(text: CampaignText, author: Person, *, national: bool) -> Campaign:
    return Campaign(
        id=uuid.UUID(int=9),
        reference="CMP-2026-0001",
        authority=AUTHORITIES[0],
        authority_name="ARS Bretagne",
        national=national,
        text=text,
        author_id=author.id,
        created_at=NOW,
    )


@given(texts, persons, persons, st.booleans(), st.sampled_from(CampaignState))
def test_what_is_approved_was_written_and_approved_by_two_people_who_may(
    text: CampaignText, author: Person, approver: Person, national: bool, state: CampaignState
) -> None:
    campaign = written(text, author, national=national)
    if why_not_approve(campaign, author=author, approver=approver) is None:
        assert author.id != approver.id
        for person in (author, approver):
            assert speaks_for(person, campaign.authority, national=national)


@given(texts, st.booleans(), st.sampled_from(Tlp), st.sampled_from(ChannelName))
def test_no_destination_is_told_above_its_ceiling_and_an_exercise_says_so_first(
    text: CampaignText, national: bool, ceiling: Tlp, channel: ChannelName
) -> None:
    author = Person(uuid.UUID(int=1), "nom", "a@b.example")
    campaign = written(text, author, national=national)
    message = pipeline.message(campaign, RENDERER, channel=channel, ceiling=ceiling)
    assert message.marking <= ceiling
    assert message.awareness
    if text.tlp > ceiling:
        assert "Corps" not in str(message)
    if text.exercise:
        assert message.subject.startswith("EXERCICE")
        assert message.text.startswith("EXERCICE")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """An empty embedded database of today's schema; each example undoes what it wrote."""
    database = Database("sqlite://")
    upgrade(database)
    yield database.engine
    database.dispose()


@settings(max_examples=30)
@given(before=some_facilities, after=some_facilities, audience=audiences, national=st.booleans())
def test_recipients_are_those_covered_at_approval_whatever_comes_after(
    engine: Engine,
    before: list[Facility],
    after: list[Facility],
    audience: CampaignAudience,
    national: bool,
) -> None:
    kind = AuthorityKind.NATIONAL if national else AuthorityKind.ARS
    authority = Authority(AUTHORITIES[0], "Autorité", kind)
    role = Role.FSSI if national else Role.ARS
    with Session(engine) as session:
        author, approver, other = (
            known(session, email, role) for email in ("a@b.example", "b@b.example", "c@b.example")
        )
        facilities.save(session, before)
        campaign = pipeline.create(
            session,
            CampaignText("Titre", "Corps", audience=audience),
            authority=authority,
            author=author,
            at=None,
            now=NOW,
        )
        assert isinstance(campaign, Campaign)
        expected = sorted(facility.finess for facility in before if campaign.covers(facility))
        done = pipeline.approve(session, campaign.reference, approver, now=NOW)
        facilities.save(session, after)
        if expected:
            again = pipeline.approve(session, campaign.reference, other, now=NOW)
            assert again is Refusal.STATE
        else:
            assert done is Refusal.NOBODY
        frozen = recipients.listed(session, campaign.id)
        session.rollback()
    assert [recipient.finess for recipient in frozen] == expected


def known(session: Session, email: str, role: Role) -> Person:
    made = people.add(session, email, email, now=NOW)
    people.grant(session, made.id, role, authority=AUTHORITIES[0])
    session.flush()
    return people.by_id(session, made.id)


@given(st.text() | st.text().map(lambda text: f"+++\n{text}\n+++\ncorps"))
def test_no_file_stops_the_reading(text: str) -> None:
    with suppress(CampaignFileError):
        read_campaign(text, file="f.md")
