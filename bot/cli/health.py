"""``tocsin health``: what ``/healthz`` and the alarms to the operator say, on demand."""

from __future__ import annotations

import asyncio
from datetime import datetime

import typer

from bot.app.health import observe
from bot.cli.output import Exit, context, table
from bot.cli.sheet import Sheet, Sheets
from bot.domain.delivery import DeliveryState
from bot.domain.health import HealthReport, Snapshot


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("health")(health)


def health(ctx: typer.Context) -> None:
    """Say how Tocsin is: sources, chats, queues, certificate.

    The exit code is 1 when something is wrong.
    The same judgement is served by tocsin run on /healthz, and told to the operator.
    """
    shared = context(ctx)
    report = asyncio.run(observe(shared.unchecked))
    shared.show({"ok": report.ok, "report": report}, lambda: _shown(report))
    if not report.ok:
        raise typer.Exit(Exit.PARTIAL)


def _shown(report: HealthReport) -> Sheets:
    parts: list[str | Sheet] = []
    if report.snapshot is not None:
        parts.append(_sources(report.snapshot))
        if report.snapshot.chats:
            parts.append(_chats(report.snapshot))
        parts.append(_queues(report.snapshot))
        if report.snapshot.certificate_ends is not None:
            parts.append(f"Mails are signed until {_date(report.snapshot.certificate_ends)}.")
    parts.append("Nothing is wrong." if report.ok else _findings(report))
    return Sheets(tuple(parts))


def _findings(report: HealthReport) -> Sheet:
    made = table("wrong", "what", "since or until", "count", "last said")
    for each in report.findings:
        count = str(each.count or "")
        made.add_row(each.problem.value, each.subject, _date(each.since), count, each.detail)
    return made


def _sources(snapshot: Snapshot) -> Sheet:
    made = table("source", "read at", "failures in a row", "unreadable items")
    for each in snapshot.sources:
        read = _date(each.succeeded_at) or "never"
        made.add_row(each.name, read, str(each.failures), str(each.unreadable))
    return made


def _chats(snapshot: Snapshot) -> Sheet:
    made = table("chat", "last heard", "failures in a row", "last said")
    for each in snapshot.chats:
        heard = _date(each.succeeded_at) or "never"
        made.add_row(each.name, heard, str(each.failures), each.error)
    return made


def _queues(snapshot: Snapshot) -> Sheet:
    made = table(
        "channel", *(state.value for state in DeliveryState), "oldest waiting", "last sent"
    )
    for each in snapshot.queues:
        counts = [str(each.count(state)) for state in DeliveryState]
        made.add_row(
            each.channel.value, *counts, _date(each.waiting_since), _date(each.delivered_at)
        )
    return made


def _date(moment: datetime | None) -> str:
    return moment.isoformat(" ", "minutes") if moment else ""
