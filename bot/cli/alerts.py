"""``tocsin alerts``: what concerns whom, and one alert in full."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from bot.cli.output import Exit, Failure, context, table
from bot.domain.message import ChannelName
from bot.pipeline.view import alert_views
from bot.render import Renderer
from bot.store import Session, alerts, facilities
from bot.store.alerts import ListedAlert
from feeds.advisory import Tlp


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("alerts")(alerts_)


def alerts_(
    ctx: typer.Context,
    reference: Annotated[
        str, typer.Argument(help="Show this alert in full, such as ALR-2026-0412.")
    ] = "",
    facility: Annotated[str, typer.Option(help="One facility only: its FINESS number.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Closed alerts too.")] = False,
    limit: Annotated[int, typer.Option(help="At most that many.", min=1)] = 100,
) -> None:
    """List the alerts, most urgent then latest first; or show one as its room reads it."""
    shared = context(ctx)
    database = shared.application.database
    if reference:
        shared.say(database.call(_in_full, reference, shared.application.renderer))
        return
    ids = [shared.facility(facility).id] if facility else None
    found = database.call(alerts.listed, facility_ids=ids, open_only=not every, limit=limit)
    owners = database.call(facilities.by_ids, {each.alert.facility_id for each in found})
    names = {id_: owner.name for id_, owner in owners.items()}
    shared.show(found, lambda: _listing(found, names))


def _in_full(session: Session, reference: str, renderer: Renderer) -> str:
    alert = alerts.by_reference(session, reference)
    if alert is None:
        raise Failure(f"no alert {reference}; see tocsin alerts --all", Exit.INPUT)
    view = alert_views(session, [alert])[0]
    message = renderer.alert(view, channel=ChannelName.CONSOLE, ceiling=Tlp.RED)
    history = [
        f"{answer.at:%Y-%m-%d %H:%M} {answer.person} [{answer.category.value}]"
        f" {answer.kind.value} {answer.note}".rstrip()
        for answer in alerts.answers(session, alert.id)
    ]
    return "\n".join([message.text, *history])


def _listing(found: list[ListedAlert], names: dict[int, str]) -> Table:
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
