"""Looks at everything that can go wrong, and judges it once for all who ask."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog
from cryptography import x509

from bot.app.application import Application
from bot.chat.mailbox import NAME as MAILBOX
from bot.chat.pulse import BEAT
from bot.domain.alarm import Damping
from bot.domain.delivery import Address
from bot.domain.health import Finding, HealthReport, Problem, Thresholds, judge
from bot.domain.message import ChannelName
from bot.pipeline.watch import tell_operator
from bot.settings import ConfigurationError, Settings
from bot.store import health
from bot.store.database import DatabaseUnreachableError
from bot.store.migrate import SchemaError, check

log = structlog.get_logger(__name__)


async def observe(application: Application) -> HealthReport:
    """How Tocsin is now. A database that does not answer is a finding, not an error.

    Raises:
        ConfigurationError: the file of the certificate or of the sources cannot be read.
    """
    database, now = application.database, application.clock()
    try:
        await asyncio.to_thread(check, database)
        seen = await database.run(
            health.snapshot,
            paces(application),
            now=now,
            chats=chats(application.settings),
            certificate_ends=certificate_end(application.settings),
        )
    except SchemaError as error:
        return HealthReport(now, (Finding(Problem.SCHEMA, "database", detail=str(error)),), None)
    except DatabaseUnreachableError as error:
        return HealthReport(now, (Finding(Problem.DATABASE, "database", detail=str(error)),), None)
    return HealthReport(now, judge(seen, thresholds(application.settings)), seen)


async def tell(application: Application) -> int:
    """Tell the operator what is newly wrong and what is over; return how many messages.

    Without a database there is no outbox: then only the log says so.
    """
    report = await observe(application)
    if report.snapshot is None:
        log.error("health", findings=[each.code for each in report.findings])
        return 0
    return await application.database.run(
        tell_operator,
        application.renderer,
        report.findings,
        targets(application.settings),
        language=application.settings.language,
        now=application.clock(),
        damping=damping(application.settings),
    )


def targets(settings: Settings) -> list[Address]:
    """Where the operator can be told: the addresses whose channel is configured."""
    configured = {
        ChannelName.CONSOLE: True,
        ChannelName.EMAIL: bool(settings.email.host),
        ChannelName.SLACK: bool(settings.slack.bot_token.get_secret_value()),
        ChannelName.MATRIX: bool(settings.matrix.homeserver),
    }
    found = [Address.read(each) for each in settings.operator.addresses]
    return [each for each in found if configured[each.channel]]


def paces(application: Application) -> dict[str, timedelta]:
    """What is read and how often: the enabled sources, lists of exploited vulnerabilities
    included."""
    configs = application.source_configs() + application.signal_configs()
    return {config.name: config.every for config in configs if config.enabled}


def chats(settings: Settings) -> dict[str, timedelta]:
    """Where people are heard, and how often each says that it lives. Slack over HTTP holds
    nothing open: only its requests say so."""
    found: dict[str, timedelta] = {}
    if settings.matrix.homeserver:
        found[ChannelName.MATRIX.value] = BEAT
    if settings.slack.bot_token.get_secret_value() and settings.slack.mode == "socket":
        found[ChannelName.SLACK.value] = BEAT
    if settings.mailbox.host:
        found[MAILBOX] = timedelta(seconds=settings.mailbox.poll_seconds)
    return found


def thresholds(settings: Settings) -> Thresholds:
    """From when on something is wrong here."""
    chosen = settings.health
    return Thresholds(
        source_silent=timedelta(hours=chosen.source_silent_hours),
        chat_silent=timedelta(minutes=chosen.chat_silent_minutes),
        queue_old=timedelta(minutes=chosen.queue_old_minutes),
        refusing_for=timedelta(minutes=chosen.refusing_minutes),
        certificate_ends=timedelta(days=chosen.certificate_days),
    )


def damping(settings: Settings) -> Damping:
    """How long a problem holds before it is told here."""
    chosen = settings.health
    return Damping(
        after=timedelta(minutes=chosen.alarm_after_minutes),
        over_after=timedelta(minutes=chosen.over_after_minutes),
        again=timedelta(hours=chosen.again_hours),
    )


def certificate_end(settings: Settings) -> datetime | None:
    """Until when the certificate that signs mails is valid; None without one.

    Raises:
        ConfigurationError: the file holds none.
    """
    path = settings.email.certificate
    if path is None:
        return None
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())[0].not_valid_after_utc
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"email.certificate: {path}: no certificate there") from error
