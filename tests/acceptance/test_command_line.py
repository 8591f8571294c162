"""The command line as an operator uses it: a real process, its output and its exit code."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from bot.cli import main
from tests.conftest import ROOT
from tests.servers.smtp import Relay
from tests.servers.waiting import eventually

DEMO = ROOT / "config" / "demo"
NOTHING_OUTSIDE = "\n".join(
    f'[[{table}]]\nname = "{name}"\nenabled = false'
    for table, name in (
        ("source", "certfr"),
        ("source", "certsante"),
        ("source", "cisa-medical"),
        ("signal", "kev"),
        ("signal", "epss"),
    )
)


class Installation:
    """A configured Tocsin in a folder of its own; commands run in this process."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        (folder / "sources.toml").write_text(NOTHING_OUTSIDE)
        self.environ = {
            "PATH": os.environ["PATH"],
            "TOCSIN_DATA_DIR": str(folder / "data"),
            "TOCSIN_SOURCES_FILE": str(folder / "sources.toml"),
            "XDG_CONFIG_HOME": str(folder),
        }

    def __call__(self, *words: str, code: int = 0) -> str:
        """Run a command and return what it wrote; its exit code must be ``code``."""
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(words), self.environ)
        written = self._capsys.readouterr()
        assert (ended.value.code or 0) == code, written.out + written.err
        return " ".join((written.out + written.err).split()) if code else written.out


@pytest.fixture
def tocsin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Installation:
    """An installation with its tables."""
    installation = Installation(tmp_path, capsys)
    installation("init")
    return installation


def test_from_a_file_to_a_mail_on_disk(tocsin: Installation, tmp_path: Path) -> None:
    tocsin("facility", "import", str(DEMO / "facilities.csv"))
    inventory = str(DEMO / "inventories" / "590999017.csv")
    words = ("inventory", "import", "--facility", "590999017", "--as-of", "2026-11-02")
    assert "Essai" in tocsin(*words, "--dry-run", inventory)
    tocsin(*words, inventory)
    tocsin("subscribe", "590999017", "email", "ssi@chu.example", "--rhythm", "immediate")
    tocsin("ingest", "--file", str(DEMO / "bulletins"))
    assert "alerts opened" in tocsin("match")
    listed = json.loads(tocsin("--json", "alerts", "--facility", "590999017"))
    assert "CERTFR-2026-ALE-9001" in {each["advisory"] for each in listed}
    why = tocsin("--json", "explain", "CERTFR-2026-AVI-9001", "--facility", "590999017")
    assert "antérieures à 13.1-49.13" in why
    assert "not_affected" in tocsin(
        "--json", "explain", "CERTFR-2026-ALE-9001", "--facility", "590999017"
    )
    todo = json.loads(tocsin("actions", "--json", "--facility", "590999017"))
    months = {each["action"]["name"]: each["action"]["release"] for each in todo}
    assert months["Windows Server"] == "2026-11"
    reference = todo[0]["action"]["reference"]
    assert reference in tocsin("actions")
    assert "CERTFR-2026" in tocsin("actions", reference)
    tocsin("dispatch", "--to-console", str(tmp_path / "mails"))
    assert list((tmp_path / "mails").glob("*.eml"))
    states = {each["state"] for each in json.loads(tocsin("--json", "deliveries"))}
    assert states == {"delivered"}
    assert json.loads(tocsin("--json", "deliveries", "--dead")) == []
    covered = json.loads(tocsin("--json", "inventory", "coverage", "--facility", "590999017"))
    counts = covered[0]["coverage"]
    parts = ("assessed", "without_version", "unrecognised")
    assert counts["total"] == sum(counts[part] for part in parts)


def test_simulating_writes_nothing(tocsin: Installation) -> None:
    tocsin("facility", "import", str(DEMO / "facilities.csv"))
    tocsin(
        "inventory", "import", "--facility", "590999017", str(DEMO / "inventories/590999017.csv")
    )
    tocsin("ingest", "--file", str(DEMO / "bulletins"))
    tocsin("match")
    traffic = json.loads(tocsin("--json", "simulate", "--from", "2026-11-01", "--to", "2026-12-01"))
    everybody = traffic["facilities"]
    chu = next(each for each in everybody if each["facility"]["finess"] == "590999017")
    assert chu["alerts"] > 0
    assert chu["late"] == 0
    assert traffic["kinds"][0]["late"] == 0
    assert json.loads(tocsin("--json", "deliveries")) == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("alerts", "ALR-2026-9999"), 4, "no alert"),
        (("actions", "ACT-2026-9999"), 4, "no action"),
        (("inventory", "list", "--facility", "590999018"), 4, "clé de contrôle"),
        (("inventory", "list", "--facility", "690999032"), 4, "facility import"),
        (("ingest", "--file", "/nowhere.json"), 4, "/nowhere.json"),
        (("ingest", "cert-frr"), 3, "no source named cert-frr"),
        (("simulate", "--from", "hier", "--to", "2026-01-01"), 2, "2026-01-31"),
        (("person", "add", "a@b.example", "--name", "A", "--role", "rssi"), 2, "--facility"),
        (("run", "--roles", "feeds,coffee"), 2, "coffee"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(
    tocsin: Installation, words: tuple[str, ...], code: int, said: str
) -> None:
    assert said in tocsin(*words, code=code)


def test_an_unknown_key_names_the_nearest(tocsin: Installation, tmp_path: Path) -> None:
    wrong = tmp_path / "tocsin.toml"
    wrong.write_text("[email]\nhots = 'smtp.example'\n")
    said = tocsin("--config", str(wrong), "check-config", code=3)
    assert "email.hots" in said
    assert "email.host" in said
    assert "matrix.homeserver" in tocsin("check-config")


def test_a_file_with_one_bad_bulletin_keeps_the_others(
    tocsin: Installation, tmp_path: Path
) -> None:
    good = (DEMO / "bulletins" / "CERTFR-2026-AVI-9002.json").read_text("utf-8")
    lines = [json.dumps(json.loads(good)), '{"reference": "CERTFR-2026-AVI-9100"}']
    (tmp_path / "mixed.jsonl").write_text("\n".join(lines), "utf-8")
    said = tocsin("ingest", "--file", str(tmp_path / "mixed.jsonl"), code=1)
    assert "line 2" in said
    assert "mixed.jsonl 1 0 0 1" in said


async def test_run_sends_what_waits_and_stops_when_told(tocsin: Installation, relay: Relay) -> None:
    await asyncio.to_thread(tocsin, "facility", "import", str(DEMO / "facilities.csv"))
    await asyncio.to_thread(tocsin, "subscribe", "290999044", "email", "direction@ehpad.example")
    bulletin = DEMO / "bulletins" / "fax-frauduleux-2018.stix.json"
    await asyncio.to_thread(tocsin, "ingest", "--file", str(bulletin))
    environ = {
        **tocsin.environ,
        "TOCSIN_EMAIL__HOST": "127.0.0.1",
        "TOCSIN_EMAIL__PORT": str(relay.port),
        "TOCSIN_EMAIL__SECURITY": "plain",
        "TOCSIN_EMAIL__SENDER": "Tocsin <tocsin@tocsin.example>",
    }
    command = (sys.executable, "-m", "bot", "run")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environ)
    try:
        await eventually(lambda: len(relay.mails) == 1, within=60)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
    assert "Fax frauduleux" in relay.mails[0]["Subject"]


def test_health_says_what_is_wrong_until_the_operator_decides(tocsin: Installation) -> None:
    assert json.loads(tocsin("--json", "health"))["ok"]
    assert "Nothing is wrong" in tocsin("health")
    wanted = json.loads(tocsin("--json", "deliveries"))
    assert wanted == []
    said = tocsin("deliveries", "--drop", "0190a0d8-0000-7000-8000-000000000000", code=2)
    assert "--reason" in said
    words = ("deliveries", "--drop", "0190a0d8-0000-7000-8000-000000000000", "--reason", "no")
    assert "cannot be called back" in tocsin(*words, code=4)
    assert "not one of" in tocsin("deliveries", "--replay-dead", "pigeon", code=2)
    assert "0 dead deliveries" in tocsin("deliveries", "--replay-dead", "email")


def test_health_without_tables_is_a_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installation = Installation(tmp_path, capsys)
    report = json.loads(installation("--json", "health", code=1) or "{}")
    assert report["report"]["findings"][0]["problem"] == "schema"


@pytest.mark.parametrize("words", [("--json", "facility", "list"), ("facility", "list", "--json")])
def test_json_may_be_asked_for_anywhere(tocsin: Installation, words: tuple[str, ...]) -> None:
    assert json.loads(tocsin(*words)) == []


def test_the_configuration_may_be_named_anywhere(tocsin: Installation, tmp_path: Path) -> None:
    path = tmp_path / "here.toml"
    path.write_text("[email]\nhost = 'relay.example'\n")
    said = tocsin("check-config", "--config", str(path), "--json")
    assert json.loads(said)["email.host"] == "relay.example"
