"""``tocsin facility …`` and ``tocsin subscribe``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.declare import declare_
from bot.cli.options import Finess
from bot.cli.output import Context, Exit, Failure, context, counted, file_bytes, table
from bot.cli.sheet import Sheet
from bot.domain.delivery import Address
from bot.domain.facility import (
    AssetCategory,
    Facility,
    FacilityKind,
    FinessError,
    check_finess,
)
from bot.domain.lots import CODES
from bot.domain.message import ChannelName
from bot.domain.routing import Rhythm, Subscription, usual_rhythm
from bot.inventory.authorities import Authorities
from bot.inventory.facilities import read_facilities, structures_as_facilities
from bot.inventory.finess import Structure, read_extract
from bot.resources import config_folder
from bot.store import facilities, mails, people, subscriptions, withheld
from bot.store.mails import BadAddress
from feeds.advisory import Pap, Tlp

NEXT = (
    "Next: tocsin inventory import --facility FINESS FILE (or tocsin facility declare FINESS),"
    " then tocsin subscribe FINESS email ADDRESS"
)
group = typer.Typer(no_args_is_help=True, help="Register facilities and see them.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="facility")
    group.command("declare")(declare_)
    app.command("subscribe")(subscribe)
    app.command("unsubscribe")(unsubscribe)


@group.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV; columns FINESS, Nom, Autorité, Type…")],
    finess_extract: Annotated[
        Path | None,
        typer.Option(help="The public FINESS extract, for names, departments and kinds left out."),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Check the file, write nothing.")] = False,
) -> None:
    """Register the facilities of a CSV file, or bring them up to date.

    Lines that cannot be read are listed with their number and the reason; the others are
    kept. The columns are described in docs/inventory.md; with --finess-extract, FINESS alone
    is needed.
    """
    shared = context(ctx)
    extract = _extract(finess_extract) if finess_extract else {}
    read = read_facilities(
        file_bytes(file), file=file.name, authorities=_authorities(), extract=extract
    )
    for bad in read.bad:
        shared.say(f"{file.name}, line {bad.number}: {bad.reason}")
    if dry_run:
        shared.say(f"{len(read.facilities)} facilities can be read; nothing was written.")
    else:
        created, updated = shared.application.database.call(facilities.save, read.facilities)
        new = counted(created, "facility", "facilities")
        shared.say(f"{new} registered, {updated} brought up to date.")
        shared.say(NEXT)
    if read.bad:
        count = counted(len(read.bad), "line")
        raise Failure(f"{file.name}: {count} could not be read", Exit.PARTIAL)


@group.command("finess")
def finess_(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="etalab-cs1100502-stock-YYYYMMDD.csv of data.gouv.fr.")
    ],
    department: Annotated[
        str, typer.Option(help="Those of a department only: 59, 2A, 9D for La Réunion…")
    ] = "",
    kind: Annotated[
        FacilityKind | None, typer.Option(help="Those of a kind only, as FINESS tells it.")
    ] = None,
    number: Annotated[
        list[str] | None, typer.Option(help="This FINESS number, site or legal entity. Repeat.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="List them, write nothing.")] = False,
) -> None:
    """Register facilities from the public FINESS extract: name, department and kind.

    A facility that is registered already is left as it is. The extract holds 103,000
    structures: say which with --department, --kind or --number.
    """
    shared = context(ctx)
    if not (department or kind or number):
        raise Failure("say which with --department, --kind or --number", Exit.USAGE)
    authorities = _authorities()
    try:
        wanted = {check_finess(each) for each in number or ()}
    except FinessError as error:
        raise Failure(f"--number: {error}", Exit.USAGE) from error
    code = authorities.department(department) if department else ""
    chosen = [
        each
        for each in _extract(file).values()
        if (not wanted or {each.finess, each.legal_entity} & wanted)
        and (not code or authorities.department(each.department) == code)
        and (kind is None or each.kind is kind)
    ]
    found, refused = structures_as_facilities(chosen, authorities=authorities)
    database = shared.application.database
    known = {each.finess for each in database.call(facilities.every)}
    new = [each for each in found if each.finess not in known]
    for reason in refused:
        shared.say(reason)
    if dry_run:
        shared.show(new, lambda: _listing(new, {}, {}))
    else:
        database.call(facilities.save, new)
    done = "could be registered; nothing was written" if dry_run else "registered"
    shared.say(f"{len(new)} facilities {done}, {len(found) - len(new)} known already.")
    if refused or not found:
        why = f"{len(refused)} could not be" if found or refused else "no structure is that"
        raise Failure(f"{file.name}: {why}", Exit.PARTIAL)


def _authorities() -> Authorities:
    return Authorities.read((config_folder() / "authorities.toml").read_text("utf-8"))


def _extract(file: Path) -> Mapping[str, Structure]:
    return read_extract(file_bytes(file), file=file.name)


@group.command("list")
def list_(ctx: typer.Context) -> None:
    """List the facilities, with where each is told and which addresses bounce."""
    shared = context(ctx)
    database = shared.application.database
    found = database.call(facilities.every)
    told = database.call(subscriptions.by_facility)
    bad = database.call(mails.bad_addresses)
    shared.show(found, lambda: _listing(found, told, bad))


def subscribe(
    ctx: typer.Context,
    finess: Finess,
    channel: Annotated[ChannelName, typer.Argument(help="Where to: matrix, slack, email…")],
    address: Annotated[str, typer.Argument(help="Room id, channel id or mailbox.")],
    ceiling: Annotated[
        str,
        typer.Option(
            help="Highest TLP this destination may receive; GREEN by default in Slack,"
            " which is not encrypted, AMBER elsewhere."
        ),
    ] = "",
    pap: Annotated[
        str,
        typer.Option(help="Highest PAP; GREEN by default in Slack, AMBER elsewhere."),
    ] = "",
    links: Annotated[
        bool,
        typer.Option(help="Mails hold a link to a page where one answers (see docs/links.md)."),
    ] = False,
    rhythm: Annotated[
        Rhythm | None,
        typer.Option(
            help="How often, for what can wait; what is urgent goes at once."
            " Weekly by default, monthly for a small facility (EHPAD, clinic…)."
        ),
    ] = None,
    language: Annotated[str, typer.Option(help="fr or en.")] = "fr",
    lots: Annotated[
        str,
        typer.Option(
            help=f"Only what concerns these, comma-separated: {', '.join(CODES)}."
            " Everything by default."
        ),
    ] = "",
) -> None:
    """Tell a room, a channel or a mailbox what concerns a facility.

    Subscribing again changes the terms, and forgets that the address bounced. Below AMBER,
    a destination never receives the names of machines: it gets counts and where to read
    the rest.
    """
    shared = context(ctx)
    facility = shared.facility(finess)
    highest = _ceiling(ceiling, channel)
    chosen = [_lot(each.strip()) for each in lots.split(",") if each.strip()]
    highest_pap = _pap(pap) if pap else None
    if links:
        _check_links(shared, facility, Address(channel, address))
    application = shared.application
    application.database.call(
        subscriptions.subscribe,
        facility.id,
        Address(channel, address),
        ceiling=highest,
        rhythm=rhythm or usual_rhythm(facility.kind),
        language=language,
        now=application.clock(),
        pap=highest_pap,
        links=links,
        lots=chosen,
    )
    application.database.call(mails.mark_good, Address(channel, address))
    application.database.call(withheld.forget, Address(channel, address))
    shared.say(f"{facility.name} is told at {channel.value} {address}, up to TLP:{highest.label}.")


def _lot(word: str) -> AssetCategory:
    if word.casefold() not in CODES:
        raise Failure(f"--lots: {word!r} is not one of {', '.join(CODES)}", Exit.USAGE)
    return CODES[word.casefold()]


def _ceiling(text: str, channel: ChannelName) -> Tlp:
    if not text:
        return Tlp.GREEN if channel is ChannelName.SLACK else Tlp.AMBER
    marking = text.upper().removeprefix("TLP:")
    if marking not in {tlp.label for tlp in Tlp}:
        labels = ", ".join(tlp.label for tlp in Tlp)
        raise Failure(f"--ceiling: {text!r} is not one of {labels}", Exit.USAGE)
    return Tlp.read(marking)


def _pap(text: str) -> Pap:
    marking = text.upper().removeprefix("PAP:")
    if marking not in Pap.__members__:
        raise Failure(f"--pap: {text!r} is not one of {', '.join(Pap.__members__)}", Exit.USAGE)
    return Pap[marking]


def _check_links(shared: Context, facility: Facility, to: Address) -> None:
    """Whoever opens a link answers in the name of the mailbox: it must be somebody's."""
    if to.channel is not ChannelName.EMAIL:
        raise Failure("--links: only mails hold links; elsewhere people answer", Exit.USAGE)
    if not shared.application.settings.web.public_url:
        raise Failure("--links: set public_url in [web] first: docs/links.md", Exit.CONFIGURATION)
    owner = shared.application.database.call(people.identified, to)
    if owner is None or facility.id not in owner.facilities():
        raise Failure(
            f"--links: nobody who answers for {facility.finess} has the mailbox {to.address}:"
            f" tocsin person add {to.address} --name … --role correspondant"
            f" --facility {facility.finess}",
            Exit.INPUT,
        )


def unsubscribe(
    ctx: typer.Context,
    finess: Finess,
    channel: Annotated[ChannelName, typer.Argument()],
    address: Annotated[str, typer.Argument()],
) -> None:
    """Stop telling a destination about a facility."""
    shared = context(ctx)
    facility = shared.facility(finess)
    to = Address(channel, address)
    if not shared.application.database.call(subscriptions.unsubscribe, facility.id, to):
        raise Failure(f"{channel.value} {address} was not subscribed to {finess}", Exit.INPUT)
    shared.say(f"{channel.value} {address} is no longer told about {facility.name}.")


def _listing(
    found: list[Facility],
    told: dict[int, list[Subscription]],
    bad: dict[Address, BadAddress],
) -> Sheet:
    made = table("FINESS", "name", "kind", "authority", "GHT", "told at")
    for facility in found:
        places = [
            f"{s.to.channel.value} {s.to.address} ({_terms(s)})" + _bouncing(bad.get(s.to))
            for s in told.get(facility.id, ())
        ]
        head = " (head)" if facility.ght_head else ""
        made.add_row(
            facility.finess,
            facility.name,
            facility.kind.value,
            facility.authority,
            facility.ght + head,
            "\n".join(places) or "nowhere: tocsin subscribe",
        )
    return made


def _terms(subscription: Subscription) -> str:
    links = ", links" if subscription.links else ""
    quiet = "" if subscription.quiet is None else f", quiet {subscription.quiet}"
    lots = "".join(f", {lot.name.lower()}" for lot in sorted(subscription.lots))
    return f"≤ {subscription.ceiling.label}, {subscription.rhythm.value}{quiet}{links}{lots}"


def _bouncing(bad: BadAddress | None) -> str:
    if bad is None:
        return ""
    return f" BOUNCES since {bad.since:%Y-%m-%d} {bad.status}".rstrip()
