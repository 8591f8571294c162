"""What may not go any more stays here, at the moment of sending: a neutral notice goes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from bot.channels.base import NotConfidentialError
from bot.domain.alert import AnswerKind
from bot.domain.delivery import Address
from bot.domain.facility import AssetCategory
from bot.domain.health import Problem, Thresholds, judge
from bot.domain.incident import Declaration, Happening
from bot.domain.message import ChannelName, Message
from bot.domain.people import Role
from bot.domain.speaker import Speaker
from bot.pipeline.answer import AnswerDesk, Said
from bot.store import (
    Session,
    alerts,
    audit,
    health,
    incidents,
    people,
    subscriptions,
    withheld,
)
from feeds.advisory import AdvisoryKind, Tlp
from tests.acceptance.bulletins import fortios
from tests.acceptance.conftest import Town

ROOM = "!salon:example.org"
MACHINE = "fw-tres-secret"
ARS = "ssi@ars.example"
INCIDENT = "rançongiciel aux urgences"


@dataclass
class Sink:
    """A channel that keeps what it is given; its rooms are open, or not."""

    is_open: bool = False
    sent: list[Message] = field(default_factory=list)

    async def send(self, address: str, message: Message, *, key: str) -> str:
        if self.is_open and message.marking >= Tlp.AMBER:
            raise NotConfidentialError("the room is not encrypted")
        self.sent.append(message)
        return f"receipt-{len(self.sent)}"

    async def find(self, address: str, *, key: str) -> str | None:
        return None

    async def close(self) -> None:
        """Nothing to release."""


async def told(town: Town, *, channel: ChannelName = ChannelName.MATRIX) -> None:
    """An alert is written for an AMBER room; nothing is sent yet."""
    hospital = town.facility()
    town.has(hospital, (MACHINE, "FortiOS", "7.2.8"))
    town.told(hospital, ROOM, channel=channel)
    now = town.clock()
    await town.publish(fortios(now, AdvisoryKind.ALERTE))
    assert MACHINE in town.deliveries()[0].message.text


async def sent(town: Town, sink: Sink) -> list[Message]:
    await town.application.dispatcher(dict.fromkeys(ChannelName, sink)).run()
    return sink.sent


async def test_a_ceiling_lowered_since_is_kept_to(town: Town) -> None:
    await told(town)
    hospital = town.facility()
    town.told(hospital, ROOM, ceiling=Tlp.GREEN)
    (message,) = await sent(town, Sink())
    assert "Un message protégé vous attend" in message.text
    assert "ALR-2026-0001" in message.text
    assert MACHINE not in str(message)
    (entry,) = [e for e in _audit(town) if e.action == "delivery.withheld"]
    assert entry.payload["why"] == "ceiling"


async def test_a_lower_ceiling_of_another_facility_of_the_room_counts(town: Town) -> None:
    await told(town)
    other = town.facility("620999029", name="CH Littoral")
    town.told(other, ROOM, ceiling=Tlp.GREEN)
    (message,) = await sent(town, Sink())
    assert MACHINE not in str(message)


async def test_an_address_subscribed_no_more_gets_nothing_of_it(town: Town) -> None:
    await told(town)
    hospital = town.facility()
    town.application.database.call(
        subscriptions.unsubscribe, hospital.id, Address(ChannelName.MATRIX, ROOM)
    )
    (message,) = await sent(town, Sink())
    assert MACHINE not in str(message)


async def test_a_room_that_is_not_encrypted_gets_a_notice_and_the_operator_hears_of_it(
    town: Town,
) -> None:
    await told(town)
    (message,) = await sent(town, Sink(is_open=True))
    assert "Un message protégé vous attend" in message.text
    assert MACHINE not in str(message)
    assert _problems(town) == [Problem.ROOM_OPEN]
    hospital = town.facility()
    town.has(hospital, ("fw-02", "FortiOS", "7.2.8"))
    await town.application.match()
    await sent(town, Sink())
    assert _problems(town) == []


async def test_an_encrypted_room_gets_all_of_it(town: Town) -> None:
    await told(town)
    (message,) = await sent(town, Sink())
    assert MACHINE in message.text
    assert town.application.database.call(withheld.every) == []


@pytest.mark.parametrize("channel", [ChannelName.SLACK, ChannelName.EMAIL])
async def test_what_fits_is_left_as_it_is(town: Town, channel: ChannelName) -> None:
    await told(town, channel=channel)
    (message,) = await sent(town, Sink())
    assert MACHINE in str(message)


def declared(town: Town, *, mailbox: str = ARS) -> None:
    """An incident is written for an authority's mailbox; nothing is sent yet."""
    hospital = town.facility()
    routed_to(town, mailbox)

    def declare(session: Session) -> None:
        person = people.add(session, "RSSI", "rssi@ch.example", now=town.clock())
        people.grant(session, person.id, Role.RSSI, facility_id=hospital.id)
        town.application.incident_desk().declare(
            session,
            Declaration(hospital.id, INCIDENT),
            people.by_id(session, person.id),
            now=town.clock(),
        )

    town.application.database.call(declare)
    assert [each.address for each in town.deliveries()] == [mailbox]
    assert INCIDENT in town.deliveries()[0].message.text


def routed_to(town: Town, mailbox: str) -> None:
    """The configuration names this mailbox for the authority's incidents."""
    settings = town.application.settings
    mailboxes = {"ars-hauts-de-france": mailbox}
    incident = settings.incident.model_copy(update={"authority_mailboxes": mailboxes})
    town.application.settings = settings.model_copy(update={"incident": incident})


async def test_an_incident_goes_whole_to_the_mailbox_that_is_configured(town: Town) -> None:
    declared(town)
    (message,) = await sent(town, Sink())
    assert INCIDENT in message.text


async def test_an_incident_does_not_follow_a_mailbox_that_is_configured_no_more(
    town: Town,
) -> None:
    """Its text stays here, and who declared it is told to warn the authority by telephone."""
    declared(town)
    routed_to(town, "autre@ars.example")
    notice, failed = await sent(town, Sink())
    assert INCIDENT not in str(notice)
    assert "INC-2026-0001" in notice.text
    assert INCIDENT in failed.text
    assert Happening.FAILED in _happened(town)
    assert Happening.AUTHORITY not in _happened(town)


async def test_an_authoritys_mailbox_keeps_to_its_own_subscription(town: Town) -> None:
    declared(town)
    town.told(town.facility(), ARS, channel=ChannelName.EMAIL, ceiling=Tlp.GREEN)
    notice, *_ = await sent(town, Sink())
    assert INCIDENT not in str(notice)


@pytest.mark.parametrize("ceiling", [Tlp.CLEAR, Tlp.GREEN])
async def test_a_disagreement_keeps_to_the_ceiling_of_the_room(town: Town, ceiling: Tlp) -> None:
    await told(town)
    await sent(town, Sink())
    town.application.database.call(disagreed, town)
    town.told(town.facility(), ROOM, ceiling=ceiling)
    (message,) = [each for each in await sent(town, Sink()) if each.thread]
    assert ("Qui-dit-oui" in message.text) is (ceiling >= Tlp.GREEN)


def disagreed(session: Session, town: Town) -> None:
    """Two people answer the contrary of each other within a second."""
    desk = AnswerDesk(town.application.renderer, town.application.hours)
    alert = alerts.by_reference(session, "ALR-2026-0001")
    assert alert is not None
    for name, kind in (("Qui-dit-oui", AnswerKind.FIXED), ("Qui-dit-non", AnswerKind.TAKEN)):
        person = people.add(session, name, f"{kind.value}@ch.example", now=town.clock())
        people.link(session, person.id, Address(ChannelName.MATRIX, name), now=town.clock())
        speaker = Speaker(name, person.email, person.id)
        answered = [(alert, frozenset({AssetCategory.SERVER}))]
        desk.answer(session, answered, speaker, Said(kind), now=town.clock())


def _happened(town: Town) -> list[Happening]:
    def read(session: Session) -> list[Happening]:
        (incident,) = incidents.listed(session)
        return [event.kind for event in incidents.timeline(session, incident.id)]

    return town.application.database.call(read)


def _audit(town: Town) -> list[audit.AuditEntry]:
    return town.application.database.call(audit.latest)


def _problems(town: Town) -> list[Problem]:
    def seen(session: Session) -> list[Problem]:
        snapshot = health.snapshot(session, {}, now=town.clock())
        return [each.problem for each in judge(snapshot, Thresholds())]

    return town.application.database.call(seen)
