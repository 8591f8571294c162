"""``tocsin actions``: what there is to do where, and one action in full."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from bot.cli.options import AtMost, OneFacility
from bot.cli.output import Exit, Failure, context, counted, table
from bot.cli.sheet import Sheet
from bot.domain.action import WAITING, ActionState
from bot.pipeline.actions.decisions import Weighed, weighed
from bot.store import Session, actions


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("actions")(actions_)


def actions_(
    ctx: typer.Context,
    reference: Annotated[
        str, typer.Argument(help="Show this action in full, such as ACT-2026-0031.")
    ] = "",
    facility: OneFacility = "",
    every: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
    limit: AtMost = 100,
) -> None:
    """List the upgrades to make, the most useful first: each closes one bulletin or several."""
    shared = context(ctx)
    application = shared.application
    database = application.database
    today = application.clock().date()
    if reference:
        one = database.call(_one, reference, today)
        shared.show(one, lambda: _in_full(one))
        return
    ids = [shared.facility(facility).id] if facility else None
    states = tuple(ActionState) if every else (*WAITING, ActionState.PROPOSED)
    found = database.call(_ranked, ids, states, today)[:limit]
    names = shared.names({each.action.facility_id for each in found})
    shared.show(found, lambda: _listing(found, names))
    if not found:
        shared.say(
            "No action: they come with alerts, and with the first picture (tocsin dispatch)."
        )


def _ranked(
    session: Session, ids: Sequence[int] | None, states: Sequence[ActionState], today: date
) -> list[Weighed]:
    return weighed(session, actions.listed(session, facility_ids=ids, states=states), today=today)


def _one(session: Session, reference: str, today: date) -> Weighed:
    action = actions.by_reference(session, reference)
    if action is None:
        raise Failure(f"no action {reference}; see tocsin actions --all", Exit.INPUT)
    (found,) = weighed(session, [action], today=today)
    return found


def _target(each: Weighed) -> str:
    decision = each.decision
    if decision.target or not decision.by_branch:
        return decision.target or each.action.release or "see the bulletin"
    return each.action.release or "by branch"


def _listing(found: Sequence[Weighed], names: dict[int, str]) -> Sheet:
    made = table(
        *("action", "facility", "product", "target", "machines", "closes", "state", "urgency"),
        whole="action",  # it is what one names next
    )
    for each in found:
        action = each.action
        made.add_row(
            action.reference,
            names[action.facility_id],
            action.name,
            _target(each),
            str(action.machines),
            str(len(each.decision.closes)),
            action.state.value + (" (late)" if each.late else ""),
            "exploited" if action.exploited else action.urgency.value,
        )
    return made


def _in_full(each: Weighed) -> Sheet:
    action = each.action
    made = table("", "", title=f"{action.reference} {action.name}: {_target(each)}")
    made.add_row("state", action.state.value)
    answered = {lot.category: lot for lot in each.lots}
    for category, count in action.counts.items():
        lot = answered.get(category)
        due = f", {lot.due:%Y-%m-%d}" if lot and lot.due else ""
        made.add_row(
            category.value, f"{counted(count, 'machine')}, {lot.state if lot else 'open'}{due}"
        )
    for bulletin in each.bulletins:
        made.add_row(
            bulletin.reference, f"{bulletin.alert or 'before the inventory'}: {bulletin.title}"
        )
    return made
