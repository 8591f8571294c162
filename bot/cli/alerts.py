"""``tocsin alerts``: what concerns whom, and one alert in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from bot.app import Application
from bot.cli.options import AtMost, OneFacility
from bot.cli.output import Exit, Failure, context, table
from bot.cli.sheet import Sheet
from bot.domain.alert import Urgency
from bot.domain.message import ChannelName
from bot.pipeline.priority import Computation, computation
from bot.pipeline.view import alert_views
from bot.render import Renderer
from bot.render.words import Words
from bot.store import Session, alerts, lots
from bot.store.alerts import ListedAlert
from feeds.advisory import Tlp


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("alerts")(alerts_)
    app.command("priority")(priority)


def alerts_(
    ctx: typer.Context,
    reference: Annotated[
        str, typer.Argument(help="Show this alert in full, such as ALR-2026-0412.")
    ] = "",
    facility: OneFacility = "",
    every: Annotated[bool, typer.Option("--all", help="Closed alerts too.")] = False,
    limit: AtMost = 100,
) -> None:
    """List the alerts, most urgent then latest first; or show one as its room reads it."""
    shared = context(ctx)
    database = shared.application.database
    if reference:
        shared.say(database.call(_in_full, reference, shared.application.renderer))
        return
    ids = [shared.facility(facility).id] if facility else None
    found = database.call(alerts.listed, facility_ids=ids, open_only=not every, limit=limit)
    names = shared.names({each.alert.facility_id for each in found})
    shared.show(found, lambda: _listing(found, names))


def priority(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(help="The alert, such as ALR-2026-0412.")],
) -> None:
    """Show how the urgency of an alert is computed: each reason, its points, and the sum."""
    shared = context(ctx)
    application = shared.application
    found = application.database.call(_computed, reference, application)
    language = application.settings.language
    words = [
        application.renderer.reply("reason", language=language, reason=reason)[0]
        for reason in found.now.reasons
    ]
    shared.show(found, lambda: _sum(found, words))
    shared.say(_verdict(found, shared.words))


def _computed(session: Session, reference: str, application: Application) -> Computation:
    alert = alerts.by_reference(session, reference)
    if alert is None:
        raise Failure(f"no alert {reference}; see tocsin alerts --all", Exit.INPUT)
    today = application.clock().date()
    found = computation(session, alert, application.priorities, today=today)
    if found is None:
        raise Failure(f"{alert.reference} concerns no machine any more", Exit.INPUT)
    return found


def _sum(found: Computation, words: Sequence[str]) -> Sheet:
    made = table("reason", "points")
    for said, weighed in zip(words, found.now.weighed, strict=True):
        made.add_row(said, str(weighed.points))
    made.add_row("total", str(found.now.points), style="bold")
    return made


def _verdict(found: Computation, words: Words) -> str:
    """In one sentence; the first case that applies decides, as in the rule."""
    if found.now.urgency is Urgency.IMMEDIATE:
        why = words.phrases["priority_immediate"]
    elif found.now.points >= found.immediate_from:
        why = words.phrases["priority_unsure"]
    else:
        why = words.phrases["priority_few"].format(points=found.immediate_from)
    said = f"{found.reference} : {words.states[found.now.urgency]} ({why})"
    if found.told is found.now.urgency:
        return said
    told = words.phrases["priority_told"].format(urgency=words.states[found.told])
    return f"{said} ; {told}"


def _in_full(session: Session, reference: str, renderer: Renderer) -> str:
    alert = alerts.by_reference(session, reference)
    if alert is None:
        raise Failure(f"no alert {reference}; see tocsin alerts --all", Exit.INPUT)
    view = alert_views(session, [alert])[0]
    message = renderer.alert(view, channel=ChannelName.CONSOLE, ceiling=Tlp.RED)
    parts = [
        f"[{lot.category.value}] {lot.state}"
        + (f", reminded {lot.reminder_at:%Y-%m-%d %H:%M}" if lot.reminder_at else "")
        for lot in lots.of_alert(session, alert.id)
    ]
    history = [
        f"{answer.at:%Y-%m-%d %H:%M} {answer.person} [{answer.category.value}]"
        f" {answer.kind.value} {answer.note}".rstrip()
        for answer in lots.answers(session, alert.id)
    ]
    return "\n".join([message.text, "", *parts, *history])


def _listing(found: list[ListedAlert], names: dict[int, str]) -> Sheet:
    made = table("alert", "facility", "advisory", "product", "state", "urgency", "sure", "check")
    for each in found:
        alert = each.alert
        made.add_row(
            alert.reference,
            names[alert.facility_id],
            each.advisory,
            alert.headline or each.title,
            alert.state.value,
            alert.urgency.value,
            str(alert.assets_affected),
            str(alert.assets_to_check),
        )
    return made
