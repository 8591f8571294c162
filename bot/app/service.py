"""Everything, continuously, until it is told to stop: jobs by the clock, and the chats."""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from aiohttp import web
from rich.console import Console

from bot.app import peers
from bot.app.application import Application
from bot.app.health import observe, tell
from bot.app.roles import AccountLostError, Role
from bot.channels.base import Channel
from bot.channels.matrix.channel import MatrixChannel
from bot.channels.slack.channel import SlackChannel
from bot.domain.message import ChannelName
from bot.jobs import LEASE, Job, Jobs
from bot.pipeline.dispatch import Dispatcher, DispatchReport
from bot.pipeline.ingest import ingest, ingest_signals
from bot.store import leases
from bot.store.wakeup import Topic, keep_listening
from bot.web.health import HealthPages
from bot.web.server import serve_pages

log = structlog.get_logger(__name__)

MATCH_EVERY = timedelta(seconds=2)
DISPATCH_EVERY = timedelta(seconds=1)
PERIODIC_EVERY = timedelta(minutes=1)
WATCH_EVERY = timedelta(minutes=1)
WATCH_AFTER = timedelta(minutes=5)  # a start catches up with what the stop left: no alarm for it
LEASE_POLL = timedelta(seconds=15)


async def serve(
    application: Application, console: Console, roles: set[Role], through: set[ChannelName]
) -> None:
    """Do the work of ``roles`` until SIGINT or SIGTERM.

    Args:
        through: the channels to use, of those that are configured.

    Raises:
        AccountLostError: another process took the Matrix account over.
        DeliveryError: a peer refuses the account for good.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    channels = peers.channels(application, console) if roles & {Role.DISPATCH, Role.CHAT} else {}
    channels = {name: channel for name, channel in channels.items() if name in through}
    matrix = channels.pop(ChannelName.MATRIX, None)
    services: list[Coroutine[Any, Any, None]] = []
    if isinstance(matrix, MatrixChannel):
        services.append(_matrix(application, matrix, roles))
    slack = channels.get(ChannelName.SLACK)
    if Role.CHAT in roles and isinstance(slack, SlackChannel):
        services.append(_slack(application, slack))
    if Role.WEB in roles and application.settings.web.port:
        services.append(_pages(application))
    if Role.WEB in roles and application.settings.web.public_url:
        services.append(_answers(application))
    if not application.database.is_sqlite:
        services.append(keep_listening(application.database.url, application.database.bells))
    running = [asyncio.create_task(_supervised(service, stop)) for service in services]
    dispatchers = _dispatchers(application, channels) if Role.DISPATCH in roles else []
    sending = [
        asyncio.create_task(_supervised(dispatcher.run_for_ever(DISPATCH_EVERY), stop))
        for dispatcher in dispatchers
    ]
    try:
        await Jobs(application.database).run(_jobs(application, roles), stop)
    finally:
        for dispatcher in dispatchers:
            dispatcher.stop()
        await asyncio.gather(*sending, return_exceptions=True)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for channel in set(channels.values()):
            await channel.close()
        await application.database.close()
    for task in (*running, *sending):
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def _pages(application: Application) -> None:
    """What supervision reads."""
    pages = HealthPages(partial(observe, application), clock=application.clock)
    await serve_pages(pages.routes(), application.settings.web.host, application.settings.web.port)


async def _answers(application: Application) -> None:
    """What people open from a mail, and nothing else."""
    pages, settings = peers.answer_pages(application), application.settings.web
    await serve_pages(
        pages.routes(), settings.public_host, settings.public_port, name="[web] public"
    )


async def send_once(
    application: Application,
    console: Console,
    rehearsal: Channel | None,
    progress: Callable[[int], None],
) -> DispatchReport:
    """Write what is due by the clock, then send what is due, once.

    Args:
        rehearsal: takes every message instead of the configured channels.

    The Matrix account is left alone while ``tocsin run`` owns it.
    """
    await application.write_periodic()
    holder = uuid.uuid4()
    if rehearsal is not None:
        channels: dict[ChannelName, Channel] = dict.fromkeys(ChannelName, rehearsal)
    else:
        channels = peers.channels(application, console)
        if ChannelName.MATRIX in channels and not await application.database.run(
            leases.take, peers.MATRIX_LEASE, holder, life=LEASE
        ):
            await channels.pop(ChannelName.MATRIX).close()
    try:
        return await peers.dispatcher(application, channels).run(progress)
    finally:
        for channel in set(channels.values()):
            await channel.close()
        await application.database.run(leases.release, peers.MATRIX_LEASE, holder)


async def _supervised(service: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """A service that ends, ends the process: whoever supervises it starts it again."""
    try:
        await service
    finally:
        stop.set()


def _dispatchers(
    application: Application, channels: dict[ChannelName, Channel]
) -> list[Dispatcher]:
    """One for each channel: a slow one holds no other."""
    made = [peers.dispatcher(application, {name: each}) for name, each in channels.items()]
    for dispatcher in made:
        application.database.bells.on(Topic.DISPATCH, dispatcher.wake)
    return made


def _jobs(application: Application, roles: set[Role]) -> list[Job]:
    jobs: list[Job] = []
    if Role.FEEDS in roles:
        jobs += _readings(application)
    if Role.MATCH in roles:
        engine = application.engine()
        jobs.append(Job("match", MATCH_EVERY, engine.run, leased=True, topic=Topic.MATCH))
        jobs.append(Job("periodic", PERIODIC_EVERY, application.write_periodic, leased=True))
        jobs.append(Job("watch", WATCH_EVERY, _watch(application), leased=True))
    mailbox = application.settings.mailbox
    if Role.CHAT in roles and mailbox.host:
        every = timedelta(seconds=mailbox.poll_seconds)
        jobs.append(Job("mailbox", every, peers.mailbox(application).poll, leased=True))
    return jobs


def _watch(application: Application) -> Callable[[], Awaitable[object]]:
    """What tells the operator, once Tocsin had the time to catch up."""
    started = application.clock()

    async def watch() -> None:
        if application.clock() - started >= WATCH_AFTER:
            await tell(application)

    return watch


def _readings(application: Application) -> list[Job]:
    """One leased job a source, at the source's own pace."""
    database, clock = application.database, application.clock
    paces = {c.name: c.every for c in application.source_configs() + application.signal_configs()}
    readings: dict[str, Callable[[], Awaitable[object]]] = {
        source.name: partial(ingest, database, source, clock=clock)
        for source in application.sources([])
    }
    readings |= {
        signals.name: partial(
            ingest_signals,
            database,
            signals,
            clock=clock,
            scale=application.settings.priority.scale,
        )
        for signals in application.signals([])
    }
    return [
        Job(f"read {name}", paces[name], reading, leased=True) for name, reading in readings.items()
    ]


async def _matrix(application: Application, channel: MatrixChannel, roles: set[Role]) -> None:
    """Own the Matrix account: wait for it, then listen and send until it is lost."""
    database, holder = application.database, uuid.uuid4()
    while not await database.run(leases.take, peers.MATRIX_LEASE, holder, life=LEASE):
        log.info("matrix account held by another process")
        await asyncio.sleep(LEASE_POLL.total_seconds())
    tasks = [asyncio.create_task(_keep_account(application, holder))]
    if Role.CHAT in roles:
        tasks.append(asyncio.create_task(peers.matrix_chat(application, channel).run()))
    if Role.DISPATCH in roles:
        tasks.append(asyncio.create_task(_send_continuously(application, channel)))
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await channel.close()
        await database.run(leases.release, peers.MATRIX_LEASE, holder)


async def _keep_account(application: Application, holder: uuid.UUID) -> None:
    while await application.database.run(leases.take, peers.MATRIX_LEASE, holder, life=LEASE):
        await asyncio.sleep(LEASE.total_seconds() / 3)
    raise AccountLostError("the Matrix account was taken over by another process")


async def _send_continuously(application: Application, channel: MatrixChannel) -> None:
    (dispatcher,) = _dispatchers(application, {ChannelName.MATRIX: channel})
    await dispatcher.run_for_ever(DISPATCH_EVERY)


async def _slack(application: Application, channel: SlackChannel) -> None:
    """Listen to Slack: out through Socket Mode, or to signed requests where that is chosen."""
    slack = application.settings.slack
    chat = peers.slack_chat(application, channel)
    if slack.mode == "socket":
        await chat.run()
        return
    runner = web.AppRunner(chat.http_app())
    await runner.setup()
    try:
        await web.TCPSite(runner, slack.http_host, slack.http_port).start()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
