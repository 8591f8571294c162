"""``tocsin evaluate``: measure the matcher on anybody's own labels."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bot.domain.matching import InventoryProduct, Matcher, Reading, Verdict
from bot.domain.matching.evaluation import Evaluation, Score, read_label
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct

Lookup = Callable[[str], Advisory | None]
"""Finds a stored advisory by its reference; None when there is none."""

SHOWN = 20  # errors that are said one by one
MANY = 500  # records worth a progress bar: some seconds of work
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class BadRecordError(ValueError):
    """A record that cannot be judged; the message says why and what it should hold."""

    def __init__(self, message: str, identity: str = "") -> None:
        super().__init__(message)
        self.identity = identity


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the verdicts: an error when ``verdict`` is None."""

    id: str
    probe: int
    verdict: Verdict | None
    reason: str

    def to_json(self) -> dict[str, Any]:
        """The line as plain values."""
        if self.verdict is None:
            kind, span = "error", None
        else:
            kind = str(self.verdict.kind)
            span = asdict(self.verdict.span) if self.verdict.span else None
        return {
            "id": self.id,
            "probe": self.probe,
            "verdict": kind,
            "reason": self.reason,
            "span": span,
        }


def evaluate(
    file: Path,
    *,
    matcher: Matcher,
    lookup: Lookup,
    verdicts: Path | None = None,
    as_json: bool = False,
    console: Console | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> int:
    """Judge every probe of ``file``, write the verdicts, print the measures.

    Args:
        file: one JSON record a line: ``{"id", "vendor", "product", "description", "probes"}``
            judges one affected line, ``{"id", "advisory", "probes"}`` a whole stored advisory.
        lookup: finds stored advisories; not called for line records.
        verdicts: where one line a probe is written, in order.
        as_json: print the measures for a machine.
        headers: what the columns of the measures are called; as in the code by default.

    Returns:
        The exit code: 0, or 1 when a record could not be judged or ``file`` not be read.
    """
    console = console or Console()
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _complain(f"{file}: cannot be read: {error}; give a UTF-8 JSONL file")
        return 1
    evaluation = Evaluation()
    answers = list(_judge_lines(_followed(text.split("\n")), matcher, lookup, evaluation))
    if verdicts is not None:
        # ASCII: a line separator or half a surrogate pair of the publisher's stays inside its line
        lines = (json.dumps(each.to_json()) + "\n" for each in answers)
        verdicts.write_text("".join(lines), encoding="utf-8")
    errors = [each for each in answers if each.verdict is None]
    if as_json:
        measures = {**evaluation.to_json(), "errors": len(errors)}
        console.print_json(json.dumps(measures, ensure_ascii=False))
    else:
        _print(console, evaluation, headers)
    for each in errors[:SHOWN]:
        _complain(f"{file}: {each.id} probe {each.probe}: {each.reason}")
    if len(errors) > SHOWN:
        _complain(f"{file}: {len(errors) - SHOWN} more records or probes could not be judged")
    return 1 if errors else 0


def _complain(text: str) -> None:
    Console(stderr=True).print(text, markup=False, highlight=False, soft_wrap=True)


def _followed(lines: list[str]) -> Iterable[str]:
    """The lines, with a bar on a terminal when they are many."""
    watched = sys.stderr.isatty() and len(lines) >= MANY
    return track(
        lines, "Records", console=Console(stderr=True), transient=True, disable=not watched
    )


def _judge_lines(
    lines: Iterable[str], matcher: Matcher, lookup: Lookup, evaluation: Evaluation
) -> Iterator[Answer]:
    readings: dict[str, Reading] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = _record(line)
        except BadRecordError as error:
            yield Answer(error.identity or f"line {number}", 0, None, str(error))
            continue
        identity = _identity(record) or f"line {number}"
        try:
            reading = _reading(record, matcher, lookup, readings)
        except BadRecordError as error:
            for position in range(max(1, len(record["probes"]))):
                yield Answer(identity, position, None, str(error))
            continue
        for position, probe in enumerate(record["probes"]):
            yield _judge(identity, position, probe, reading, matcher, evaluation)


def _judge(
    identity: str,
    position: int,
    probe: Any,
    reading: Reading,
    matcher: Matcher,
    evaluation: Evaluation,
) -> Answer:
    if not isinstance(probe, Mapping):
        return Answer(identity, position, None, "a probe is an object with product and version")
    try:
        label = read_label(probe)
    except ValueError as error:
        return Answer(identity, position, None, f"{error}: affected, not_affected or review")
    columns = [probe.get(name) or "" for name in InventoryProduct._fields]
    for name, value in zip(InventoryProduct._fields, columns, strict=True):
        if isinstance(value, Mapping | list):
            return Answer(identity, position, None, f"{name} is a text, not {value!r}")
    verdict = matcher.judge(reading, InventoryProduct(*map(str, columns)))
    evaluation.add(label, verdict.kind)
    return Answer(identity, position, verdict, verdict.reason)


def _identity(record: Mapping[str, Any]) -> str:
    """The name its author gave to a record, empty when there is none."""
    given = record.get("id")
    return "" if given is None else str(given)


def _record(line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except RecursionError as error:
        raise BadRecordError("not a record: brackets in brackets without end") from error
    except ValueError as error:  # JSONDecodeError, or a number of thousands of digits
        raise BadRecordError(f"not JSON ({error}): one record a line") from error
    if not isinstance(record, dict) or not isinstance(record.get("probes"), list):
        identity = _identity(record) if isinstance(record, dict) else ""
        raise BadRecordError('a record is an object with a list of "probes"', identity)
    return record


def _reading(
    record: Mapping[str, Any], matcher: Matcher, lookup: Lookup, known: dict[str, Reading]
) -> Reading:
    if "description" in record:
        row = AffectedProduct(
            str(record["description"] or ""),
            str(record.get("vendor") or ""),
            str(record.get("product") or ""),
        )
        return matcher.read(_advisory_of(row))
    reference = record.get("advisory")
    if not isinstance(reference, str):
        raise BadRecordError('a record has a "description" or the reference of an "advisory"')
    if reference not in known:
        advisory = lookup(reference)
        if advisory is None:
            raise BadRecordError(f"advisory {reference} is not in the database: ingest it first")
        known[reference] = matcher.read(advisory)
    return known[reference]


def _advisory_of(row: AffectedProduct) -> Advisory:
    return Advisory(
        "evaluation", "line", AdvisoryKind.AVIS, "", _LONG_AGO, _LONG_AGO, affected=(row,)
    )


def _print(console: Console, evaluation: Evaluation, headers: Mapping[str, str]) -> None:
    columns = ("probes of", "count", "right", "dangerous", "noise", "cost")
    table = Table(*(headers.get(column, column) for column in columns))
    for code in sorted(evaluation.by_code):
        table.add_row(code, *_cells(evaluation.by_code[code]))
    table.add_section()
    table.add_row("alias", *_cells(evaluation.alias))
    table.add_row("all", *_cells(evaluation.total))
    if evaluation.total.probes:
        console.print(table)
    said = ", ".join(f"{kind} {count}" for kind, count in sorted(evaluation.answers.items()))
    console.print(f"Answers: {said or 'none'}")


def _cells(score: Score) -> list[str]:
    figures = score.figures()
    shares = (figures[name] for name in ("accuracy", "dangerous", "noise", "cost"))
    return [str(score.probes), *("-" if each is None else f"{each:.1%}" for each in shares)]
