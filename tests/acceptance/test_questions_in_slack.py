"""Questions asked in Slack with buttons, and answered there, over a real socket."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.app.peers import desk
from bot.channels.slack.channel import SlackChannel, SlackOptions
from bot.chat.slack import SlackChat, SlackChatOptions
from bot.domain.decision import DigestView, OpenQuestion
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.facility import Facility
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.pipeline.questions import waiting
from bot.store import Session, inventory, outbox, people
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct, Tlp
from tests.acceptance.conftest import Town
from tests.servers.slack import SlackDouble
from tests.servers.slack_workspace import APP_TOKEN, BOT_TOKEN
from tests.servers.waiting import eventually

ROOM = Address(ChannelName.SLACK, "C0ALERTES")
FORTIOS = "QST-2026-0001"
PRODUCTS = ("FortiOS", "GLPI", "Zimbra Collaboration")


@dataclass
class Ward:
    """A hospital's Slack channel, its RSSI, and somebody of another hospital."""

    town: Town
    hospital: Facility
    double: SlackDouble
    channel: SlackChannel

    def version(self, line: str = "srv-0") -> str:
        """The version that the inventory holds."""
        found = self.town.application.database.call(inventory.current, self.hospital.id)
        return found[line].version

    async def list_(self) -> dict[str, Any]:
        """What the RSSI gets when asking for the questions."""
        before = len(self.double.responses)
        await self.double.command("/questions")
        await eventually(lambda: len(self.double.responses) > before)
        return self.double.responses[-1]

    async def digest(self) -> dict[str, Any]:
        """A digest with the questions, as the outbox sends it."""
        application = self.town.application
        database = application.database
        found = database.call(waiting, self.hospital.id, now=self.town.clock())
        asked = tuple(OpenQuestion(q.reference, q.name, q.settles, q.wants) for q in found)
        today = self.town.clock().date()
        view = DigestView("BIL-2026-0001", "CH", "590999017", today, today, questions=asked)
        message = application.renderer.digest(view, channel=ChannelName.SLACK, ceiling=Tlp.AMBER)
        written = NewDelivery(
            DeliveryKind.DIGEST, uuid.uuid4(), view.reference, ROOM, message, "essai"
        )
        await database.run(outbox.enqueue, [written], now=self.town.clock())
        await application.dispatcher({ChannelName.SLACK: self.channel}).run()
        return self.double.messages[-1]

    async def fill(self, value: str) -> None:
        """Submit the form that just opened."""
        await eventually(lambda: self.double.view_history)
        form = self.double.view_history[-1]
        given = {"value": {"value": {"type": "plain_text_input", "value": value}}}
        await self.double.submit(form["id"], given)


@pytest.fixture
async def ward(town: Town, slack_double: SlackDouble) -> AsyncIterator[Ward]:
    hospital = town.facility()
    elsewhere = town.facility("590999025", name="CH voisin")
    town.has(hospital, *((f"srv-{n}", product, "") for n, product in enumerate(PRODUCTS)))
    town.told(hospital, ROOM.address, channel=ChannelName.SLACK)

    def register(session: Session) -> None:
        for name, account, facility in (
            ("RSSI du CH", "U0RSSI", hospital),
            ("RSSI voisin", "U0VOISIN", elsewhere),
        ):
            person = people.add(session, name, f"{account}@ch.example", now=town.clock())
            people.grant(session, person.id, Role.RSSI, facility_id=facility.id)
            identity = Address(ChannelName.SLACK, account)
            people.link(session, person.id, identity, now=town.clock())

    town.application.database.call(register)
    await town.publish(*(_bulletin(town, product) for product in PRODUCTS))
    options = SlackOptions(token=BOT_TOKEN, base_url=slack_double.api_url)
    channel = SlackChannel(options)
    chat = SlackChat(channel, desk(town.application), SlackChatOptions(app_token=APP_TOKEN))
    await chat.connect()
    yield Ward(town, hospital, slack_double, channel)
    await chat.close()
    await channel.close()


def _bulletin(town: Town, product: str) -> Advisory:
    return Advisory(
        publisher="CERT-FR",
        reference=f"CERTFR-2026-AVI-{9001 + PRODUCTS.index(product)}",
        kind=AdvisoryKind.AVIS,
        title=f"Vulnérabilité dans {product}",
        published_at=town.clock(),
        revised_at=town.clock(),
        affected=(AffectedProduct(f"{product} versions antérieures à 7.2.12", "", product),),
    )


def _said(blocks: list[dict[str, Any]]) -> str:
    return "\n".join(b["text"]["text"] for b in blocks if "text" in b).replace("\u00a0", " ")


async def test_a_version_is_given_by_a_button_and_a_form(ward: Ward) -> None:
    listed = await ward.list_()
    assert "3 questions" in _said(listed["blocks"])
    assert [b["type"] for b in listed["blocks"][1:3]] == ["section", "actions"]
    await ward.double.click_alone(listed, f"{FORTIOS}:version")
    await ward.fill("7.2.14")
    await eventually(lambda: len(ward.double.responses) == 2)
    assert ward.version() == "7.2.14"
    after = ward.double.responses[-1]
    assert after["replace_original"] is True
    assert "FortiOS est en version 7.2.14" in _said(after["blocks"])
    assert "2 questions" in _said(after["blocks"])
    assert FORTIOS not in _said(after["blocks"])


async def test_a_digest_says_who_answered_and_keeps_the_other_questions(ward: Ward) -> None:
    digest = await ward.digest()
    await ward.double.click(digest, f"{FORTIOS}:unknown")
    await eventually(lambda: len(ward.double.messages) == 2)
    assert ward.double.messages[1]["thread_ts"] == digest["ts"]
    assert "ne sera pas reposée avant trois mois" in ward.double.messages[1]["text"]
    by_id = {b.get("block_id"): b for b in ward.double.messages[0]["blocks"]}
    assert "accessory" not in by_id[FORTIOS]
    assert "on ne sait pas, par RSSI du CH" in by_id[FORTIOS]["text"]["text"]
    assert "accessory" in by_id["QST-2026-0002"]


async def test_a_reason_is_asked_and_may_be_left_out(ward: Ward) -> None:
    digest = await ward.digest()
    await ward.double.click(digest, f"{FORTIOS}:not_concerned")
    await eventually(lambda: ward.double.view_history)
    [asked] = ward.double.view_history[-1]["blocks"]
    assert asked["optional"] is True
    await ward.fill("retiré en octobre")
    await eventually(lambda: len(ward.double.messages) == 2)
    by_id = {b.get("block_id"): b for b in ward.double.messages[0]["blocks"]}
    assert "non concerné, par RSSI du CH" in by_id[FORTIOS]["text"]["text"]


async def test_the_button_does_nothing_for_somebody_of_another_facility(ward: Ward) -> None:
    digest = await ward.digest()
    for user in ("U0VOISIN", "U0INCONNU"):
        before = len(ward.double.responses)
        await ward.double.click(digest, f"{FORTIOS}:concerned", user=user)
        await eventually(lambda count=before: len(ward.double.responses) > count)  # type: ignore[misc]
        assert ward.double.responses[-1]["response_type"] == "ephemeral"
    await asyncio.sleep(0)
    assert len(ward.double.messages) == 1
    assert "accessory" in next(
        b for b in ward.double.messages[0]["blocks"] if b.get("block_id") == FORTIOS
    )


async def test_a_form_that_holds_no_version_says_what_is_expected(ward: Ward) -> None:
    digest = await ward.digest()
    await ward.double.click(digest, f"{FORTIOS}:version")
    await ward.fill("je regarde demain")
    await eventually(lambda: "Répondez par" in str(ward.double.view_history[-1]))
    assert ward.version() == ""
