"""A backup: all of it comes back, on either engine, and nothing of yesterday is sent again."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from bot.app import Application
from bot.app.backup import BackupError, back_up, restore
from bot.domain.delivery import DeliveryState
from bot.domain.facility import Facility, FacilityKind
from bot.domain.message import ChannelName
from bot.settings import Settings
from bot.store import Database, Session, audit, backup, facilities, leases, outbox
from bot.store.backup import TABLES
from bot.store.migrate import upgrade
from bot.store.schema import DeliveryRow, new_id
from tests.servers.postgresql import Cluster
from tests.store.test_outbox import written

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)


@dataclass
class Places:
    """Makes applications, each on a database and in a folder of its own."""

    folder: Path
    postgresql: Cluster
    closing: list[Callable[[], object]]

    def new(self, engine: str) -> Application:
        """An application without a table."""
        data_dir = self.folder / str(len(self.closing))
        url = ""
        if engine == "postgresql":
            context = self.postgresql.database()
            url = context.__enter__()
            self.closing.append(lambda: context.__exit__(None, None, None))
        made = Application(Settings(data_dir=data_dir, database_url=url), clock=lambda: NOW)
        self.closing.append(made.database.dispose)
        return made


@pytest.fixture
def places(tmp_path: Path, postgresql: Cluster) -> Iterator[Places]:
    """Where backups are made and restored."""
    made = Places(tmp_path, postgresql, [])
    yield made
    for close in reversed(made.closing):
        close()


@pytest.fixture
def used(places: Places) -> Application:
    """An installation on SQLite with something in most kinds of columns."""
    application = places.new("sqlite")
    fill(application)
    return application


def fill(application: Application) -> None:
    upgrade(application.database)
    application.database.call(busy)
    matrix = application.settings.data_dir / "matrix"
    matrix.mkdir(parents=True)
    (matrix / "device.json").write_text('{"token": "encrypted"}')
    (matrix / "synced").write_text("s72594_4483")


def busy(session: Session) -> None:
    """A facility, and deliveries in every state that a worker leaves behind."""
    made = Facility("590999017", "CH de Démonstration", "ars-hauts-de-france", FacilityKind.CH)
    facilities.save(session, [made])
    outbox.enqueue(session, [written(n) for n in range(1, 6)], now=NOW)
    delivered, dead, uncertain, _leased = outbox.lease_due(session, limit=4, now=NOW)
    outbox.mark_delivered(session, delivered, "receipt", now=NOW)
    outbox.mark_dead(session, dead, "550", now=NOW)
    outbox.mark_due_again(session, uncertain, "no answer", due_at=NOW, uncertain=True)
    audit.note(session, "operator", "tried", "ALR-1", now=NOW, why="é", list=[1, None])
    leases.take(session, "matrix", new_id(), life=outbox.LEASE)


def contents(database: Database) -> dict[str, list[dict[str, object]]]:
    """Every row, but what the outbox says of its waiting ones."""
    changing = {"state", "reason", "lease_token", "lease_until"}
    found = {}
    with database.engine.connect() as connection:
        for table in TABLES:
            rows = connection.execute(select(table)).mappings()
            left = changing if table.name == "delivery" else set()
            plain = [{k: v for k, v in row.items() if k not in left} for row in rows]
            found[table.name] = sorted(plain, key=str)
    return found


@pytest.mark.postgresql
@pytest.mark.parametrize("source", ["sqlite", "postgresql"])
@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_all_of_it_comes_back_on_either_engine(
    places: Places, tmp_path: Path, source: str, target: str
) -> None:
    old, new = places.new(source), places.new(target)
    fill(old)
    made = back_up(old, tmp_path / "tocsin.backup")
    report = restore(new, tmp_path / "tocsin.backup")
    assert (report.rows, report.held) == (made.rows, 3)
    assert contents(new.database) == contents(old.database)
    another = Facility("690999032", "Clinique", "ars-auvergne-rhone-alpes", FacilityKind.CLINIQUE)
    new.database.call(facilities.save, [another])  # numbered after the restored ones
    assert new.database.call(facilities.by_finess, "690999032") is not None


def test_what_waited_is_held_until_the_operator_releases_it(
    used: Application, places: Places, tmp_path: Path
) -> None:
    back_up(used, tmp_path / "tocsin.backup")
    new = places.new("sqlite")
    restore(new, tmp_path / "tocsin.backup")
    assert new.database.call(outbox.lease_due, limit=50, now=NOW) == []
    assert new.database.call(outbox.enqueue, [written(5)], now=NOW) == 0, "written once"
    counts = new.database.call(outbox.counts)
    mail = ChannelName.EMAIL
    assert counts[mail, DeliveryState.HELD] == 3
    assert counts[mail, DeliveryState.DELIVERED] == counts[mail, DeliveryState.DEAD] == 1
    rows = new.database.call(outbox.listed, states=[DeliveryState.HELD])
    assert {row.reason for row in rows} == {"restored from a backup of 2026-03-11 09:00+00:00"}
    new.database.call(outbox.replay_all, mail, DeliveryState.HELD, now=NOW)
    released = new.database.call(outbox.lease_due, limit=50, now=NOW)
    assert len(released) == 3
    assert all(lease.uncertain for lease in released), "the peer is asked first"


def test_the_matrix_keys_come_back_and_its_past_does_not(
    used: Application, places: Places, tmp_path: Path
) -> None:
    back_up(used, tmp_path / "tocsin.backup")
    assert (tmp_path / "tocsin.backup").stat().st_mode & 0o077 == 0
    new = places.new("sqlite")
    restore(new, tmp_path / "tocsin.backup")
    matrix = new.settings.data_dir / "matrix"
    assert [path.name for path in matrix.iterdir()] == ["device.json"]
    assert (matrix / "device.json").stat().st_mode & 0o077 == 0


def test_a_backup_goes_on_while_somebody_writes(used: Application) -> None:
    beside = Database(used.database.url)
    tables: dict[str, int] = {}
    with used.database.engine.begin() as connection:
        connection.execute(delete(DeliveryRow))
        backup.dump(beside, lambda name, rows: tables.update({name: len(list(rows))}))
    beside.dispose()
    assert tables["delivery"] == 5, "what is not committed is not there"


def rewritten(file: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Change one member of a backup."""
    changed = io.BytesIO()
    with tarfile.open(file) as old, tarfile.open(fileobj=changed, mode="w:gz") as new:
        for head in old:
            opened = old.extractfile(head)
            assert opened is not None
            body = change(opened.read()) if head.name == name else opened.read()
            head.size = len(body)
            new.addfile(head, io.BytesIO(body))
    file.write_bytes(changed.getvalue())


def of_another_schema(body: bytes) -> bytes:
    return json.dumps({**json.loads(body), "schema": "0000", "tocsin": "0.0.9"}).encode()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: f.write_bytes(b"hello"), "not a backup"),
        (lambda f: f.write_bytes(b""), "not a backup"),
        (lambda f: f.write_bytes(gzip.compress(b"hello")), "not a backup"),
        (lambda f: f.write_bytes(f.read_bytes()[:-200]), "not a"),
        (lambda f: f.unlink(), "cannot be read: No such file"),
        (lambda f: rewritten(f, "rows/facility.jsonl", lambda b: b + b" "), "is damaged"),
        (lambda f: rewritten(f, "manifest.json", lambda _: b"{}"), "cannot be read"),
        (lambda f: rewritten(f, "manifest.json", of_another_schema), "restore it with that"),
    ],
)
def test_a_wrong_file_is_refused_before_anything_is_written(
    used: Application,
    places: Places,
    tmp_path: Path,
    spoil: Callable[[Path], object],
    said: str,
) -> None:
    file = tmp_path / "tocsin.backup"
    back_up(used, file)
    spoil(file)
    new = places.new("sqlite")
    with pytest.raises(BackupError, match=said):
        restore(new, file)
    assert not (new.settings.data_dir / "matrix").exists()
    assert not (new.settings.data_dir / "tocsin.db").exists()


def test_nothing_is_overwritten(used: Application, tmp_path: Path) -> None:
    file = tmp_path / "tocsin.backup"
    back_up(used, file)
    with pytest.raises(BackupError, match="exists"):
        back_up(used, file)
    with pytest.raises(BackupError, match="move it away"):
        restore(used, file)
    elsewhere = Settings(data_dir=tmp_path / "other", database_url=used.database.url)
    other = Application(elsewhere, clock=used.clock)
    with pytest.raises(BackupError, match="not empty"):
        restore(other, file)
    other.database.dispose()
