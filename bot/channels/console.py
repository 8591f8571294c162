"""The console: shows a message as its room would, and writes mails as ``.eml`` files."""

from __future__ import annotations

import asyncio
import hashlib
import re
import unicodedata
from pathlib import Path

from rich.console import Console, Group
from rich.panel import Panel
from rich.text import Text

from bot.channels.base import PermanentDeliveryError
from bot.channels.mail.format import BadAddressError, compose
from bot.domain.clock import Clock, system_clock
from bot.domain.message import Message

MAILBOX = re.compile(r"[^@!#\s]+@[^@\s]+")  # a Matrix identifier begins with !, # or @


class ConsoleChannel:
    """Prints to ``console``; a mailbox gets an ``.eml`` file in ``mail_folder`` besides."""

    def __init__(
        self,
        console: Console,
        *,
        mail_folder: Path | None = None,
        sender: str = "Tocsin <tocsin@tocsin.invalid>",
        clock: Clock = system_clock,
    ) -> None:
        self._console = console
        self._mail_folder = mail_folder
        self._sender = sender
        self._clock = clock

    async def send(self, address: str, message: Message, *, key: str) -> str:
        """Show ``message`` and return the path of its file, or a name made from the key.

        The same key writes the same file.

        Raises:
            PermanentDeliveryError: ``address`` looks like a mailbox and is not one.
        """
        receipt = f"console:{key}"
        if self._mail_folder is not None and MAILBOX.fullmatch(address):
            path = await asyncio.to_thread(
                self._write_mail, self._mail_folder, address, message, key
            )
            receipt = str(path)
        self._console.print(as_panel(address, message))
        return receipt

    async def find(self, address: str, *, key: str) -> str | None:
        """Showing a message again is harmless."""
        return None

    async def close(self) -> None:
        """Nothing is held."""

    def _write_mail(self, folder: Path, address: str, message: Message, key: str) -> Path:
        try:
            mail = compose(
                message, sender=self._sender, address=address, key=key, sent_at=self._clock()
            )
        except BadAddressError as error:
            raise PermanentDeliveryError(str(error)) from None
        folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^A-Za-z0-9.-]+", "-", address.partition("@")[0])[:40]
        path = folder / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.eml"
        path.write_bytes(mail.as_bytes())
        return path


def as_panel(address: str, message: Message) -> Panel:
    """The message in a frame titled with its destination, its choices as buttons."""
    parts = [Text(printable(message.text).strip())]
    if message.subject and not message.text.lstrip().startswith(message.subject):
        parts.insert(0, Text(printable(message.subject), style="bold"))
    if message.choices:
        words = "   ".join(
            f"[{' '.join((choice.emoji, choice.label)).strip()}]" for choice in message.choices
        )
        parts.append(Text("\n" + printable(words), style="cyan"))
    if message.attachments:
        names = ", ".join(attachment.name for attachment in message.attachments)
        parts.append(Text(f"\n📎 {printable(names)}", style="dim"))
    title = Text(printable(address), style="bold")
    subtitle = Text(f"TLP:{message.marking.label}", style="dim")
    return Panel(
        Group(*parts), title=title, subtitle=subtitle, title_align="left", subtitle_align="right"
    )


def printable(text: str) -> str:
    """Drop control characters but new lines: a bulletin must not drive the terminal."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"})
