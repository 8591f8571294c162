"""One person answers for several facilities at once; absences, on call, prestataire."""

from __future__ import annotations

from bot.domain.people import Role
from bot.store import alerts, facilities
from tests.acceptance.conftest import Town
from tests.acceptance.hospital import BIOMEDICAL, ROOM, SERVER, Hospital

HEAD, MEMBER, OTHER = "590999017", "290999044", "690999026"
BULLETIN = "CERTFR-2026-ALE-9001"


async def group(town: Town) -> Hospital:
    """The head of a GHT, a member, and a hospital of another GHT."""
    world = Hospital(town)
    head = world.opened(HEAD, name="CHU Tête", ght="GHT A", ght_head=True)
    world.opened(MEMBER, name="CH Membre", ght="GHT A")
    world.opened(OTHER, name="CH Ailleurs", ght="GHT B")
    world.told(head, ROOM)
    world.person("Marc", Role.RSSI, head)
    await world.alerte()
    return world


async def test_the_head_of_a_ght_confirms_then_answers_for_its_members(town: Town) -> None:
    world = await group(town)
    marc = world.person("Marc", Role.RSSI)
    asked = world.ask("corrigé", f"{BULLETIN} serveurs : fait", by=marc)
    assert "Rien n'est encore noté" in asked.text
    assert "CHU Tête" in asked.text
    assert "CH Membre" in asked.text
    assert "CH Ailleurs" not in asked.text
    command = asked.text.partition("`")[2] or asked.text.partition("Pour confirmer : ")[2]
    name, _, args = command.strip("`!").partition(" ")
    done = world.ask(name, args, by=marc)
    assert "Établissements : CHU Tête, CH Membre" in done.text
    for reference in references(world):
        assert world.states(reference) == {SERVER: "fixed", BIOMEDICAL: "open"}


async def test_saying_the_whole_ght_needs_no_confirmation(town: Town) -> None:
    world = await group(town)
    marc = world.person("Marc", Role.RSSI)
    done = world.ask("je", f"m'en occupe {BULLETIN} dans tout le GHT", by=marc)
    assert "CH Membre" in done.text
    for reference in references(world):
        assert set(world.states(reference).values()) == {"taken"}


async def test_a_member_answers_for_itself_alone(town: Town) -> None:
    world = await group(town)
    member = town.facility(MEMBER, name="CH Membre")
    member_rssi = world.person("Lise", Role.RSSI, member)
    done = world.ask("corrigé", BULLETIN, by=member_rssi)
    assert "Établissements" not in done.text
    answered = [
        reference
        for reference in [f"ALR-2026-000{n}" for n in (1, 2, 3)]
        if "fixed" in world.states(reference).values()
    ]
    assert len(answered) == 1


async def test_what_is_not_an_alert_is_answered_clearly(town: Town) -> None:
    world = await group(town)
    marc = world.person("Marc", Role.RSSI)
    assert "À quelle alerte répondez-vous ?" in world.ask("corrigé", "", by=marc).text
    assert "Je ne trouve pas" in world.ask("corrigé", "ALR-2026-9999", by=marc).text
    assert (
        "n'est pas une date" in world.ask("prévu", f"{BULLETIN} tout le GHT le 31/02", by=marc).text
    )


def references(world: Hospital) -> list[str]:
    """The alerts of the GHT."""
    database = world.town.application.database
    ids = [database.call(facilities.by_finess, finess) for finess in (HEAD, MEMBER)]
    found = database.call(alerts.listed, facility_ids=[f.id for f in ids if f], open_only=False)
    return [each.alert.reference for each in found]
