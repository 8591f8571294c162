"""Dispatching: what each answer of a peer does to a delivery, and to the others."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.channels.base import (
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from bot.domain.delivery import Address, DeliveryKind, DeliveryState, NewDelivery, RetryPolicy
from bot.domain.message import ChannelName, Message
from bot.pipeline.dispatch import Dispatcher
from bot.store import outbox
from bot.store.outbox import Delivery
from tests.acceptance.conftest import Town

MINUTE = timedelta(minutes=1)


@dataclass
class Peer:
    """A channel that answers as the test says, and counts what it was asked."""

    answers: dict[str, Callable[[], str]] = field(default_factory=dict)
    arrived: dict[str, str] = field(default_factory=dict)  # key → receipt
    sent: list[str] = field(default_factory=list)

    async def send(self, address: str, message: Message, *, key: str) -> str:
        """Answer for this address; accept when nothing was said of it."""
        self.sent.append(address)
        await asyncio.sleep(0)
        return self.answers.get(address, lambda: f"receipt of {address}")()

    async def find(self, address: str, *, key: str) -> str | None:
        """What arrived without an answer."""
        return self.arrived.get(key)

    async def close(self) -> None:
        """Nothing is held."""


def raising(error: Exception) -> Callable[[], str]:
    def answer() -> str:
        raise error

    return answer


class Post:
    """An outbox with one delivery an address, and a dispatcher without chance."""

    def __init__(self, town: Town, peer: Peer) -> None:
        self.town, self.peer = town, peer
        self.dispatcher = Dispatcher(
            town.application.database,
            dict.fromkeys(ChannelName, peer),
            clock=town.clock,
            policy=RetryPolicy(first=MINUTE, longest=8 * MINUTE, give_up=timedelta(hours=1)),
            jitter=lambda: 1.0,
        )

    def write(self, *addresses: str) -> None:
        """Write a message for each address."""
        deliveries = [
            NewDelivery(
                kind=DeliveryKind.ALERT,
                subject_id=uuid.uuid5(uuid.NAMESPACE_URL, address),
                subject="ALR-2026-0001",
                to=Address(ChannelName.EMAIL, address),
                message=Message("objet", "corps"),
                trace_id="t",
            )
            for address in addresses
        ]
        self.town.application.database.call(outbox.enqueue, deliveries, now=self.town.clock())

    def rows(self) -> dict[str, Delivery]:
        """The outbox by address."""
        return {row.address: row for row in self.town.deliveries()}


@pytest.fixture
def post(town: Town) -> Post:
    """A post office and a peer that accepts everything until told otherwise."""
    return Post(town, Peer())


async def test_each_refusal_ends_as_it_should_and_hides_no_other(post: Post) -> None:
    post.peer.answers = {
        "busy": raising(TransientDeliveryError("busy", retry_after=10 * MINUTE)),
        "gone": raising(PermanentDeliveryError("no such room")),
        "silent": raising(UncertainDeliveryError("no answer")),
        "bug": raising(KeyError("ours")),
    }
    post.write("fine", *post.peer.answers)
    report = await post.dispatcher.run()
    assert (report.delivered, report.dead, report.later) == (1, 1, 3)
    rows = post.rows()
    assert {name: row.state.value for name, row in rows.items()} == {
        "fine": "delivered",
        "busy": "due",
        "gone": "dead",
        "silent": "uncertain",
        "bug": "uncertain",
    }
    assert rows["fine"].receipt == "receipt of fine"
    assert rows["gone"].reason == "no such room"
    assert "KeyError" in rows["bug"].reason
    assert rows["busy"].due_at >= post.town.clock() + 10 * MINUTE


async def test_an_uncertain_message_that_arrived_is_not_sent_again(post: Post) -> None:
    post.peer.answers["silent"] = raising(UncertainDeliveryError("no answer"))
    post.write("silent")
    await post.dispatcher.run()
    (row,) = post.town.deliveries()
    post.peer.arrived[row.key] = "it was there"
    post.town.clock.now += 2 * MINUTE
    await post.dispatcher.run()
    assert post.peer.sent == ["silent"]
    assert post.rows()["silent"].receipt == "it was there"


async def test_attempts_space_out_then_the_delivery_is_given_up(post: Post) -> None:
    post.peer.answers["busy"] = raising(TransientDeliveryError("greylisted"))
    post.write("busy")
    waits = []
    while post.rows()["busy"].state is DeliveryState.DUE:
        await post.dispatcher.run()
        row = post.rows()["busy"]
        waits.append((row.due_at - post.town.clock()) // MINUTE)
        post.town.clock.now = max(row.due_at, post.town.clock())
    assert waits[:5] == [1, 2, 4, 8, 8]
    assert post.rows()["busy"].state is DeliveryState.DEAD
    assert "given up" in post.rows()["busy"].reason
    assert "greylisted" in post.rows()["busy"].reason
