"""What is asked of the database at once, however many facilities a bulletin concerns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import event

from bot.app import Application
from bot.pipeline.escalate import write_reminders
from bot.settings import Settings
from bot.store import Database
from bot.store.migrate import upgrade
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct
from tests.acceptance.conftest import SteppingClock, Town

FRIDAY = datetime(2026, 3, 6, 16, 30, tzinfo=UTC)
MONDAY = datetime(2026, 3, 9, 8, 5, tzinfo=UTC)  # 9.05 in Paris
NUMBERS = ("590999017", "620999029", "290999044", "750999004")


@contextmanager
def asked(database: Database) -> Iterator[list[str]]:
    """What is read from a database."""
    seen: list[str] = []

    def hear(_: object, __: object, statement: str, *___: object) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", hear)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", hear)


async def alerte(town: Town, *rows: str) -> None:
    await town.publish(
        Advisory(
            publisher="CERT-FR",
            reference="CERTFR-2026-ALE-9001",
            kind=AdvisoryKind.ALERTE,
            title="Vulnérabilité dans FortiOS",
            published_at=FRIDAY,
            revised_at=town.clock(),
            affected=tuple(AffectedProduct(row, "Fortinet", "FortiOS") for row in rows),
        )
    )


async def counts(town: Town, number: int) -> tuple[int, int]:
    """What a revision and then the reminders read, for as many facilities."""
    for finess in NUMBERS[:number]:
        made = town.facility(finess)
        town.has(made, (f"fw-{finess}", "FortiOS", "7.2.8"))
        town.told(made, f"!{finess}:example.org")
    town.clock.now = FRIDAY
    await alerte(town, "FortiOS versions 7.2.x antérieures à 7.2.12")
    database = town.application.database
    with asked(database) as revised:
        await alerte(town, "FortiOS versions 7.2.x antérieures à 7.2.14")
    assert [each.kind for each in town.deliveries()].count("revision") == number
    town.clock.now = MONDAY
    application = town.application
    with asked(database) as reminded:
        written = database.call(
            write_reminders,
            application.renderer,
            application.hours,
            now=MONDAY,
            floor=application.floor,
        )
    assert written == number
    return len(revised), len(reminded)


def opened(folder: Path) -> Town:
    """A world of its own."""
    clock = SteppingClock()
    application = Application(Settings(data_dir=folder), clock=clock)
    upgrade(application.database)
    return Town(application, clock)


async def test_a_revision_and_its_reminders_do_not_ask_for_each_facility(tmp_path: Path) -> None:
    found = []
    for number in (1, len(NUMBERS)):
        folder = tmp_path / str(number)
        folder.mkdir()
        world = opened(folder)
        found.append(await counts(world, number))
        world.application.database.dispose()
    one, many = found
    assert one == many
