"""What may not go any more stays here, at the moment of sending: a neutral notice goes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from bot.channels.base import NotConfidentialError
from bot.domain.delivery import Address
from bot.domain.health import Problem, Thresholds, judge
from bot.domain.message import ChannelName, Message
from bot.store import Session, audit, facilities, health, withheld
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct, Tlp
from tests.acceptance.conftest import Town

ROOM = "!salon:example.org"
MACHINE = "fw-tres-secret"


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
    row = AffectedProduct("FortiOS versions 7.2.x antérieures à 7.2.12", "Fortinet", "FortiOS")
    now = town.clock()
    await town.publish(
        Advisory(
            publisher="CERT-FR",
            reference="CERTFR-2026-ALE-9001",
            kind=AdvisoryKind.ALERTE,
            title="Vulnérabilité dans FortiOS",
            published_at=now,
            revised_at=now,
            affected=(row,),
        )
    )
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
        facilities.unsubscribe, hospital.id, Address(ChannelName.MATRIX, ROOM)
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


def _audit(town: Town) -> list[audit.AuditEntry]:
    return town.application.database.call(audit.latest)


def _problems(town: Town) -> list[Problem]:
    def seen(session: Session) -> list[Problem]:
        snapshot = health.snapshot(session, {}, now=town.clock())
        return [each.problem for each in judge(snapshot, Thresholds())]

    return town.application.database.call(seen)
