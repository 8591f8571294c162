"""A draft out of a file and of what the command line says instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.cli.output import Exit, Failure, file_bytes
from bot.domain.authority import Authority, AuthorityKind
from bot.domain.campaign import CampaignAudience, CampaignText
from bot.domain.campaign_file import CampaignFileError, read_campaign, read_criteria
from bot.domain.facility import FacilityKind, Function
from bot.inventory.authorities import Authorities, UnknownAuthorityError
from bot.resources import config_folder

REMINDERS = 2  # when only --every is said: more would be harassment


@dataclass(frozen=True, slots=True)
class Criteria:
    """What the command line says of the audience; None leaves what the file says."""

    authorities: Sequence[str] | None = None
    departments: Sequence[str] | None = None
    kinds: Sequence[FacilityKind] | None = None
    functions: Sequence[Function] | None = None
    finess: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be written: the text, who speaks, and when (None: at approval)."""

    text: CampaignText
    authority: Authority
    at: datetime | None


def ready_names() -> list[str]:
    """The names of the texts that Tocsin ships with."""
    return sorted(path.stem for path in (config_folder() / "campaigns").glob("*.md"))


def ready(name: str) -> CampaignText:
    """A text that Tocsin ships with."""
    return _read(config_folder() / "campaigns" / f"{name}.md")


def written(
    file: str,
    *,
    authority: str,
    criteria: Criteria,
    at: str,
    every: int | None,
    reminders: int | None,
    exercise: bool,
) -> Draft:
    """Read a file, or a ready text, and put what the command line says in its place.

    Raises:
        Failure: what is given cannot be used; one line says what and how to correct it.
    """
    authorities = Authorities.read((config_folder() / "authorities.toml").read_text("utf-8"))
    speaker = _authority(authorities, authority, "--authority")
    text = ready(file) if file in ready_names() else _read(Path(file))
    text = replace(
        text,
        audience=_audience(_chosen(text.audience, criteria), authorities, speaker),
        exercise=text.exercise or exercise,
        every_days=text.every_days if every is None else every,
        reminders=_reminders(text, every) if reminders is None else reminders,
    )
    return Draft(text, speaker, _moment(at, speaker) if at else None)


def _reminders(text: CampaignText, every: int | None) -> int:
    return text.reminders or (REMINDERS if every else 0)


def _read(path: Path) -> CampaignText:
    try:
        return read_campaign(file_bytes(path).decode("utf-8"), file=str(path))
    except UnicodeDecodeError as error:
        raise Failure(f"{path}: not UTF-8 text (byte {error.start})", Exit.INPUT) from error
    except CampaignFileError as error:
        raise Failure(str(error), Exit.INPUT) from error


def _chosen(audience: CampaignAudience, criteria: Criteria) -> CampaignAudience:
    try:
        finess = (
            audience.finess
            if criteria.finess is None
            else read_criteria("finess", list(criteria.finess), where="--facility")
        )
    except CampaignFileError as error:
        raise Failure(str(error), Exit.INPUT) from error
    return CampaignAudience(
        authorities=tuple(_or(criteria.authorities, audience.authorities)),
        departments=tuple(_or(criteria.departments, audience.departments)),
        kinds=audience.kinds if criteria.kinds is None else tuple(criteria.kinds),
        functions=audience.functions if criteria.functions is None else tuple(criteria.functions),
        finess=finess,
    )


def _or(said: Sequence[str] | None, filed: Sequence[str]) -> Sequence[str]:
    return filed if said is None else said


def _audience(
    audience: CampaignAudience, authorities: Authorities, speaker: Authority
) -> CampaignAudience:
    """The audience with the codes of the table; an ARS speaks to its own region only."""
    codes = tuple(_authority(authorities, n, "--to-authority").code for n in audience.authorities)
    departments = tuple(authorities.department(word) for word in audience.departments)
    national = speaker.kind in {AuthorityKind.NATIONAL, AuthorityKind.CERT}
    for code in codes:
        if not national and code != speaker.code:
            raise Failure(
                f"{speaker.code} speaks to its own facilities only, not to those of {code}:"
                " leave --to-authority out",
                Exit.INPUT,
            )
    for code in departments:
        if authorities.of_department(code) is None:
            raise Failure(f"department {code}: unknown; write it as 01, 2A or 971", Exit.INPUT)
    return replace(audience, authorities=codes, departments=departments)


def _authority(authorities: Authorities, text: str, option: str) -> Authority:
    try:
        return authorities.find(text)
    except UnknownAuthorityError as error:
        raise Failure(f"{option}: {error}", Exit.INPUT) from error


def _moment(text: str, speaker: Authority) -> datetime:
    """A moment by the clock of the authority, unless it says its own offset."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Failure(
            f"--at: {text!r} is not a moment such as 2026-03-02T09:00", Exit.USAGE
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(speaker.time_zone))
