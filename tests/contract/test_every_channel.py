"""What every way out promises, whatever the peer."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.base import (
    DeliveryError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from bot.domain.message import Message
from tests.contract.peers import HUGE, Peer, email_peer, matrix_peer, slack_peer

KEY, OTHER = "a" * 64, "b" * 64
MESSAGE = Message("Citrix NetScaler", "À faire : passer en 13.1-49.13 (corps-confidentiel)")


@pytest.fixture(params=["email", "slack", pytest.param("matrix", marks=pytest.mark.synapse)])
async def peer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Peer]:
    if request.param == "email":
        made = email_peer()
    elif request.param == "slack":
        made = slack_peer()
    else:
        made = matrix_peer(request.getfixturevalue("homeserver"), tmp_path)
    async with made as peer:
        yield peer


async def deliver(peer: Peer, key: str) -> str:
    """Send as the outbox does after a doubt: look first, then send."""
    found = await peer.channel.find(peer.address, key=key)
    return found or await peer.channel.send(peer.address, MESSAGE, key=key)


async def test_two_keys_are_two_messages(peer: Peer) -> None:
    receipts = [await peer.channel.send(peer.address, MESSAGE, key=key) for key in (KEY, OTHER)]
    assert len(set(receipts)) == 2
    assert len(set(await peer.arrived())) == 2


async def test_an_answer_that_was_lost_does_not_make_a_second_message(peer: Peer) -> None:
    await peer.channel.send(peer.address, MESSAGE, key=OTHER)
    peer.lose_the_answer()
    with pytest.raises(UncertainDeliveryError):
        await peer.channel.send(peer.address, MESSAGE, key=KEY)
    peer.recovered()
    receipt = await deliver(peer, KEY)
    assert receipt
    assert len(set(await peer.arrived())) == 2


async def test_a_peer_that_asks_to_wait_is_transient_and_sends_nothing(peer: Peer) -> None:
    await peer.channel.send(peer.address, MESSAGE, key=OTHER)
    peer.refuse_for_a_while()
    with pytest.raises(TransientDeliveryError) as refused:
        await peer.channel.send(peer.address, MESSAGE, key=KEY)
    assert (refused.value.retry_after is not None) == peer.says_how_long
    assert len(await peer.arrived()) == 1


async def test_a_peer_that_is_down_is_transient(peer: Peer) -> None:
    with pytest.raises(TransientDeliveryError):
        await peer.down.send(peer.address, MESSAGE, key=KEY)


async def test_an_address_nobody_has_is_permanent(peer: Peer) -> None:
    with pytest.raises(PermanentDeliveryError):
        await peer.channel.send(peer.unknown, MESSAGE, key=KEY)


async def test_an_oversized_message_is_refused_before_it_is_sent(peer: Peer) -> None:
    with pytest.raises(PermanentDeliveryError):
        await peer.channel.send(peer.address, HUGE, key=KEY)
    assert await peer.arrived() == []


async def test_no_error_and_no_log_quotes_a_secret_or_the_message(
    peer: Peer, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    peer.lose_the_answer()
    errors = [await failure(peer, address) for address in (peer.address, peer.unknown)]
    printed = capsys.readouterr()
    said = "\n".join([*errors, caplog.text, printed.out, printed.err])
    for secret in (*peer.secrets, "corps-confidentiel", "Bearer"):
        assert secret not in said


async def failure(peer: Peer, address: str) -> str:
    """Everything that a failed send says of itself."""
    try:
        await peer.channel.send(address, MESSAGE, key=KEY)
    except DeliveryError as error:
        return f"{error!r} {error.__cause__!r}"
    return ""
