"""What names machines is sealed under a configured key, on both engines, and can be again."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.facility import AssetCategory, Facility, FacilityKind, InventoryLine
from bot.domain.incident import Declaration, Happening
from bot.domain.message import Message
from bot.domain.mute import Mute, MuteScope
from bot.store import (
    Database,
    audit,
    backup,
    facilities,
    incidents,
    inventory,
    mutes,
    outbox,
    people,
    resealing,
)
from bot.store.migrate import upgrade
from bot.store.resealing import check_keys, remaining, reseal
from bot.store.schema import AssetRow
from bot.store.sealing import Sealer, SealError

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
WRITTEN = "le serveur de la salle zinzolin est chiffré"
NAME, PLACE, WORDS = "srv-vpn-01", "Bâtiment C", "srv-vpn-01 est concerné"
FIRST, SECOND = "première clef, assez longue", "seconde clef, assez longue"
COUNT = 2_300  # three pages
OTHERS = 6  # rows: a message, an incident and its two lines, a mute, an entry of the audit


@pytest.fixture
def url(empty_url: str) -> str:
    made = Database(empty_url)
    upgrade(made)
    made.dispose()
    return empty_url


def opened(url: str, sealer: Sealer | None = None) -> Database:
    return Database(url, sealer=sealer)


def filled(session: Session, count: int = 1) -> None:
    """A facility with machines, a message that names one, and what people wrote."""
    made = Facility("590999017", "CH", "ars-hauts-de-france", FacilityKind.CH)
    facilities.save(session, [made])
    lines = [
        InventoryLine(f"L{n}", AssetCategory.SERVER, NAME, "", "FortiOS", "7.2.8", location=PLACE)
        for n in range(count)
    ]
    inventory.write_lines(session, 1, added=lines, changed=[], removed=[], now=NOW)
    outbox.enqueue(
        session,
        [
            NewDelivery(
                DeliveryKind.ALERT,
                uuid.UUID(int=1),
                "ALR-2026-0001",
                Address.mailbox("ssi@ch.example"),
                Message("s", WORDS),
                "trace",
            )
        ],
        now=NOW,
    )
    person = people.add(session, "RSSI", "rssi@ch.example", now=NOW).id
    incident = incidents.add(session, Declaration(1, WRITTEN), person, now=NOW)
    incidents.append(session, incident.id, Happening.NOTE, WRITTEN, person_id=person, now=NOW)
    audit.note(session, "x", "incident.declared", incident.reference, now=NOW, note=WRITTEN)
    today = NOW.date()
    mutes.add(
        session,
        Mute("SRD-1", 1, MuteScope.PRODUCT, "x", False, WRITTEN, today, NOW, NOW, "x"),
    )


def stored(url: str) -> str:
    """Every value of every table that seals something, as the database holds it."""
    raw = opened(url)
    try:
        with raw.engine.connect() as connection:
            found = [
                str(row)
                for table in resealing.TABLES
                for row in connection.execute(text(f"SELECT * FROM {table.name}"))
            ]
        return "\n".join(found)
    finally:
        raw.dispose()


def read(url: str, sealer: Sealer | None) -> tuple[str, str, str]:
    """A machine, its place and the message, as Tocsin reads them."""
    database = opened(url, sealer)
    try:
        line = next(iter(database.call(inventory.current, 1).values()))
        (delivery,) = database.call(outbox.listed)
        return line.name, line.location, delivery.message.text
    finally:
        database.dispose()


def said(url: str, sealer: Sealer | None) -> list[str]:
    """What people wrote, as Tocsin reads it."""

    def found(session: Session) -> list[str]:
        (incident,) = incidents.listed(session)
        lines = [event.text for event in incidents.timeline(session, incident.id)]
        (mute,) = mutes.active(session)[1]
        (entry,) = audit.latest(session)
        return [incident.what, *lines, mute.reason, entry.payload["note"]]

    database = opened(url, sealer)
    try:
        return database.call(found)
    finally:
        database.dispose()


def test_names_places_and_messages_are_sealed_and_read_again(url: str) -> None:
    sealer = Sealer(FIRST)
    database = opened(url, sealer)
    database.call(filled)
    database.dispose()
    assert not [word for word in (NAME, PLACE, WRITTEN) if word in stored(url)]
    assert read(url, sealer) == (NAME, PLACE, WORDS)
    assert said(url, sealer) == [WRITTEN] * 5


def test_without_a_key_values_pass_untouched_and_at_no_cost(url: str) -> None:
    database = opened(url)
    database.call(filled)
    dialect = database.engine.dialect
    kind = AssetRow.__table__.c.name.type
    assert kind.bind_processor(dialect) is None
    assert kind.result_processor(dialect, None) is None
    database.dispose()
    assert NAME in stored(url)


def test_an_existing_database_is_sealed_by_pieces_then_rotated_then_opened(url: str) -> None:
    plain = opened(url)
    plain.call(filled, COUNT)
    first, both = Sealer(FIRST), Sealer(SECOND, [FIRST])
    seen: list[int] = []

    def interrupted(count: int) -> None:
        seen.append(count)
        if sum(seen) > resealing.PAGE:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reseal(plain, first, interrupted)
    assert remaining(plain, first).waiting == COUNT + OTHERS - sum(seen)
    assert read(url, first) == (NAME, PLACE, WORDS)
    assert reseal(plain, first) == COUNT + OTHERS - sum(seen)
    assert not [word for word in (NAME, WRITTEN) if word in stored(url)]
    assert reseal(plain, both) == COUNT + OTHERS
    assert read(url, Sealer(SECOND)) == (NAME, PLACE, WORDS)
    plain.call(check_keys, Sealer(SECOND))
    assert reseal(plain, Sealer("", [SECOND])) == COUNT + OTHERS
    assert read(url, None) == (NAME, PLACE, WORDS)
    assert said(url, None) == [WRITTEN] * 5
    plain.call(check_keys, None)
    plain.dispose()


def test_a_lost_key_is_said_before_anything_is_read(url: str) -> None:
    database = opened(url, Sealer(FIRST))
    database.call(check_keys, Sealer(FIRST))
    database.call(filled)
    for sealer in (None, Sealer(SECOND)):
        with pytest.raises(SealError, match="which is not configured"):
            database.call(check_keys, sealer)
    database.call(check_keys, Sealer(SECOND, [FIRST]))
    database.dispose()
    with pytest.raises(SealError, match=Sealer(FIRST).current):
        read(url, Sealer(SECOND))


def test_an_altered_value_is_refused(url: str) -> None:
    sealer = Sealer(FIRST)
    database = opened(url, sealer)
    database.call(filled)
    raw = opened(url)

    def swap(session: Session) -> None:
        place = session.scalars(select(AssetRow.location)).one()
        session.execute(update(AssetRow).values(name=place))

    raw.call(swap)
    with pytest.raises(SealError, match="altered"):
        database.call(inventory.current, 1)
    for each in (raw, database):
        each.dispose()


def test_a_backup_keeps_the_seal(url: str, tmp_path: Path) -> None:
    other_url = f"sqlite:///{tmp_path / 'other.db'}"
    sealer = Sealer(FIRST)
    database = opened(url, sealer)
    database.call(check_keys, sealer)
    database.call(filled)
    lines: dict[str, list[str]] = {}
    backup.dump(database, lambda table, rows: lines.update({table: list(rows)}))
    assert NAME not in str(lines)
    other = opened(other_url, sealer)
    upgrade(other)
    backup.load(other, lambda table: lines[table], held_because="restored")
    for each in (database, other):
        each.dispose()
    assert read(other_url, sealer) == (NAME, PLACE, WORDS)
    assert NAME not in stored(other_url)
    unkeyed = opened(other_url)
    with pytest.raises(SealError):
        unkeyed.call(check_keys, None)
    unkeyed.dispose()
