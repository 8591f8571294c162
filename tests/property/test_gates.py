"""By no route is anybody sent more than their ceiling: read on what is really sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.app import Application, peers
from bot.chat.desk import Desk
from bot.commands.base import Invocation
from bot.domain.campaign import CampaignText
from bot.domain.delivery import Address
from bot.domain.facility import AssetCategory, Contact, Facility, FacilityKind, InventoryLine
from bot.domain.marking import USUAL_PAP
from bot.domain.message import ChannelName, Message
from bot.domain.people import Role
from bot.domain.routing import Rhythm
from bot.inventory.authorities import Authorities
from bot.pipeline import campaign
from bot.pipeline.match import MatchEngine
from bot.settings import Incident as IncidentSettings
from bot.settings import Matrix, Settings, Silences, Web
from bot.store import Session, advisories, facilities, inventory, people, subscriptions
from bot.store.inventory import UploadRecord
from bot.store.schema import Base
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct, Pap, Reference, Tlp

START = datetime(2026, 3, 2, 8, tzinfo=UTC)  # a Monday
MACHINES = ("srv-zorglub-01", "srv-zorglub-02", "salle-zinzolin")
FACILITIES = ("Hôpital Quetsche", "Clinique Mirabelle")
PRODUCT = ("FortiOS", "Fortinet")  # what a facility runs, and what a bulletin is about
BULLETIN = ("CERTFR-2026-", "Tartempion")
CAMPAIGN = "Consigne Turlututu"
PLACES = (
    Address(ChannelName.MATRIX, "!salon:example.org"),
    Address(ChannelName.SLACK, "C0123"),
    Address(ChannelName.EMAIL, "ssi@ght.example"),
)
CONTACT = Address.mailbox("direction@quetsche.example")
PRESTATAIRE = Address.mailbox("prestataire@quetsche.example")
AUTHORITY = "ars-hauts-de-france"
SILENCES = Address(ChannelName.SLACK, "C0ARS")  # where the authority reads who is silent
ARS = Address.mailbox("ssi@ars.example")
CERT = PLACES[2]  # a facility may have subscribed it as well
INCIDENT_ROOM = Address(ChannelName.MATRIX, "!incident:example.org")
INCIDENT = "Ragondin dans le standard"
RSSI = Address.mailbox("rssi@ght.example")
DIRECTION = Address.mailbox("direction@ght.example")
ASKED = (
    "alertes",
    "alerte ALR-2026-0001",
    "alerte ALR-2026-0001+0002",
    "questions",
    "campagne",
    "actions",
    *(f"action ACT-2026-000{number}" for number in range(1, 5)),
    "silence",
    "incident",
)

tlps = st.sampled_from(Tlp)
paps = st.sampled_from([None, *Pap])


@dataclass(frozen=True, slots=True)
class Wish:
    """A subscription: which facility, where, under which terms."""

    facility: int
    place: Address
    ceiling: Tlp
    pap: Pap | None
    rhythm: Rhythm


AMBER = Wish(0, PLACES[0], Tlp.AMBER, None, Rhythm.WEEKLY)
GREEN = Wish(1, PLACES[0], Tlp.GREEN, None, Rhythm.IMMEDIATE)  # in the same room
SLACK = Wish(0, PLACES[1], Tlp.RED, None, Rhythm.WEEKLY)

wishes = st.lists(
    st.builds(
        Wish,
        facility=st.integers(0, 1),
        place=st.sampled_from(PLACES),
        ceiling=tlps,
        pap=paps,
        rhythm=st.sampled_from([Rhythm.IMMEDIATE, Rhythm.WEEKLY]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda wish: (wish.facility, wish.place),
)


@dataclass
class World:
    """Two facilities, one bulletin, and every route by which they hear of it."""

    application: Application
    now: datetime = START
    sent: list[tuple[Address, Message]] = field(default_factory=list)
    replied: list[tuple[Address, str]] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now


@dataclass
class Sink:
    """Keeps what is really sent."""

    world: World
    channel: ChannelName

    async def send(self, address: str, message: Message, *, key: str) -> str:
        self.world.sent.append((Address(self.channel, address), message))
        if message.room is not None:
            return INCIDENT_ROOM.address
        return f"<{key}@example.org>"

    async def find(self, address: str, *, key: str) -> str | None:
        return None

    async def close(self) -> None:
        """Nothing to release."""


@settings(
    max_examples=6,  # each lives nine days: a second or so
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes minutes
)
@example(
    tlp=Tlp.CLEAR, pap=None, kind=AdvisoryKind.ALERTE, old=False, asked=[AMBER], lowered=Tlp.GREEN
)
@example(
    tlp=Tlp.CLEAR, pap=None, kind=AdvisoryKind.ALERTE, old=False, asked=[AMBER, GREEN], lowered=None
)
@example(
    tlp=Tlp.CLEAR, pap=Pap.AMBER, kind=AdvisoryKind.ALERTE, old=False, asked=[AMBER], lowered=None
)
@example(
    tlp=Tlp.CLEAR, pap=Pap.AMBER, kind=AdvisoryKind.AVIS, old=True, asked=[SLACK], lowered=None
)
@given(
    tlp=tlps,
    pap=paps,
    kind=st.sampled_from([AdvisoryKind.ALERTE, AdvisoryKind.AVIS]),
    old=st.booleans(),
    asked=wishes,
    lowered=st.none() | tlps,
)
def test_nobody_is_sent_more_than_their_ceiling(
    tlp: Tlp,
    pap: Pap | None,
    kind: AdvisoryKind,
    old: bool,
    asked: Sequence[Wish],
    lowered: Tlp | None,
) -> None:
    """``old``: the bulletin belongs to the initial state. ``lowered``: the ceiling of the first
    subscription once everything is written and nothing is sent."""
    with TemporaryDirectory() as folder:
        world = asyncio.run(lived(Path(folder), tlp, pap, kind, old, asked, lowered))
    final = [replace(asked[0], ceiling=lowered), *asked[1:]] if lowered is not None else asked
    assert {INCIDENT_ROOM, ARS, CERT} <= {place for place, _ in world.sent}
    for place, message in world.sent:
        ceiling, highest = terms(final, place)
        assert message.marking <= ceiling
        said = whole(message)
        if place == PRESTATAIRE:  # must know whose machines it is asked to see to
            said = said.replace(FACILITIES[0], "")
        check(said, ceiling, highest, tlp, pap or Pap.CLEAR)
    for place, text in world.replied:
        check(text, *terms(final, place), tlp, pap or Pap.CLEAR)


def check(said: str, ceiling: Tlp, highest: Pap, tlp: Tlp, pap: Pap) -> None:
    """What a text may name under a ceiling."""
    if any(name in said for name in (*MACHINES, *FACILITIES)):
        assert ceiling >= Tlp.AMBER
    if any(name in said for name in PRODUCT):
        assert ceiling >= min(Tlp.AMBER, max(tlp, Tlp.GREEN))
    if any(name in said for name in BULLETIN):
        assert ceiling >= max(tlp, Tlp.GREEN)
        assert highest >= pap
    if INCIDENT in said:
        assert ceiling >= Tlp.AMBER
    if CAMPAIGN in said:
        assert ceiling >= tlp


def terms(asked: Sequence[Wish], place: Address) -> tuple[Tlp, Pap]:
    """The lowest that a place was ever given; nothing where it was given nothing."""
    usual = USUAL_PAP[place.channel]
    mine = [wish for wish in asked if wish.place == place]
    routed = Tlp.AMBER if place in {SILENCES, ARS, CERT, INCIDENT_ROOM} else Tlp.CLEAR
    written_to = place in {CONTACT, PRESTATAIRE, RSSI, DIRECTION}
    given = Tlp.GREEN if written_to else routed
    highest = Pap.GREEN if written_to else usual
    return (
        min((wish.ceiling for wish in mine), default=given),
        min((usual if wish.pap is None else wish.pap for wish in mine), default=highest),
    )


def whole(message: Message) -> str:
    """Everything that leaves, attachments and buttons included."""
    return json.dumps(message.to_json(), ensure_ascii=False)


async def lived(
    folder: Path,
    tlp: Tlp,
    pap: Pap | None,
    kind: AdvisoryKind,
    old: bool,
    asked: Sequence[Wish],
    lowered: Tlp | None,
) -> World:
    """A bulletin, its revision, reminders, digests, a campaign, the prestataire, then what
    people ask."""
    application = Application(configured(folder))
    world = World(application)
    application.clock = world.clock
    database = application.database
    Base.metadata.create_all(database.engine)
    database.call(register, asked)
    engine = application.engine()
    await published(world, engine, bulletin(tlp, pap, kind, old=old))
    await published(world, engine, revised(bulletin(tlp, pap, kind, old=old)))
    database.call(approved, application.authorities, tlp)
    desk = peers.desk(application)
    declared = await desk.ask(Invocation(RSSI, RSSI, "déclarer", f"590999017 {INCIDENT}"))
    assert "INC-2026-0001" in declared.text
    for _ in range(9):  # past the next Monday: reminders, the ladder, digests
        await application.write_periodic()
        world.now += timedelta(days=1)
    if lowered is not None:
        database.call(subscribe, [replace(asked[0], ceiling=lowered)], world.now)
    dispatcher = application.dispatcher({channel: Sink(world, channel) for channel in ChannelName})
    await answered(desk, RSSI, "forwarded")
    await dispatcher.run()
    await answered(desk, RSSI, "fixed")
    await answered(desk, DIRECTION, "taken")  # both are told that they disagree
    await dispatcher.run()
    for place in PLACES:
        for words in ASKED:
            name, _, args = words.partition(" ")
            invocation = Invocation(RSSI, place, name, args)
            reply = await desk.ask(invocation)
            world.replied.append((place, f"{reply.text}{reply.html}{reply.choices}"))
    await database.close()
    return world


def configured(folder: Path) -> Settings:
    """An authority that reads on Slack, an incident room on Matrix, and mailboxes."""
    return Settings(
        data_dir=folder,
        web=Web(public_url="https://tocsin.example"),
        matrix=Matrix(
            homeserver="https://matrix.example",
            user="@tocsin:example.org",
            password=SecretStr("p"),
            pickle_key=SecretStr("k" * 32),
        ),
        incident=IncidentSettings(
            cert_mailbox=CERT.address, authority_mailboxes={AUTHORITY: ARS.address}, room="matrix"
        ),
        silences=Silences(addresses={AUTHORITY: f"slack:{SILENCES.address}"}, hour=9),
    )


async def answered(desk: Desk, by: Address, kind: str) -> None:
    await desk.ask(Invocation(by, by, "répondre", kind, subject="ALR-2026-0001"))


async def published(world: World, engine: MatchEngine, advisory: Advisory) -> None:
    world.application.database.call(
        advisories.store, [advisory], trace_id="trace", now=world.clock()
    )
    await engine.run()


def bulletin(tlp: Tlp, pap: Pap | None, kind: AdvisoryKind, *, old: bool) -> Advisory:
    at = START - timedelta(days=30) if old else START + timedelta(hours=1)
    row = AffectedProduct("FortiOS versions 7.2.x antérieures à 7.2.12", "Fortinet", "FortiOS")
    return Advisory(
        publisher="CERT-FR",
        reference="CERTFR-2026-ALE-9001",
        kind=kind,
        title="Tartempion dans FortiOS",
        published_at=at,
        revised_at=at,
        summary="Tartempion permet tout.",
        affected=(row,),
        references=(Reference("Tartempion", "https://fortinet.example/Tartempion"),),
        tlp=tlp,
        pap=pap,
    )


def revised(advisory: Advisory) -> Advisory:
    row = AffectedProduct("FortiOS versions 7.2.x antérieures à 7.2.13", "Fortinet", "FortiOS")
    return replace(advisory, affected=(row,), summary="Tartempion est pire.")


def register(session: Session, asked: Sequence[Wish]) -> None:
    """Two facilities with machines, their people, and what they asked for."""
    contacts = (
        Contact("Direction", "direction", CONTACT.address, "", 1),
        Contact("Prestataire", "prestataire", PRESTATAIRE.address, "", 2),
    )
    facilities.save(
        session,
        [
            Facility(finess, name, AUTHORITY, FacilityKind.CH, contacts=contacts[:last])
            for finess, name, last in zip(
                ("590999017", "620999029"), FACILITIES, (2, 0), strict=True
            )
        ],
    )
    person = people.add(session, "RSSI", RSSI.address, now=START)
    people.link(session, person.id, Address(ChannelName.MATRIX, "@rssi:example.org"), now=START)
    other = people.add(session, "Direction", DIRECTION.address, now=START)
    for facility in facilities.every(session):
        people.grant(session, person.id, Role.RSSI, facility_id=facility.id)
        people.grant(session, other.id, Role.DIRECTION, facility_id=facility.id)
        lines = [
            InventoryLine(name, AssetCategory.SERVER, name, "", "FortiOS", version)
            for name, version in zip(MACHINES, ("7.2.8", "", "7.2.8"), strict=True)
        ]
        inventory.write_lines(session, facility.id, added=lines, changed=[], removed=[], now=START)
        record = UploadRecord("test.csv", START, 3, 0, 3, 0, 0)
        inventory.record_upload(session, facility.id, record, now=START)
    subscribe(session, asked, START)


def subscribe(session: Session, asked: Sequence[Wish], now: datetime) -> None:
    owners = facilities.every(session)
    for wish in asked:
        subscriptions.subscribe(
            session,
            owners[wish.facility].id,
            wish.place,
            ceiling=wish.ceiling,
            rhythm=wish.rhythm,
            language="fr",
            now=now,
            pap=wish.pap,
            links=True,
        )


def approved(session: Session, authorities: Authorities, tlp: Tlp) -> None:
    """A campaign of the region's authority, approved."""
    authority: Mapping[str, object] = authorities.by_code
    author = people.add(session, "A", "a@ars.example", now=START)
    approver = people.add(session, "B", "b@ars.example", now=START)
    for each in (author, approver):
        people.grant(session, each.id, Role.ARS, authority=AUTHORITY)
    assert AUTHORITY in authority
    found = authorities.by_code[AUTHORITY]
    text = CampaignText(CAMPAIGN, f"{CAMPAIGN} : à afficher.", tlp=tlp)
    person = people.by_id(session, author.id)
    drafted = campaign.create(session, text, authority=found, author=person, at=None, now=START)
    assert not isinstance(drafted, str)
    done = campaign.approve(
        session, drafted.reference, people.by_id(session, approver.id), now=START
    )
    assert isinstance(done, tuple)
