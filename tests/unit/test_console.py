"""The console shows what a room would, and nothing drives the terminal."""

from __future__ import annotations

import io
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

from rich.console import Console

from bot.channels.console import ConsoleChannel
from bot.domain.message import Attachment, Choice, Message

MESSAGE = Message(
    subject="Citrix NetScaler : 3 serveurs concernés",
    text="À faire : passer en 13.1-49.13.\x1b[2J\n[bold]pas du balisage[/bold]",
    choices=(Choice("oui", "Je m'en occupe", "ALR-2026-0412:taken", emoji="✋"),),
    attachments=(Attachment("consigne.md", "text/markdown", "…"),),
)


def shown() -> tuple[Console, io.StringIO]:
    screen = io.StringIO()
    return Console(file=screen, width=80, force_terminal=False), screen


async def test_a_room_shows_subject_text_and_choices() -> None:
    console, screen = shown()
    await ConsoleChannel(console).send("!salon:example.org", MESSAGE, key="k1")
    text = screen.getvalue()
    for words in ("!salon:example.org", MESSAGE.subject, "Je m'en occupe", "consigne.md"):
        assert words in text
    assert "[bold]pas du balisage[/bold]" in text
    assert "\x1b" not in text
    assert "TLP:CLEAR" in text


async def test_a_mailbox_gets_one_file_a_key(tmp_path: Path) -> None:
    console, _ = shown()
    channel = ConsoleChannel(console, mail_folder=tmp_path / "mails")
    first = await channel.send("ssi@ch.example", MESSAGE, key="k1")
    assert await channel.send("ssi@ch.example", MESSAGE, key="k1") == first
    await channel.send("ssi@ch.example", MESSAGE, key="k2")
    files = list((tmp_path / "mails").glob("ssi-*.eml"))
    assert len(files) == 2
    assert first in map(str, files)
    mail = message_from_bytes(files[0].read_bytes(), policy=SMTP)
    assert mail["Subject"] == MESSAGE.subject
