"""The matcher on the lines labelled by reading that are kept with the tests."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.cli.evaluate import evaluate
from bot.domain.matching import InventoryProduct, Matcher, VerdictKind
from bot.resources import config_folder
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct
from feeds.products import Catalogue, read_builtin

LABELS = Path(__file__).parents[1] / "data" / "matching"
_NAME = re.compile(r"(.+?),? (?:toutes (?:les )?versions|versions?)\b")
_ENDS_WITH_NUMBER = re.compile(r"\d[\w.]*$")
_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_BY_VERSION = ("fixed", "out-of-range")


def _no_bulletin(reference: str) -> Advisory | None:
    raise AssertionError(f"a line needs no bulletin: {reference}")


def _measures(labels: Path) -> dict[str, Any]:
    console = Console(file=io.StringIO(), width=200)
    code = evaluate(
        labels,
        matcher=Matcher(Catalogue(read_builtin(config_folder()))),
        lookup=_no_bulletin,
        as_json=True,
        console=console,
    )
    assert code == 0
    assert isinstance(console.file, io.StringIO)
    said: dict[str, Any] = json.loads(console.file.getvalue())
    return said


def test_the_targets_are_reached_on_labelled_lines() -> None:
    total = _measures(LABELS / "lines.jsonl")["total"]
    assert total["probes"] > 1_400
    assert total["dangerous"] <= 0.01
    assert total["noise"] <= 0.02
    assert total["cost"] <= 0.08


def test_plainly_drawn_lines_are_read_no_worse_than_before() -> None:
    """They have been read by now: this holds what was learnt, and measures nothing else."""
    total = _measures(LABELS / "draws.jsonl")["total"]
    assert total["probes"] > 3_700
    assert total["dangerous"] <= 0.014
    assert total["noise"] <= 0.01
    assert total["cost"] <= 0.035


def _bulletin(record: dict[str, Any]) -> Advisory:
    row = AffectedProduct(record["description"], record["vendor"], record["product"])
    return Advisory("tests", "line", AdvisoryKind.AVIS, "", _DAY, _DAY, affected=(row,))


def test_a_name_typed_without_its_version_is_never_told_fixed() -> None:
    """Whatever numbers a name holds: *CPU 1513F-1 PN*, *SINUMERIK 840D sl*, *Private 5G Core*.

    A name that ends with a number ("tvOS 18.1") may have been typed with its version.
    """
    matcher = Matcher(Catalogue(read_builtin(config_folder())))
    asked, told = 0, []
    for file in ("lines.jsonl", "draws.jsonl"):
        for text in (LABELS / file).read_text(encoding="utf-8").splitlines():
            record = json.loads(text)
            name = _NAME.match(record["description"])
            if name is None or _ENDS_WITH_NUMBER.search(name[1]):
                continue
            product = InventoryProduct(vendor=record["vendor"], product=name[1])
            verdict = matcher.judge(matcher.read(_bulletin(record)), product)
            asked += 1
            if verdict.kind is VerdictKind.NOT_AFFECTED and verdict.reason in _BY_VERSION:
                told.append((name[1], verdict.reason))
    assert asked > 150
    assert told == []
