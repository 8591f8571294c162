"""What every command shares: the context, the output, and how errors end it."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import Enum, IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bot.app import Application
from bot.cli.sheet import Sheet, Sheets, in_words
from bot.domain.alert import Coverage
from bot.domain.clock import system_clock
from bot.domain.facility import Facility, FinessError, check_finess
from bot.render.words import Words
from bot.settings import Loaded, load
from bot.store import advisories, facilities
from bot.store.migrate import check
from bot.store.resealing import check_keys
from feeds.advisory import Advisory

R = TypeVar("R")


class Exit(IntEnum):
    """Exit codes, documented in ``tocsin --help``."""

    OK = 0
    PARTIAL = 1  # done, but something in it failed and was said
    USAGE = 2
    CONFIGURATION = 3
    INPUT = 4  # a file or a name given cannot be used
    DATABASE = 5


class Failure(Exception):  # noqa: N818 - it ends the command, it is not an error of the program
    """Ends the command with one line that says what is wrong and what to do."""

    def __init__(self, message: str, code: Exit) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Context:
    """What the options before the command say."""

    config: Path | None
    as_json: bool
    console: Console
    environ: Mapping[str, str]

    @cached_property
    def loaded(self) -> Loaded:
        """The configuration and where it came from."""
        home = Path(self.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        return load(self.config, self.environ, home=home)

    @cached_property
    def unchecked(self) -> Application:
        """The configured application, for what needs no database."""
        return Application(self.loaded.settings, clock=system_clock)

    @cached_property
    def application(self) -> Application:
        """The configured application, its database checked."""
        check(self.unchecked.database)
        self.unchecked.database.call(check_keys, self.unchecked.sealer)
        return self.unchecked

    def close(self) -> None:
        """Let the database go, if the command used it."""
        if "unchecked" in self.__dict__ and "database" in self.unchecked.__dict__:
            self.unchecked.database.dispose()

    def stored_advisory(self, reference: str) -> Advisory | None:
        """The current text of an advisory of the configured database."""
        found = self.application.database.call(advisories.by_reference, reference)
        return found.advisory if found else None

    def facility(self, finess: str) -> Facility:
        """The facility of this FINESS number, or a failure that says what to do."""
        try:
            checked = check_finess(finess)
        except FinessError as error:
            raise Failure(f"--facility: {error}", Exit.INPUT) from error
        found = self.application.database.call(facilities.by_finess, checked)
        if found is None:
            raise Failure(
                f"no facility {checked} is registered; see tocsin facility list,"
                " or add it with tocsin facility import FILE",
                Exit.INPUT,
            )
        return found

    def names(self, facility_ids: Collection[int]) -> dict[int, str]:
        """What these facilities are called, by id."""
        found = self.application.database.call(facilities.by_ids, facility_ids)
        return {id_: facility.name for id_, facility in found.items()}

    @property
    def words(self) -> Words:
        """The words of the configured language."""
        return self.unchecked.renderer.words(self.loaded.settings.language)

    def show(self, value: Any, table: Callable[[], RenderableType | Sheet | Sheets]) -> None:
        """Print ``value`` as JSON under ``--json``, and ``table()`` for a person otherwise."""
        if self.as_json:
            sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n")
        else:
            self.console.print(in_words(table(), self.words))

    def say(self, text: str) -> None:
        """Tell a person; nothing under ``--json``, where only JSON may reach the output."""
        if not self.as_json:
            self.console.print(text, markup=False, highlight=False)

    @contextmanager
    def progress(self, label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """Show how far a long operation is, on standard error."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=total)
            yield lambda done: bar.advance(task, done)


def context(ctx: typer.Context) -> Context:
    """The shared context of a command."""
    found = ctx.obj
    if not isinstance(found, Context):
        raise TypeError("the command was started without its context")
    return found


def assurance(shared: Context, concerned: int, coverage: Coverage) -> str:
    """How many lines are concerned, and how many nobody could tell of: never one alone."""
    application = shared.application
    return application.renderer.reply(
        "assurance",
        language=application.settings.language,
        concerned=concerned,
        coverage=coverage,
    )[0]


def stop(message: str, code: Exit) -> NoReturn:
    """Print ``message`` on standard error and end the process with ``code``."""
    Console(stderr=True).print(f"tocsin: {message}", markup=False, highlight=False, soft_wrap=True)
    raise SystemExit(code)


def table(*columns: str, title: str = "", whole: str = "") -> Sheet:
    """An empty table; see :class:`Sheet`."""
    return Sheet(columns, title, whole)


def counted(number: int, one: str, many: str = "") -> str:
    """``1 line``, ``4,312 lines``; ``many`` where the plural is not ``one`` and an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def plain(value: Any) -> Any:
    """``value`` as JSON values: dataclasses become objects, dates ISO text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, str) else value.name
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def at_midnight(text: str, option: str) -> datetime:
    """The start of a day written ``YYYY-MM-DD``, in UTC."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError as error:
        raise Failure(f"{option}: {text!r} is not a date such as 2026-01-31", Exit.USAGE) from error


def file_bytes(file: Path) -> bytes:
    """The bytes of a file named on the command line, or a failure that says why not."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}", Exit.INPUT) from error
