"""How long one upload of a million lines takes: bytes to rows, in an embedded database."""

from __future__ import annotations

import csv
import random
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.app.memory import collect_seldom
from bot.domain.facility import Facility, FacilityKind
from bot.inventory.registry import read_inventory
from bot.pipeline.inventory import upload_inventory
from bot.store import Database, Session, facilities
from bot.store.migrate import upgrade
from tests.bench.figures import Figure

LINES = 1_000_000
PRODUCTS = 20_000  # distinct product and version pairs; the country's are about 200,000
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HEADER = ("N° inventaire", "Catégorie", "Nom", "Éditeur", "Produit", "Version", "Site")
CATEGORIES = ("Poste de travail", "Serveur", "Équipement actif", "Équipement biomédical")


def run() -> Iterator[Figure]:
    """Import, then import the same file again with one line in a hundred changed.

    In a process of its own, whose peak of memory is then that of the import.
    """
    with TemporaryDirectory(prefix="tocsin-bench-") as name:
        folder = Path(name)
        write_table(folder / "import.csv", changed=0)
        write_table(folder / "update.csv", changed=100)
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            yield from process.submit(measured, folder).result()


def measured(folder: Path) -> list[Figure]:
    """Import both files of the folder, from their bytes to the rows of an embedded database."""
    collect_seldom()  # as the command does
    database = Database(f"sqlite:///{folder / 'tocsin.db'}")
    upgrade(database)
    facility = database.call(_register)
    figures = []
    for name in ("import", "update"):
        start = time.perf_counter()
        _import(database, facility, folder / f"{name}.csv")
        figures.append(Figure(f"inventory.{name}_1m_s", time.perf_counter() - start, "s"))
    database.dispose()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KiB on Linux
    return [*figures, Figure("inventory.peak_mib", peak, "MiB")]


def write_table(path: Path, *, changed: int) -> None:
    """A CSV of :data:`LINES` lines; one in ``changed`` has a newer version (none when 0)."""
    drawn = random.Random(20260302)
    products = [
        (f"Éditeur {n % 400}", f"Produit {n // 4}", f"{n % 9}.{n % 13}.{n % 7}")
        for n in range(PRODUCTS)
    ]
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(HEADER)
        for number in range(LINES):
            vendor, product, version = products[int(PRODUCTS * drawn.random() ** 2)]
            if changed and number % changed == 0:
                version += ".1"
            category = CATEGORIES[number % len(CATEGORIES)]
            name = f"hote-{number:07d}"
            writer.writerow((f"E{number:07d}", category, name, vendor, product, version, "Site A"))


def _register(session: Session) -> Facility:
    facilities.save(
        session, [Facility("590999017", "CHU", "ars-hauts-de-france", FacilityKind.CHU)]
    )
    found = facilities.by_finess(session, "590999017")
    if found is None:
        raise LookupError("the facility that was just saved is not there")
    return found


def _import(database: Database, facility: Facility, path: Path) -> None:
    """As the command does: the file itself is let go once it is read."""
    upload = read_inventory(path.read_bytes(), file="parc.csv")
    database.call(
        upload_inventory, facility, upload, filename="parc.csv", dated=NOW, confirm=True, now=NOW
    )
