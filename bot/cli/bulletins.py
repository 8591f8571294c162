"""``tocsin ingest``, ``match``, ``explain`` and ``simulate``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.evaluate import BadRecordError, evaluate
from bot.cli.options import OfFacility
from bot.cli.output import (
    Context,
    Exit,
    Failure,
    assurance,
    at_midnight,
    context,
    counted,
    table,
)
from bot.cli.sheet import Sheet, Sheets
from bot.domain.digest import Schedule
from bot.domain.matching import VerdictKind
from bot.pipeline.explain import Explanation, explain
from bot.pipeline.ingest import IngestReport, SignalReport, ingest, ingest_signals
from bot.pipeline.match import MatchReport
from bot.pipeline.simulate import KindTraffic, Traffic, by_kind, simulate
from bot.pipeline.view import cited
from bot.store import advisories, inventory, library
from bot.store.migrate import SchemaError
from feeds.advisory import Advisory
from feeds.exploited import SignalSource
from feeds.files import FileSignals, FileSource, holds_signals
from feeds.source import Source

SHOWN = 20
FIRST_PICTURE = (
    "\nBulletins older than an inventory open no alert: the facility gets one first picture of"
    " them from tocsin run or tocsin dispatch (to rehearse: --to-console FOLDER)."
)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("ingest")(ingest_)
    app.command("match")(match)
    app.command("explain")(explain_)
    app.command("simulate")(simulate_)
    app.command("evaluate")(evaluate_)


def ingest_(
    ctx: typer.Context,
    sources: Annotated[
        list[str] | None, typer.Argument(help="Sources to read; all enabled ones by default.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="Read this file or folder instead (.json, .jsonl.zst, .xml, STIX…)."),
    ] = None,
    since: Annotated[
        str, typer.Option(help="Keep only bulletins first published from this day, YYYY-MM-DD.")
    ] = "",
) -> None:
    """Read bulletins and keep what is new. Reading again what is known changes nothing."""
    shared = context(ctx)
    application = shared.application
    start = at_midnight(since, "--since") if since else None
    chosen: list[Source] = []
    signals: Sequence[SignalSource] = []
    if file is None:
        chosen = application.sources(sources or [])
        signals = application.signals(sources or [])
    elif holds_signals(file):
        signals = [FileSignals(file, application.clock)]
    else:
        chosen = [FileSource(file, application.clock)]
    reports = asyncio.run(_read_all(shared, chosen, signals, start))
    shared.show(reports, lambda: _ingest_table(reports))
    problems = [problem for report in reports for problem in report.unreadable]
    for problem in problems[:SHOWN]:
        shared.say(f"unreadable: {problem}")
    if len(problems) > SHOWN:
        shared.say(f"… and {len(problems) - SHOWN} more: tocsin --json ingest lists them all")
    failed = [report for report in reports if report.error]
    if failed:
        raise Failure("; ".join(report.error for report in failed), Exit.INPUT)
    if problems:
        count = counted(len(problems), "item")
        raise Failure(f"{count} could not be read, see above", Exit.PARTIAL)


async def _read_all(
    shared: Context, chosen: list[Source], signals: Sequence[SignalSource], start: datetime | None
) -> list[IngestReport | SignalReport]:
    application = shared.application
    reports: list[IngestReport | SignalReport] = []
    for source in chosen:
        with shared.progress(f"Reading {source.name}") as advance:
            report = await ingest(
                application.database,
                source,
                clock=application.clock,
                since=start,
                progress=advance,
            )
        reports.append(report)
    reports += [
        await ingest_signals(
            application.database,
            each,
            clock=application.clock,
            scale=application.settings.priority.scale,
        )
        for each in signals
    ]
    return reports


def match(
    ctx: typer.Context,
    references: Annotated[
        list[str] | None, typer.Argument(help="Judge these bulletins again, besides what waits.")
    ] = None,
    facility: Annotated[
        str, typer.Option(help="Judge again what this facility has: its FINESS number.")
    ] = "",
    line: Annotated[
        list[str] | None, typer.Option(help="With --facility: these lines only. Repeat.")
    ] = None,
) -> None:
    """Judge new bulletins against the inventories, and new products against the bulletins.

    Alerts and the messages that tell them are written together; tocsin dispatch sends. What
    is judged again opens no alert a second time.
    """
    shared = context(ctx)
    application = shared.application
    _judge_again(shared, references or [], facility, line or [])
    waiting = application.database.call(advisories.unmatched_count)
    with shared.progress("Matching", total=waiting or None) as advance:
        report = asyncio.run(application.match(advance))
    shared.show(report, lambda: _match_line(report))


def _judge_again(shared: Context, references: list[str], facility: str, lines: list[str]) -> None:
    """Mark what is to be judged once more."""
    database = shared.application.database
    if lines and not facility:
        raise Failure("--line: give its facility with --facility", Exit.USAGE)
    if facility:
        owner = shared.facility(facility)
        products = database.call(library.judge_assets_again, owner.id, line_ids=lines)
        if not products:
            raise Failure(f"{owner.finess} has no such line: tocsin inventory list", Exit.INPUT)
    if references and (unknown := database.call(library.judge_again, references)):
        raise Failure(f"{unknown[0]} is not stored: see tocsin bulletins list", Exit.INPUT)


def explain_(
    ctx: typer.Context,
    advisory: Annotated[str, typer.Argument(help="Reference, such as CERTFR-2026-AVI-0123.")],
    facility: OfFacility,
) -> None:
    """Say why an advisory concerns a facility, or not, with the words that decided."""
    shared = context(ctx)
    owner = shared.facility(facility)
    database = shared.application.database
    revision = database.call(advisories.by_reference, advisory)
    if revision is None:
        raise Failure(
            f"{advisory} is not stored; see tocsin ingest, or check the reference", Exit.INPUT
        )
    found = database.call(explain, shared.application.taught_matcher, owner, revision)
    shared.say(f"{revision.advisory.reference} : {revision.advisory.title}")
    if not found:
        shared.say(f"{owner.name} has no product that this advisory names.")
    shared.show(found, lambda: _explanation_table(found, revision.advisory))
    concerned = [each for each in found if each.verdict.kind is VerdictKind.AFFECTED]
    covered = database.call(inventory.coverage, [owner.id])[owner.id]
    shared.say(assurance(shared, sum(len(each.lines) for each in concerned), covered))


def simulate_(
    ctx: typer.Context,
    start: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")],
    end: Annotated[str, typer.Option("--to", help="Day after the last, YYYY-MM-DD.")],
) -> None:
    """Replay bulletins by date: who would have received how many messages. Nothing is sent.

    Ingest and match the bulletins first. Today's inventories stand for those of then.
    """
    shared = context(ctx)
    application = shared.application
    first, last = at_midnight(start, "--from"), at_midnight(end, "--to")
    digest = shared.loaded.settings.digest
    total = len(application.database.call(advisories.published_between, first, last))
    schedule, priorities = Schedule(digest.hour, digest.weekday), application.priorities
    with shared.progress("Replaying", total=total or None) as advance:
        traffic = application.database.call(
            simulate, schedule, priorities, start=first, end=last, progress=advance
        )
    kinds = by_kind(traffic)
    shown = {"kinds": kinds, "facilities": traffic}
    shared.show(shown, lambda: Sheets((_kinds_table(kinds), "", _traffic_table(traffic))))


def evaluate_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Labels, one JSON record a line.")],
    verdicts: Annotated[
        Path | None, typer.Option(help="Write there one line a probe, in order.")
    ] = None,
) -> None:
    """Measure the matcher on your own labels.

    A record judges one affected line, {"id", "vendor", "product", "description", "probes"},
    or a whole stored advisory, {"id", "advisory", "probes"}; a probe is {"vendor",
    "product", "version", "cpe"} with "expected" and "also_ok" where you know the answer.
    Line records need no database.
    """
    shared = context(ctx)

    def lookup(reference: str) -> Advisory | None:
        try:
            return shared.stored_advisory(reference)
        except SchemaError as error:  # the records of lines are judged all the same
            raise BadRecordError(f"advisory {reference} cannot be read: {error}") from error

    code = evaluate(
        file,
        matcher=shared.unchecked.matcher,
        lookup=lookup,
        verdicts=verdicts,
        as_json=shared.as_json,
        console=shared.console,
        headers=shared.words.columns,
    )
    raise typer.Exit(code)


def _ingest_table(reports: list[IngestReport | SignalReport]) -> Sheet:
    made = table("source", "new", "revised", "unchanged", "unreadable", "error")
    for report in reports:
        if isinstance(report, IngestReport):
            intake = report.intake
            counts = [str(intake.new), str(intake.revised), str(intake.unchanged)]
        else:
            counts = [str(report.news), "", ""]
        made.add_row(report.source, *counts, str(len(report.unreadable)), report.error)
    return made


def _match_line(report: MatchReport) -> str:
    told = report.alerts
    return (
        f"{report.revisions} bulletins and {report.products} products judged,"
        f" {report.verdicts} verdicts; {told.opened} alerts opened, {told.changed} changed,"
        f" {told.silent} unchanged; {told.deliveries} messages written."
        + (FIRST_PICTURE if report.verdicts and not told.opened else "")
    )


def _explanation_table(found: list[Explanation], advisory: Advisory) -> Sheet:
    made = table("verdict", "product", "version", "lines", "reason", "the bulletin says")
    for each in found:
        names = ", ".join(each.lines[:5]) + (
            f" +{len(each.lines) - 5}" if len(each.lines) > 5 else ""
        )
        named, quote = cited(each.verdict.span, advisory.affected)
        said = " : ".join(filter(None, (named, quote)))
        product = f"{each.product.vendor} {each.product.product}".strip()
        made.add_row(
            each.verdict.kind.value,
            product,
            each.product.version,
            names,
            each.verdict.reason,
            f"« {said} »" if said else "",
        )
    return made


def _kinds_table(kinds: list[KindTraffic]) -> Sheet:
    """Weeks for those that have an RSSI, months for those that have nobody."""
    columns = ("median/week", "p95", "worst", "median/month", "p95", "worst", "alertes late")
    made = table("kind", "facilities", *columns)
    for each in kinds:
        spreads = (each.weekly, each.monthly)
        counts = [
            f"{n:.3g}" for spread in spreads for n in (spread.median, spread.p95, spread.worst)
        ]
        made.add_row(each.kind.value, str(each.facilities), *counts, str(each.late))
    return made


def _traffic_table(traffic: list[Traffic]) -> Sheet:
    made = table("facility", "kind", "messages", "at once", "digests", "alerts", "worst week")
    for each in sorted(traffic, key=lambda t: t.total, reverse=True):
        made.add_row(
            each.facility.name,
            each.facility.kind.value,
            str(each.total),
            str(each.immediate),
            str(each.digests),
            str(each.alerts),
            str(max(each.weekly)),
        )
    return made
