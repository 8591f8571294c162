"""What an operator reads when bulletins are bad: what and where, and nothing else is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from bot.app import Application
from bot.domain.clock import system_clock
from bot.settings import Settings
from bot.store.migrate import upgrade

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "tests" / "data"

Run = subprocess.CompletedProcess[str]


@pytest.fixture
def tocsin(tmp_path: Path) -> Callable[..., Run]:
    """The command, on a database of this test's own."""
    environment = {
        **os.environ,
        "TOCSIN_DATA_DIR": str(tmp_path / "data"),
        "XDG_CONFIG_HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "300",
    }

    def run(*words: str | Path) -> Run:
        return subprocess.run(
            [sys.executable, "-m", "bot", *map(str, words)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    application = Application(Settings(data_dir=tmp_path / "data"), clock=system_clock)
    (tmp_path / "data").mkdir()
    upgrade(application.database)
    application.database.dispose()
    return run


def test_a_folder_of_bad_bulletins(tocsin: Callable[..., Run], tmp_path: Path) -> None:
    folder = tmp_path / "bulletins"
    folder.mkdir()
    feed = (DATA / "certsante" / "rss.xml").read_bytes()
    for name, body in {
        "bomb.xml": (DATA / "rss" / "bomb.xml").read_bytes(),
        "cut.xml": feed[: feed.index(b"pompe-a-perfusion")],
        "encoding.json": '{"title": "é"}'.encode("latin-1"),
        "good.json": (DATA / "certfr" / "CERTFR-2026-ALE-003.json").read_bytes(),
        "huge.json.zst": zstandard.compress(b" " * 100_000_000),
        "keys.json": (DATA / "certfr" / "missing-keys.json").read_bytes(),
        "page.xml": (DATA / "rss" / "maintenance.html").read_bytes(),
        "pattern.json": (DATA / "stix" / "one-bad-pattern.json").read_bytes(),
    }.items():
        (folder / name).write_bytes(body)
    done = tocsin("--json", "ingest", "--file", folder)
    assert done.returncode == 1
    [report] = json.loads(done.stdout)
    # good.json, keys.json without its missing key, one item of cut.xml, two of pattern.json
    assert report["intake"]["new"] == 5
    said = "\n".join(report["unreadable"])
    for line in (
        "bomb.xml: document: declares XML entities",
        "cut.xml: document: cut short or broken",
        "encoding.json: document: wrong encoding: byte 11 is not UTF-8",
        "huge.json.zst: document: longer than 32 MiB",
        "keys.json: document (CERTFR-2026-AVI-0302): key 'risks' is missing",
        "page.xml: document: a web page (HTML), not a bulletin",
        "pattern.json: indicator--8d3e1f2a-6b5c-4d7e-9f80-1a2b3c4d5e10: Invalid value",
    ):
        assert line in said
    assert "good.json" not in said
    assert done.stderr.strip() == "tocsin: 10 items could not be read, see above"


def test_one_document_of_100_megabytes(tocsin: Callable[..., Run], tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    path.write_bytes(b" " * 100_000_000)
    done = tocsin("ingest", "--file", path)
    assert done.returncode == 4
    assert "huge.json: longer than 32 MiB, the cap of one document; split it" in done.stderr
