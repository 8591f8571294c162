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
from bot.domain.message import Message
from bot.store import Database, backup, facilities, inventory, outbox, resealing
from bot.store.migrate import upgrade
from bot.store.resealing import check_keys, remaining, reseal
from bot.store.schema import AssetRow
from bot.store.sealing import Sealer, SealError

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
NAME, PLACE, WORDS = "srv-vpn-01", "Bâtiment C", "srv-vpn-01 est concerné"
FIRST, SECOND = "première clef, assez longue", "seconde clef, assez longue"
COUNT = 2_300  # three pages


@pytest.fixture
def url(empty_url: str) -> str:
    made = Database(empty_url)
    upgrade(made)
    made.dispose()
    return empty_url


def opened(url: str, sealer: Sealer | None = None) -> Database:
    return Database(url, sealer=sealer)


def filled(session: Session, count: int = 1) -> None:
    """A facility with machines, and a message that names one."""
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


def stored(url: str) -> str:
    """Every value of the two tables, as the database holds it."""
    raw = opened(url)
    try:
        with raw.engine.connect() as connection:
            found = [
                str(row)
                for table in ("asset", "delivery")
                for row in connection.execute(text(f"SELECT * FROM {table}"))
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


def test_names_places_and_messages_are_sealed_and_read_again(url: str) -> None:
    sealer = Sealer(FIRST)
    database = opened(url, sealer)
    database.call(filled)
    database.dispose()
    assert not [word for word in (NAME, PLACE) if word in stored(url)]
    assert read(url, sealer) == (NAME, PLACE, WORDS)


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
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reseal(plain, first, interrupted)
    assert remaining(plain, first).waiting == COUNT + 1 - 2 * resealing.PAGE
    assert read(url, first) == (NAME, PLACE, WORDS)
    assert reseal(plain, first) == COUNT + 1 - 2 * resealing.PAGE
    assert NAME not in stored(url)
    assert reseal(plain, both) == COUNT + 1
    assert read(url, Sealer(SECOND)) == (NAME, PLACE, WORDS)
    plain.call(check_keys, Sealer(SECOND))
    assert reseal(plain, Sealer("", [SECOND])) == COUNT + 1
    assert read(url, None) == (NAME, PLACE, WORDS)
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
