"""The mailbox that replies to mails arrive in, polled over IMAP by one process at a time."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

import structlog

from bot.chat.imap import ImapFolder, ImapOptions, MailboxError, Point
from bot.chat.mail_desk import MailDesk, MailOutcome
from bot.domain.clock import Clock
from bot.store import Database, Session, audit, sources

log = structlog.get_logger(__name__)

NAME = "mailbox"  # among the sources: how far it was read, and how it has been


class Mailbox:
    """Reads what is new. A mail is marked as read once what follows from it is written.

    A mail that cannot be handled is logged, noted and passed over: it blocks no other.
    """

    def __init__(
        self, database: Database, desk: MailDesk, options: ImapOptions, *, clock: Clock
    ) -> None:
        self._database = database
        self._desk = desk
        self._options = options
        self._clock = clock

    async def poll(self) -> list[MailOutcome]:
        """Handle every new mail and return what became of each.

        Raises:
            MailboxError: the server cannot be used; what was read stays read.
        """
        try:
            outcomes = await self._read()
        except MailboxError as error:
            await self._database.run(sources.failed, NAME, str(error), now=self._clock())
            raise
        await self._database.run(sources.succeeded, NAME, now=self._clock())
        return outcomes

    async def _read(self) -> list[MailOutcome]:
        point = Point.of_cursor(await self._database.run(sources.cursor, NAME))
        folder = await asyncio.to_thread(ImapFolder.open, self._options)
        try:
            uids = await asyncio.to_thread(folder.waiting, point)
            return [await self._handle(folder, uid) for uid in uids]
        finally:
            await asyncio.to_thread(folder.close)

    async def _handle(self, folder: ImapFolder, uid: int) -> MailOutcome:
        raw = await asyncio.to_thread(folder.fetch, uid)
        point = Point(folder.validity, uid)
        taken = asyncio.create_task(self._database.run(self._take, raw, point))
        await asyncio.wait({taken})
        if (error := taken.exception()) is not None:
            log.error("mail", uid=uid, exc_info=error)
            await self._database.run(self._pass_over, point)
            outcome = MailOutcome.IGNORED
        else:
            outcome = taken.result()
        log.info("mail", uid=uid, outcome=outcome.value)
        await asyncio.to_thread(folder.mark_read, uid)
        return outcome

    def _take(self, session: Session, raw: bytes, point: Point) -> MailOutcome:
        sources.save_cursor(session, NAME, asdict(point))
        return self._desk.take(session, raw)

    def _pass_over(self, session: Session, point: Point) -> None:
        sources.save_cursor(session, NAME, asdict(point))
        audit.note(session, "tocsin", "mail.failed", str(point.uid), now=self._clock())
