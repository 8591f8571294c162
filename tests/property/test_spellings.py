"""However a line is typed or printed, what is affected is never said to be safe."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.domain.matching import InventoryProduct, Matcher, Reading, VerdictKind
from bot.resources import config_folder
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct
from feeds.products import Catalogue, read_builtin

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
LINES = Path(__file__).parents[1] / "data" / "matching" / "lines.jsonl"
DRAWN = 80
SAFE = VerdictKind.NOT_AFFECTED

Retype = Callable[[InventoryProduct], InventoryProduct]


def _in_version(change: Callable[[str], str]) -> Retype:
    return lambda p: InventoryProduct(
        p.vendor, p.product, change(p.version) if p.version[:1].isdigit() else p.version
    )


def _in_product(change: Callable[[str], str]) -> Retype:
    return lambda p: InventoryProduct(p.vendor, change(p.product), p.version)


RETYPED: dict[str, Retype] = {
    "capitals": lambda p: InventoryProduct(p.vendor.upper(), p.product.upper(), p.version.upper()),
    "small letters": lambda p: InventoryProduct(
        p.vendor.lower(), p.product.lower(), p.version.lower()
    ),
    "spaces": lambda p: InventoryProduct(f" {p.vendor} ", f"{p.product}  ", f" {p.version} "),
    "no-break spaces": _in_product(lambda text: text.replace(" ", "\u00a0")),
    "'version' before": _in_version(lambda text: f"version {text}"),
    "V before": _in_version(lambda text: f"V{text}"),
    "v. before": _in_version(lambda text: f"v. {text}"),
    "comma after": _in_version(lambda text: f"{text},"),
    "registered": _in_product(lambda text: f"{text}®"),
    "quoted": _in_product(lambda text: f'"{text}"'),
    "remark in parentheses": _in_product(lambda text: f"{text} (salle serveur 2)"),
    "remark after a dash": _in_product(lambda text: f"{text} - à remplacer"),
    "company": lambda p: InventoryProduct(
        f"{p.vendor} Corporation" if p.vendor else "", p.product, p.version
    ),
}
REPRINTED: dict[str, Callable[[str], str]] = {
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "entities": lambda text: text.replace(" ", "&nbsp;", 2).replace("'", "&#39;"),
    "curly apostrophes": lambda text: text.replace("'", "\u2019"),
    "antérieure": lambda text: text.replace("antérieures à", "antérieure à"),
    "antérieure(s)": lambda text: text.replace("antérieures à", "antérieure(s) à"),
    "inférieures": lambda text: text.replace("antérieures à", "inférieures à"),
    "strictement": lambda text: text.replace("antérieures à", "strictement antérieures à"),
    "à la version": lambda text: text.replace("antérieures à", "antérieures à la version"),
    "prior to": lambda text: text.replace("antérieures à", "prior to"),
    "before": lambda text: text.replace("versions antérieures à", "versions before"),
    "no accent": lambda text: text.replace("é", "e").replace("à", "a"),
    "full stop": lambda text: f"{text.rstrip(' .;')}.",
    "bullet": lambda text: f"- {text} ;",
}


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(Catalogue(read_builtin(config_folder())))


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    lines = LINES.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in random.Random(7).sample(lines, DRAWN)]


def _reading(matcher: Matcher, record: dict[str, Any], text: str) -> Reading:
    row = AffectedProduct(text, record["vendor"], record["product"])
    return matcher.read(
        Advisory("test", "line", AdvisoryKind.AVIS, "", LONG_AGO, LONG_AGO, affected=(row,))
    )


def _affected(matcher: Matcher, record: dict[str, Any]) -> list[InventoryProduct]:
    """Probes that are affected, or in doubt, as they were typed first."""
    reading = _reading(matcher, record, record["description"])
    products = (
        InventoryProduct(probe["vendor"], probe["product"], probe["version"])
        for probe in record["probes"]
        if probe["expected"] == "affected"
    )
    return [each for each in products if matcher.judge(reading, each).kind is not SAFE]


@pytest.mark.parametrize("how", RETYPED)
def test_a_product_typed_otherwise_is_not_safe(
    matcher: Matcher, records: list[dict[str, Any]], how: str
) -> None:
    for record in records:
        reading = _reading(matcher, record, record["description"])
        for product in _affected(matcher, record):
            typed = RETYPED[how](product)
            assert matcher.judge(reading, typed).kind is not SAFE, (record["description"], typed)


@pytest.mark.parametrize("how", REPRINTED)
def test_a_line_printed_otherwise_still_concerns(
    matcher: Matcher, records: list[dict[str, Any]], how: str
) -> None:
    for record in records:
        printed = REPRINTED[how](record["description"])
        reading = _reading(matcher, record, printed)
        for product in _affected(matcher, record):
            assert matcher.judge(reading, product).kind is not SAFE, (printed, product)
