"""Campaigns as an operator reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console

from bot.channels.console import as_panel
from bot.cli.output import table
from bot.cli.sheet import Sheet
from bot.domain.campaign import Campaign, CampaignState
from bot.pipeline.campaign import Preview
from bot.store.recipients import Counts, Recipient


def drafted(campaign: Campaign, seen: Preview, console: Console) -> Sheet:
    """Print the samples and the figures; return whom the draft is for."""
    for channel, message in seen.samples.items():
        console.print(as_panel(f"{channel.value} ({seen.addresses.get(channel, 0)})", message))
    console.print("\n".join(_lines(campaign, seen)), markup=False, highlight=False)
    made = table("FINESS", "facility", "kind", "authority")
    for facility in seen.first:
        made.add_row(facility.finess, facility.name, facility.kind.value, facility.authority)
    if seen.facilities > len(seen.first):
        made.add_row("…", f"{seen.facilities - len(seen.first)} more", "", "")
    return made


def counted(campaign: Campaign, answers: Mapping[str, int]) -> str:
    """What a campaign is, and how many facilities gave each answer."""
    text = campaign.text
    given = [f"  {each.word}: {answers.get(each.code, 0)}" for each in text.answers]
    return "\n".join(
        [
            f"{campaign.reference} {campaign.state.value} · {campaign.authority_name}",
            f"{'EXERCICE – ' if text.exercise else ''}{text.title}",
            f"sent: {campaign.occurrence}; {_next(campaign)}",
            *given,
        ]
    )


def listing(counts: Mapping[str, Counts], *, sent: bool) -> Sheet:
    """How far a campaign went, by authority, in facilities; before, whom it is for."""
    rows = [*counts.items(), ("all", sum(counts.values(), Counts()))]
    if not sent:
        waiting = table("authority", "recipients")
        for name, each in rows:
            waiting.add_row(name, str(each.recipients))
        return waiting
    made = table("authority", "recipients", "with an address", "told", "answered", "silent")
    for name, each in rows:
        numbers = (each.recipients, each.reached, each.told, each.answered, each.silent)
        made.add_row(name, *(str(number) for number in numbers))
    return made


def followed(listed: Sequence[Recipient], *, sent: bool) -> Sheet:
    """What became of the campaign at each facility."""
    made = table("FINESS", "facility", "told", "answer", "on")
    for each in listed:
        told = "yes" if each.told else "not yet" if each.reached or not sent else "no address"
        on = f"{each.answered_at:%Y-%m-%d}" if each.answered_at else ""
        made.add_row(each.finess, each.name, told, each.answer, on)
    return made


def _lines(campaign: Campaign, seen: Preview) -> list[str]:
    addresses = ", ".join(f"{name.value} {number}" for name, number in seen.addresses.items())
    lines = [
        f"{seen.facilities} facilities, as things stand; told at: {addresses or 'nowhere'}.",
        "By authority: " + ", ".join(f"{name} {n}" for name, n in seen.by_authority.items()),
        "By kind: " + ", ".join(f"{name} {n}" for name, n in seen.by_kind.items()),
        _next(campaign),
    ]
    if seen.unreachable:
        lines.append(f"{seen.unreachable} have no address: tocsin subscribe")
    if seen.below:
        lines.append(
            f"{seen.below} addresses have a ceiling below TLP:{campaign.text.tlp.label}: they are"
            " only told that a protected message awaits them"
        )
    if seen.unknown:
        lines.append(f"Not registered, or of another authority: {', '.join(seen.unknown)}")
    return lines


def _next(campaign: Campaign) -> str:
    text = campaign.text
    follow = (
        f"; those who are silent are reminded every {text.every_days} days,"
        f" {text.reminders} times at most"
        if text.every_days and text.reminders
        else "; no reminder"
    )
    draft = campaign.state is CampaignState.DRAFT
    at = campaign.next_at
    when = f"{at:%Y-%m-%d %H:%M} UTC" if at else "at approval" if draft else "none"
    return f"next sending: {when}{follow}"
