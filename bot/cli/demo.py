"""``tocsin demo``: the main job, from bulletins to messages, on invented facilities."""

from __future__ import annotations

import asyncio
import csv
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.app import Application
from bot.channels.base import Channel
from bot.channels.console import ConsoleChannel, as_panel
from bot.cli.demo_campaign import announce
from bot.cli.output import Context, context
from bot.domain.alert import AlertView, AnswerKind
from bot.domain.delivery import Address
from bot.domain.message import ChannelName
from bot.domain.reference import ALERT, split
from bot.domain.routing import Rhythm
from bot.inventory.authorities import Authorities
from bot.inventory.facilities import read_facilities
from bot.inventory.registry import read_inventory
from bot.pipeline.ingest import ingest
from bot.pipeline.inventory import upload_inventory
from bot.pipeline.view import alert_views
from bot.render.typography import NBSP
from bot.resources import config_folder
from bot.settings import Settings
from bot.store import Session, alerts, facilities, lots, outbox, people, subscriptions
from bot.store.migrate import upgrade
from bot.store.outbox import Delivery
from feeds.advisory import Advisory, Tlp
from feeds.files import FileSource, open_path
from feeds.formats import parse_any

INVENTORIES_AT = datetime(2026, 11, 2, 8, tzinfo=UTC)  # the day the invented inventories describe
END = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)  # a Monday after the last bulletin: digests go
SILENT = "590999017"
OPENING = """
Six établissements inventés, onze bulletins fictifs, trois semaines de novembre 2026.
Voici ce que chacun reçoit, comme son salon ou sa boîte l'affiche ; puis un état
initial, une relance, un bilan de la semaine et une campagne.
"""
SUMMARY = "\nPourquoi chacun a été prévenu, ou le sera au prochain bilan :"
RHYTHMS = {
    "immédiat": Rhythm.IMMEDIATE,
    "quotidien": Rhythm.DAILY,
    "hebdomadaire": Rhythm.WEEKLY,
    "mensuel": Rhythm.MONTHLY,
}


@dataclass
class _Clock:
    """The demonstration's own time: it goes from bulletin to bulletin."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("demo")(demo)


def demo(
    ctx: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="Show every message, not one for each facility.")
    ] = False,
) -> None:
    """Show the main job on invented facilities: bulletins in, targeted messages out.

    Nothing leaves this machine and nothing is configured: an SQLite database and the mails
    (.eml) are written in a temporary folder, which is named at the end and kept.
    """
    shared = context(ctx)
    folder = Path(tempfile.mkdtemp(prefix="tocsin-demo-"))
    clock = _Clock(INVENTORIES_AT)
    settings = Settings(data_dir=folder)
    application = Application(settings, clock=clock)
    data = config_folder() / "demo"
    asyncio.run(_play(shared, application, clock, data, folder))
    sent = application.database.call(outbox.listed, limit=1000)
    sent.sort(key=lambda delivery: (delivery.created_at, delivery.address))
    names = {f.id: f.name for f in application.database.call(facilities.every)}
    rows = application.database.call(_summary, application.renderer.words("fr").functions)
    if shared.as_json:
        shared.show(rows, lambda: "")
        return
    shared.say(OPENING)
    for delivery in sent if everything else _one_each(sent):
        shared.console.print(_panel(delivery))
    shared.say(SUMMARY)
    shared.console.print(_tables(rows))
    _end(shared, sent, names, folder)


async def _play(
    shared: Context, application: Application, clock: _Clock, data: Path, folder: Path
) -> None:
    """Install, then let three weeks of bulletins go by; a campaign ends them."""
    database = application.database
    upgrade(database)
    database.call(_register, data, application.authorities, now=clock())
    bulletins = sorted(_dated(data / "bulletins", clock()))
    sink: Channel = ConsoleChannel(
        Console(file=(folder / "rooms.txt").open("w", encoding="utf-8"), width=100),
        mail_folder=folder / "mails",
        clock=clock,
    )
    dispatcher = application.dispatcher(dict.fromkeys(ChannelName, sink))
    engine = application.engine()
    past = sum(date < INVENTORIES_AT for date, _ in bulletins)
    with shared.progress("Bulletins", total=len(bulletins)) as advance:
        for position, (date, path) in enumerate(bulletins, start=1):
            clock.now = max(clock.now, date)
            await ingest(database, FileSource(path, clock), clock=clock)
            advance(1)
            if position < past:
                continue  # the past is read whole before it is judged
            await engine.run()
            await application.write_periodic()
            await dispatcher.run()
            database.call(_answer, now=clock())
    clock.now = END
    database.call(announce, now=clock())
    await application.write_periodic()
    await dispatcher.run()


def _register(session: Session, data: Path, authorities: Authorities, *, now: datetime) -> None:
    table_ = read_facilities(
        (data / "facilities.csv").read_bytes(), file="facilities.csv", authorities=authorities
    )
    facilities.save(session, table_.facilities)
    for path in sorted((data / "inventories").iterdir()):
        facility = facilities.by_finess(session, path.stem)
        if facility is not None:
            upload = read_inventory(path.read_bytes(), file=path.name)
            upload_inventory(
                session, facility, upload, filename=path.name, dated=INVENTORIES_AT, now=now
            )
    with (data / "subscriptions.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter=";"):
            facility = facilities.by_finess(session, row["FINESS"])
            if facility is not None:
                subscriptions.subscribe(
                    session,
                    facility.id,
                    Address(ChannelName(row["Canal"]), row["Adresse"]),
                    ceiling=Tlp.read(row["Plafond"]),
                    rhythm=RHYTHMS[row["Rythme"]],
                    language="fr",
                    now=now,
                )


def _answer(session: Session, *, now: datetime) -> None:
    """Somebody answers what was told at once; the head of the GHT stays silent, to be reminded."""
    person = people.add(session, "Astreinte (démonstration)", "astreinte@demo.example", now=now)
    names = {facility.id: facility.finess for facility in facilities.every(session)}
    for each in alerts.listed(session, limit=1000):
        alert = each.alert
        waiting = [lot for lot in lots.of_alert(session, alert.id) if lot.reminder_at]
        if not waiting or names[alert.facility_id] == SILENT:
            continue
        kind = AnswerKind.TAKEN if alert.headline else AnswerKind.READ
        lots.record_answer(
            session,
            alert.id,
            [lot.category for lot in waiting],
            person_id=person.id,
            kind=kind,
            now=now,
        )


def _dated(folder: Path, now: datetime) -> list[tuple[datetime, Path]]:
    """Each file with the day its bulletin was published or revised, at nine in the morning."""
    return [
        (max(a.revised_at, a.published_at) + timedelta(hours=9), Path(document.uri))
        for document in open_path(folder, fetched_at=now)
        for a in parse_any(document, tlp=Tlp.GREEN)
        if isinstance(a, Advisory)
    ]


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One alert, and where it was told."""

    facility: str
    bulletin: str
    verdict: str
    why: str
    told: str


def _summary(session: Session, functions: Mapping[str, str]) -> list[SummaryRow]:
    names = {facility.id: facility.name for facility in facilities.every(session)}
    rows = []
    told_by: dict[str, list[Delivery]] = {}
    for delivery in outbox.listed(session, limit=1000):
        told_by.setdefault(delivery.subject, []).append(delivery)
    listed = alerts.listed(session, open_only=False, limit=1000)
    views = alert_views(session, [each.alert for each in listed])
    for each, view in zip(listed, views, strict=True):
        alert = each.alert
        told = Counter(
            str(delivery.channel)
            for subject, deliveries in told_by.items()
            if alert.reference in _references(subject)
            for delivery in deliveries
        )
        rows.append(
            SummaryRow(
                facility=names[alert.facility_id],
                bulletin=each.advisory,
                verdict=_verdict(view),
                why=_why(view, functions),
                told=", ".join(f"{place} ×{n}" for place, n in told.items()) or "au bilan",
            )
        )
    return sorted(rows, key=lambda row: (row.facility, row.bulletin))


def _references(subject: str) -> list[str]:
    """The alerts a delivery is about; a digest is about none in particular."""
    return split(subject) if subject.startswith(ALERT) else []


def _verdict(view: AlertView) -> str:
    if view.about_functions:
        return "visé"
    sure, unsure = len(view.affected), len(view.to_check)
    parts = [f"{sure} concerné{'s' if sure > 1 else ''}"] if sure else []
    parts += [f"{unsure} à vérifier"] if unsure else []
    return ", ".join(parts)


def _why(view: AlertView, functions: Mapping[str, str]) -> str:
    if view.about_functions:
        return " par ses fonctions : " + ", ".join(functions[each] for each in view.functions)
    return next((f" : «{NBSP}{why.quote}{NBSP}»" for why in view.why if why.quote), "")


def _one_each(sent: Sequence[Delivery]) -> list[Delivery]:
    """The message that says most to each facility, then a revision, a digest, a first picture."""
    shown: dict[object, Delivery] = {}
    ranked = sorted(
        (d for d in sent if d.kind == "alert"),
        key=lambda d: (d.channel == "email", not d.message.marking, d.created_at),
    )
    for delivery in (*ranked, *sent):
        shown.setdefault(delivery.facility_id, delivery)
        if delivery.kind != "alert":
            shown.setdefault(delivery.kind, delivery)
    return list({delivery.key: delivery for delivery in shown.values()}.values())


def _panel(delivery: Delivery) -> Panel:
    """A message as its destination shows it: only a mail has a subject."""
    is_mail = delivery.channel == ChannelName.EMAIL
    message = delivery.message if is_mail else replace(delivery.message, subject="")
    return as_panel(f"{delivery.channel} {delivery.address}", message)


def _tables(rows: list[SummaryRow]) -> Group:
    """One table for each facility, all with the same columns."""
    parts: list[RenderableType] = []
    for facility, its in groupby(rows, key=lambda row: row.facility):
        made = Table(box=None, show_header=False, expand=True)
        made.add_column(width=21, min_width=21, overflow="fold")
        made.add_column(ratio=1, overflow="fold")
        made.add_column(width=20, min_width=20, overflow="fold")
        for row in its:
            said = f"{row.verdict}{row.why}"
            made.add_row(row.bulletin, said, row.told)
        parts += [Text(f"\n{facility}", style="bold"), made]
    return Group(*parts)


def _end(shared: Context, sent: Sequence[Delivery], names: dict[int, str], folder: Path) -> None:
    counts = Counter(names.get(d.facility_id or 0, "") for d in sent)
    shared.say("")
    shared.say("Messages envoyés, relances comprises (le CHU ne répond pas, exprès) :")
    for name, count in counts.items():
        shared.say(f"  {count:3}  {name}")
    shared.say("")
    shared.say(f"Mails (.eml)   : {folder / 'mails'}")
    shared.say(f"Salons (texte) : {folder / 'rooms.txt'}")
    shared.say(f"Base           : {folder / 'tocsin.db'}")
    shared.say(
        "Tous les messages : tocsin demo --all. Installer pour de bon : README.md, docs/guide.md"
    )
