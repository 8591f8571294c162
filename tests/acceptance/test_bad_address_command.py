"""An operator sees which addresses bounce, and what to do about them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.delivery import Address
from bot.store import Database, mails
from tests.acceptance.test_command_line import DEMO, Installation

GUARD = "garde@ch-exemple.example"


def test_a_bad_address_is_listed_until_it_is_subscribed_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tocsin = Installation(tmp_path, capsys)
    tocsin("init")
    tocsin("facility", "import", str(DEMO / "facilities.csv"))
    tocsin("subscribe", "590999017", "email", GUARD)
    database = Database(f"sqlite:///{tmp_path / 'data' / 'tocsin.db'}")
    now = datetime(2026, 3, 2, 8, tzinfo=UTC)
    database.call(mails.mark_bad, Address.mailbox(GUARD), "5.1.1", now=now)
    database.dispose()
    listed = "".join(tocsin("facility", "list").split())
    assert "BOUNCESsince2026-03-025.1.1" in "".join(c for c in listed if c not in "│|")
    tocsin("subscribe", "590999017", "email", GUARD)
    assert "BOUNCES" not in tocsin("facility", "list")
