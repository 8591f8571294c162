"""``tocsin bulletins …``: the bulletins as documents, and what each of them matches."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from datetime import date, datetime
from typing import Annotated

import typer

from bot.cli.options import AtMost, OneFacility
from bot.cli.output import Context, Exit, Failure, at_midnight, context, table
from bot.cli.sheet import Sheet, Sheets
from bot.domain.facility import Facility
from bot.domain.matching import VerdictKind
from bot.store import advisories, facilities, library, verdicts
from bot.store.library import Listed, Match, Order, Wanted
from bot.store.verdicts import MatchedAsset
from feeds.advisory import Advisory, AdvisoryKind

group = typer.Typer(no_args_is_help=True, help="Find bulletins, compare and match them.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="bulletins")


@group.command("list")
def list_(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(help="Words of the title or of the reference.")
    ] = None,
    cve: Annotated[str, typer.Option(help="A vulnerability it names.")] = "",
    product: Annotated[str, typer.Option(help="Words it says, of products for instance.")] = "",
    publisher: Annotated[str, typer.Option(help="Who published it.")] = "",
    kind: Annotated[AdvisoryKind | None, typer.Option(help="AVI, ALE, BUL…")] = None,
    since: Annotated[str, typer.Option(help="Published from this day, YYYY-MM-DD.")] = "",
    until: Annotated[str, typer.Option(help="Published before this day, YYYY-MM-DD.")] = "",
    sort: Annotated[Order, typer.Option(help="What comes first.")] = Order.PUBLISHED,
    limit: AtMost = 50,
) -> None:
    """List the bulletins that say all that is asked, with how many lines each matches."""
    shared = context(ctx)
    wanted = Wanted(
        words=" ".join(words or ()),
        cve=cve,
        product=product,
        publisher=publisher,
        kind=kind.value if kind else "",
        since=at_midnight(since, "--since") if since else None,
        until=at_midnight(until, "--until") if until else None,
    )
    found = shared.application.database.call(library.search, wanted, order=sort, limit=limit)
    shared.show(found, lambda: _listing(found))


@group.command("diff")
def diff(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(help="Reference of the bulletin.")],
    older: Annotated[int, typer.Option("--from", help="Revision, from 1; the one before.")] = 0,
    newer: Annotated[int, typer.Option("--to", help="Revision; the current one.")] = 0,
) -> None:
    """Show what changed between two revisions of a bulletin."""
    shared = context(ctx)
    found = {
        each.number: each.advisory
        for each in shared.application.database.call(library.revisions, reference)
    }
    if not found:
        raise Failure(f"{reference} is not stored: see tocsin bulletins list", Exit.INPUT)
    last = newer or max(found)
    first = older or last - 1
    missing = [number for number in (first, last) if number not in found]
    if missing:
        known = ", ".join(map(str, found))
        raise Failure(f"{reference}: no revision {missing[0]}, there are {known}", Exit.INPUT)
    lines = list(difflib.unified_diff(
        _told(found[first]), _told(found[last]), f"revision {first}", f"revision {last}",
        lineterm="", n=1,
    ))  # fmt: skip
    shared.show(lines, lambda: "\n".join(lines) or "Rien de ce qu'il dit n'a changé.")


@group.command("matches")
def matches(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(help="Reference of the bulletin.")],
    facility: OneFacility = "",
    sure: Annotated[bool, typer.Option(help="Leave out what is only to be checked.")] = False,
) -> None:
    """The products and the equipment that a bulletin matches, and where each team stands."""
    shared = context(ctx)
    database = shared.application.database
    revision = database.call(advisories.by_reference, reference)
    if revision is None:
        raise Failure(f"{reference} is not stored: see tocsin bulletins list", Exit.INPUT)
    owners = [shared.facility(facility)] if facility else database.call(facilities.every)
    found = [
        each
        for each in database.call(
            verdicts.matched_assets, [revision.id], facility_ids=[owner.id for owner in owners]
        )
        if each.verdict.kind is VerdictKind.AFFECTED or not sure
    ]
    states = database.call(library.lot_states, revision.advisory_id)
    kept = {owner.id for owner in owners}
    count = Counter(state for facility_id, state in states if facility_id in kept)
    names = {owner.id: owner for owner in owners}
    value = {"assets": found, "lots": dict(count)}
    shared.show(value, lambda: _matched(found, names, count))


def _told(advisory: Advisory) -> list[str]:
    return json.dumps(advisory.to_json(), ensure_ascii=False, indent=1).splitlines()


def _listing(found: list[Listed]) -> Sheet:
    made = table("reference", "published", "rev.", "CVSS", "lines", "title")
    for each in found:
        score = "" if each.cvss is None else f"{each.cvss:.1f}"
        made.add_row(
            each.reference, _day(each.published_at), str(each.revision), score,
            str(each.matched) if each.matched else "", each.title,
        )  # fmt: skip
    return made


def _matched(found: list[MatchedAsset], names: dict[int, Facility], states: Counter[str]) -> Sheets:
    products = table("product", "version", "verdict", "reason", "lines")
    counts = Counter(
        (f"{a.vendor} {a.product}".strip() or a.cpe, a.version, a.verdict.kind, a.verdict.reason)
        for a in found
    )
    for (product, version, kind, reason), count in counts.most_common():
        products.add_row(product, version, kind.value, reason, str(count))
    assets = table("FINESS", "line", "category", "name", "product", "version", "verdict")
    for a in found:
        product = f"{a.vendor} {a.product}".strip() or a.cpe
        assets.add_row(
            names[a.facility_id].finess, a.line_id, a.category.value, a.name, product, a.version,
            a.verdict.kind.value,
        )  # fmt: skip
    kinds = Counter(a.verdict.kind.value for a in found)
    said = ", ".join(f"{kind} {count}" for kind, count in kinds.items()) or "none"
    lots = ", ".join(f"{state} {count}" for state, count in states.most_common()) or "none"
    return Sheets((products, "", assets, "", f"Lines: {said}. Lots by state: {lots}."))


def asset_matches(
    shared: Context, owner: Facility, *, line: str, words: str, sure: bool
) -> list[Match]:
    """The bulletins of the assets of a facility: of one line, of one product, or of all."""
    found = shared.application.database.call(library.matches, owner.id, line_id=line)
    asked = words.lower().split()
    return [
        each
        for each in found
        if (each.kind is VerdictKind.AFFECTED or not sure)
        and all(word in each.product.lower() for word in asked)
    ]


def match_table(found: list[Match]) -> Sheet:
    """Matches of assets, one a row."""
    made = table("line", "name", "product", "version", "bulletin", "published", "verdict", "fix")
    for each in found:
        made.add_row(
            each.line_id, each.name, each.product, each.version, each.reference,
            _day(each.published_at), each.kind.value, each.target,
        )  # fmt: skip
    return made


def _day(moment: datetime | date) -> str:
    return f"{moment:%Y-%m-%d}"
