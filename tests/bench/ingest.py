"""The whole corpus of CERT-FR, read from its file by the command, twice; and what of it is read."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from feeds.advisory import Advisory, Tlp
from feeds.affected import Grade, parse_line
from feeds.files import open_path
from feeds.formats import parse_any
from tests.bench.figures import Figure
from tests.bench.skip import Skipped
from tests.conftest import ROOT, SHARED_DATA

CORPUS = SHARED_DATA / "certfr-avis.jsonl.zst"


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of the command: how long, its peak memory (MiB), what it said."""

    seconds: float
    peak: float
    new: int
    revised: int
    unchanged: int


def run() -> Iterator[Figure]:
    """Ingest the corpus twice; then grade every affected row."""
    if not CORPUS.is_file():
        raise Skipped("the real corpus (../shared/data) is not beside this checkout")
    with TemporaryDirectory(prefix="tocsin-bench-") as folder:
        _tocsin(folder, "init")
        first, again = _ingest(folder), _ingest(folder)
    if again.new or again.revised:
        raise AssertionError(f"the second reading was not quiet: {again}")
    yield Figure("ingest.corpus_bulletins", first.new, "bulletins")
    yield Figure("ingest.corpus_s", first.seconds, "s")
    yield Figure(
        "ingest.corpus_again_s",
        again.seconds,
        "s",
        "first reading",
        first.seconds,
        first.seconds / again.seconds,
    )
    yield Figure("ingest.peak_mib", first.peak, "MiB")
    grades = _grades()
    yield Figure("ingest.rows", grades.total(), "rows")
    for grade in Grade:
        yield Figure(f"ingest.rows_{grade.value}", grades[grade], "rows")


def _ingest(folder: str) -> Ran:
    start = time.perf_counter()
    said, peak = _tocsin(folder, "--json", "ingest", "--file", str(CORPUS))
    (report,) = json.loads(said)
    intake = report["intake"]
    seconds = time.perf_counter() - start
    return Ran(seconds, peak, intake["new"], intake["revised"], intake["unchanged"])


def _tocsin(folder: str, *arguments: str) -> tuple[str, float]:
    """Run the command in a process of its own; what it printed, and its peak memory (MiB)."""
    out = Path(folder) / "stdout"
    environ = {**os.environ, "TOCSIN_DATA_DIR": folder, "PYTHONPATH": str(ROOT)}
    with out.open("wb") as sink:
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "bot", *arguments],
            environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, sink.fileno(), 1)],
        )
        _, status, usage = os.wait4(pid, 0)
    said = out.read_text("utf-8")
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"tocsin {' '.join(arguments)} failed: {said[-500:]}")
    return said, usage.ru_maxrss / 1024  # KiB on Linux


def _grades() -> Counter[Grade]:
    """How every affected row of the corpus is read."""
    grades: Counter[Grade] = Counter()
    for document in open_path(CORPUS, fetched_at=datetime(2026, 3, 2, tzinfo=UTC)):
        for advisory in parse_any(document, tlp=Tlp.CLEAR):
            if isinstance(advisory, Advisory):
                grades.update(_grade(row.description) for row in advisory.affected)
    return grades


def _grade(description: str) -> Grade:
    """Decided, or unread, when all its statements are; to review otherwise."""
    found = {statement.grade for statement in parse_line(description)}
    if found == {Grade.DECIDED}:
        return Grade.DECIDED
    return Grade.UNREAD if found <= {Grade.UNREAD} else Grade.REVIEW
