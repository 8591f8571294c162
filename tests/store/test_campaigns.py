"""Campaigns: frozen once approved, told once an address, advanced by one process."""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.authority import Authority, AuthorityKind
from bot.domain.campaign import (
    Campaign,
    CampaignAnswer,
    CampaignAudience,
    CampaignState,
    CampaignText,
    Refusal,
)
from bot.domain.delivery import Address, DeliveryState
from bot.domain.facility import Facility, FacilityKind, luhn_sum
from bot.domain.message import ChannelName, Message
from bot.domain.people import Person, Role
from bot.domain.routing import Rhythm
from bot.pipeline import campaign as pipeline
from bot.render import Renderer
from bot.store import (
    Database,
    Session,
    campaigns,
    facilities,
    outbox,
    people,
    recipients,
    subscriptions,
)
from bot.store.recipients import Counts
from feeds.advisory import Tlp

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
REGION = Authority("ars-bretagne", "ARS Bretagne", AuthorityKind.ARS)
DONE = CampaignAnswer("FAIT", "La consigne est affichée", "read")
TEXT = CampaignText(
    title="Fax frauduleux",
    body="Ne répondez à aucun fax.",
    answers=(DONE,),
    every_days=7,
    reminders=2,
)


@dataclass
class Region:
    """An authority with two people, and facilities to speak to."""

    database: Database
    author: Person
    approver: Person

    def facility(self, number: int, *, kind: FacilityKind = FacilityKind.EHPAD) -> Facility:
        """Register a facility of the region."""
        finess = next(
            f"29{number:06}{key}" for key in range(10) if not luhn_sum(f"29{number:06}{key}") % 10
        )
        made = Facility(finess, f"Établissement {number}", REGION.code, kind)
        self.database.call(facilities.save, [made])
        found = self.database.call(facilities.by_finess, finess)
        assert found is not None
        return found

    def told(self, facility: Facility, address: str, ceiling: Tlp = Tlp.AMBER) -> None:
        """Subscribe a mailbox."""
        self.database.call(
            subscriptions.subscribe,
            facility.id,
            Address.mailbox(address),
            ceiling=ceiling,
            rhythm=Rhythm.WEEKLY,
            language="fr",
            now=NOW,
        )

    def draft(self, text: CampaignText = TEXT, *, at: datetime | None = None) -> Campaign:
        """Write a draft."""
        made = self.database.call(
            pipeline.create, text, authority=REGION, author=self.author, at=at, now=NOW
        )
        assert isinstance(made, Campaign)
        return made

    def approved(self, text: CampaignText = TEXT, *, at: datetime | None = None) -> Campaign:
        """Write a draft and have it approved."""
        draft = self.draft(text, at=at)
        done = self.database.call(pipeline.approve, draft.reference, self.approver, now=NOW)
        assert not isinstance(done, Refusal)
        return done[0]

    def answers(self, campaign: Campaign, facility: Facility) -> list[int]:
        """Answer for a facility."""
        return self.database.call(
            pipeline.answer, campaign, DONE, self.author, [facility.id], now=NOW
        )

    async def sends(self, now: datetime = NOW, *, at_once: int = 2) -> int:
        """Write what is due."""
        return await pipeline.send_due(self.database, Renderer(), now=now, at_once=at_once)

    def delivers(self) -> None:
        """Let every message be accepted."""

        def accept(session: Session) -> None:
            for lease in outbox.lease_due(session, limit=1000, now=NOW + timedelta(days=99)):
                outbox.mark_delivered(session, lease, "receipt", now=NOW)

        self.database.call(accept)

    def counts(self, campaign: Campaign) -> Counts:
        """How far the campaign went."""
        return sum(self.database.call(recipients.counts, campaign.id).values(), Counts())

    def again(self, campaign: Campaign) -> Campaign:
        """The campaign as it stands."""
        found = self.database.call(campaigns.by_reference, campaign.reference)
        assert found is not None
        return found


@pytest.fixture
def region(database: Database) -> Region:
    """A region with its two people."""

    def person(session: Session, email: str) -> Person:
        made = people.add(session, email, email, now=NOW)
        people.grant(session, made.id, Role.ARS, authority=REGION.code)
        return people.by_id(session, made.id)

    author = database.call(person, "referent@ars.example")
    return Region(database, author, database.call(person, "direction@ars.example"))


def test_a_campaign_comes_back_as_it_was_written(region: Region) -> None:
    audience = CampaignAudience(("a",), ("29",), (FacilityKind.EHPAD,), (), ("290999044",))
    text = dataclasses.replace(TEXT, audience=audience, tlp=Tlp.GREEN, exercise=True)
    draft = region.draft(text, at=NOW + timedelta(days=1))
    assert region.again(draft) == draft
    assert draft.reference == "CMP-2026-0001"


def test_recipients_do_not_change_once_approved(region: Region) -> None:
    first = region.facility(1)
    campaign = region.approved()
    second = region.facility(2)
    frozen = region.database.call(recipients.among, campaign.id, [first.id, second.id])
    assert frozen == [first.id]


def test_an_approval_is_given_once(region: Region) -> None:
    region.facility(1)
    campaign = region.approved()
    again = region.database.call(pipeline.approve, campaign.reference, region.approver, now=NOW)
    assert again is Refusal.STATE


async def test_each_address_is_told_once_whatever_the_batch(region: Region) -> None:
    for number in range(7):
        region.told(region.facility(number), f"ssi{number % 5}@groupe.example")
    campaign = region.approved()
    assert await region.sends() == 5
    assert await region.sends() == 0
    region.delivers()
    assert region.counts(campaign) == Counts(7, 7, 7, 0, 7)


async def test_a_sending_that_was_interrupted_is_finished_without_a_double(region: Region) -> None:
    for number in range(4):
        region.told(region.facility(number), f"ssi{number}@groupe.example")
    campaign = region.approved()
    renderer = Renderer()

    def rendered(channel: ChannelName, ceiling: Tlp, link: bool) -> Message:
        return pipeline.message(campaign, renderer, channel=channel, ceiling=ceiling)

    wrote, _ = region.database.call(
        pipeline.write_page, campaign, rendered, after=None, limit=2, now=NOW
    )
    assert wrote == 2
    assert await region.sends() == 2
    assert len(region.database.call(outbox.listed)) == 4


async def test_an_address_takes_its_lowest_ceiling(region: Region) -> None:
    region.told(region.facility(1), "ssi@groupe.example", Tlp.RED)
    region.told(region.facility(2, kind=FacilityKind.LABO), "ssi@groupe.example", Tlp.CLEAR)
    audience = CampaignAudience(kinds=(FacilityKind.EHPAD,))
    region.approved(dataclasses.replace(TEXT, tlp=Tlp.GREEN, audience=audience))
    await region.sends()
    (delivery,) = region.database.call(outbox.listed)
    assert delivery.message.marking is Tlp.CLEAR
    assert "fax" not in delivery.message.text
    assert delivery.message.awareness


async def test_only_the_silent_are_reminded_and_not_for_ever(region: Region) -> None:
    quick, slow = region.facility(1), region.facility(2)
    region.told(quick, "quick@groupe.example")
    region.told(slow, "slow@groupe.example")
    campaign = region.approved()
    await region.sends()
    region.delivers()
    assert region.answers(campaign, quick) == [quick.id]
    for week in (1, 2, 3, 4):
        await region.sends(NOW + timedelta(weeks=week))
        region.delivers()
    sent = [delivery.address for delivery in region.database.call(outbox.listed)]
    assert sorted(sent) == ["quick@groupe.example", *["slow@groupe.example"] * 3]
    assert region.again(campaign).state is CampaignState.SENT
    assert region.counts(campaign) == Counts(2, 2, 2, 1, 1)


async def test_nothing_more_is_sent_when_everybody_answered(region: Region) -> None:
    facility = region.facility(1)
    region.told(facility, "ssi@groupe.example")
    campaign = region.approved()
    await region.sends()
    region.answers(campaign, facility)
    assert await region.sends(NOW + timedelta(weeks=1)) == 0
    assert region.again(campaign).state is CampaignState.SENT


async def test_a_cancelled_campaign_stops_what_waits(region: Region) -> None:
    region.told(region.facility(1), "ssi@groupe.example")
    campaign = region.approved()
    await region.sends()
    stopped = region.database.call(pipeline.cancel, campaign.reference, region.author, now=NOW)
    assert not isinstance(stopped, Refusal)
    assert stopped[1] == 1
    (delivery,) = region.database.call(outbox.listed)
    assert (delivery.state, delivery.reason) == (DeliveryState.DEAD, "campaign cancelled")
    assert await region.sends(NOW + timedelta(weeks=1)) == 0


async def test_a_campaign_waits_for_its_hour(region: Region) -> None:
    region.told(region.facility(1), "ssi@groupe.example")
    region.approved(at=NOW + timedelta(days=1))
    assert await region.sends(NOW + timedelta(hours=23)) == 0
    assert await region.sends(NOW + timedelta(hours=24)) == 1


async def test_a_facility_keeps_being_told_after_it_unsubscribed(region: Region) -> None:
    facility, unreachable = region.facility(1), region.facility(2)
    region.told(facility, "ssi@groupe.example")
    campaign = region.approved()
    await region.sends()
    region.delivers()
    region.database.call(
        subscriptions.unsubscribe, facility.id, Address.mailbox("ssi@groupe.example")
    )
    one, two = region.database.call(recipients.listed, campaign.id)
    assert (one.facility_id, one.reached, one.told) == (facility.id, True, True)
    assert (two.facility_id, two.reached, two.told) == (unreachable.id, False, False)


async def test_two_processes_advance_a_campaign_once(region: Region) -> None:
    region.told(region.facility(1), "ssi@groupe.example")
    campaign = region.approved()
    assert region.database.call(campaigns.advance, campaign, next_at=None)
    assert not region.database.call(campaigns.advance, campaign, next_at=None)
    assert not region.database.call(campaigns.hold, campaign)


async def test_two_processes_at_once_write_each_message_once(region: Region) -> None:
    for number in range(9):
        region.told(region.facility(number), f"ssi{number}@groupe.example")
    campaign = region.approved()
    written = await asyncio.gather(*(region.sends(at_once=2) for _ in range(3)))
    assert sum(written) == 9
    assert region.again(campaign).occurrence == 1
    assert region.counts(campaign).reached == 9


async def test_two_approvals_at_once_make_one(region: Region) -> None:
    region.facility(1)
    draft = region.draft()
    done = await asyncio.gather(
        *(
            region.database.run(pipeline.approve, draft.reference, region.approver, now=NOW)
            for _ in range(2)
        )
    )
    assert [each for each in done if each is Refusal.STATE] == [Refusal.STATE]
