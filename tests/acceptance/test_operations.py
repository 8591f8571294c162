"""``tocsin run`` as its operator sees it: pages for supervision, and a log without secrets."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.acceptance.test_command_line import Installation
from tests.conftest import ROOT
from tests.servers.process import free_port

SECRETS = {
    "TOCSIN_EMAIL__PASSWORD": "s3cret-of-the-relay",
    "TOCSIN_MATRIX__PASSWORD": "s3cret-of-the-account",
    "TOCSIN_MATRIX__PICKLE_KEY": "s3cret-of-the-keys-0123456789",
    "TOCSIN_SLACK__BOT_TOKEN": "xoxb-s3cret-bot",
    "TOCSIN_SLACK__APP_TOKEN": "xapp-s3cret-app",
    "TOCSIN_SLACK__SIGNING_SECRET": "s3cret-of-signatures",
}


async def healthy(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/healthz") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def tried(log: asyncio.StreamReader | None, channels: set[str]) -> str:
    """What a process logs until it has tried to send through each of these channels."""
    assert log is not None
    lines = []
    while channels:
        lines.append((await log.readline()).decode())
        event = json.loads(lines[-1])
        if event["event"] == "delivery":
            channels.discard(event["channel"])
    return "".join(lines)


async def test_run_serves_pages_and_logs_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tocsin = Installation(tmp_path, capsys)
    await asyncio.to_thread(tocsin, "init")
    closed, port = free_port(), free_port()
    environ = {
        **tocsin.environ,
        **SECRETS,
        "TOCSIN_LOG_LEVEL": "debug",
        "TOCSIN_WEB__PORT": str(port),
        "TOCSIN_EMAIL__HOST": "127.0.0.1",
        "TOCSIN_EMAIL__PORT": str(closed),
        "TOCSIN_EMAIL__USERNAME": "tocsin",
        "TOCSIN_SLACK__API_URL": f"http://127.0.0.1:{closed}/api/",
        "TOCSIN_MATRIX__HOMESERVER": f"http://127.0.0.1:{closed}",
        "TOCSIN_MATRIX__USER": "@tocsin:sante.example",
    }
    await asyncio.to_thread(tocsin, "facility", "import", str(ROOT / "config/demo/facilities.csv"))
    for channel, address in (("email", "a@b.example"), ("slack", "C1"), ("matrix", "!r:x.example")):
        await asyncio.to_thread(tocsin, "subscribe", "290999044", channel, address)
    bulletin = ROOT / "config/demo/bulletins/fax-frauduleux-2018.stix.json"
    await asyncio.to_thread(tocsin, "ingest", "--file", str(bulletin))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=ROOT,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        for _ in range(150):
            if await healthy(f"http://127.0.0.1:{port}"):
                break
            await asyncio.sleep(0.2)
        else:
            pytest.fail("/healthz never said 200")
        logged = await asyncio.wait_for(tried(process.stderr, {"email", "slack"}), 30)
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
    said = logged + (out + err).decode()
    assert not [secret for secret in SECRETS.values() if secret in said]
    assert all(json.loads(line) for line in err.decode().splitlines()), "all that is logged is JSON"


def test_backup_and_restore_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old, new = (Installation(tmp_path / name, capsys) for name in ("old", "new"))
    old("init")
    old("facility", "import", str(ROOT / "config/demo/facilities.csv"))
    old("subscribe", "290999044", "email", "direction@ehpad.example")
    old("ingest", "--file", str(ROOT / "config/demo/bulletins/fax-frauduleux-2018.stix.json"))
    old("match")
    file = str(tmp_path / "tocsin.backup")
    assert "rows" in old("backup", file)
    assert "exists" in old("backup", file, code=4)
    said = new("restore", file)
    assert "1 deliveries waited then and are held" in " ".join(said.split())
    assert json.loads(new("--json", "dispatch"))["delivered"] == 0
    (held,) = json.loads(new("--json", "deliveries", "--held"))
    assert held["address"] == "direction@ehpad.example"
    assert "deliveries-held" in new("health", code=1)
    new("deliveries", "--drop", held["id"], "--reason", "told by telephone")
    assert "Nothing is wrong" in new("health")
    (dropped,) = json.loads(new("--json", "deliveries"))
    assert (dropped["state"], dropped["reason"]) == ("dropped", "told by telephone")
    wrong = tmp_path / "photo.jpg"
    wrong.write_bytes(b"JFIF")
    (tmp_path / "third").mkdir()
    third = Installation(tmp_path / "third", capsys)
    assert "not a backup of Tocsin" in third("restore", str(wrong), code=4)
