"""A process that dispatches until it is killed. It is told everything: it has no settings."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

import structlog

from bot.channels.mail.channel import EmailChannel, EmailOptions, EmailSecurity
from bot.domain.clock import system_clock
from bot.domain.delivery import Lease, RetryPolicy
from bot.domain.message import ChannelName
from bot.pipeline.dispatch import Dispatcher
from bot.store import Database, Session, audit

LEASE = timedelta(seconds=4)
TIMEOUT = timedelta(seconds=2)  # of the relay's answers: shorter than the lease
AT_ONCE = 8
RECORDED = "recorded"
DOMAIN = "sante.example"


def send_for_ever(url: str, port: int) -> None:
    """Dispatch from the database at ``url`` to the relay on ``port``."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(_send(url, port))


async def _send(url: str, port: int) -> None:
    options = EmailOptions(
        host="127.0.0.1",
        port=port,
        sender=f"Tocsin <tocsin@{DOMAIN}>",
        security=EmailSecurity.PLAIN,
        timeout=TIMEOUT,
    )
    dispatcher = Dispatcher(
        Database(url),
        {ChannelName.EMAIL: EmailChannel(options)},
        clock=system_clock,
        policy=RetryPolicy(first=timedelta(milliseconds=200), longest=timedelta(seconds=1)),
        on_delivered=_note,
        at_once=AT_ONCE,
        lease=LEASE,
    )
    await dispatcher.run_for_ever(timedelta(milliseconds=20))


def _note(session: Session, lease: Lease, receipt: str, now: datetime) -> None:
    """Leave one entry a record: two would mean that a lost lease was not fenced."""
    audit.note(session, "sender", RECORDED, lease.key, now=now, receipt=receipt)
