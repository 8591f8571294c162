"""Measuring the matcher on labels: what is written, what is counted, what is refused."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.cli.evaluate import evaluate
from bot.domain.matching import Matcher
from bot.resources import config_folder
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct
from feeds.products import Catalogue, read_builtin

NOW = datetime(2026, 3, 2, tzinfo=UTC)
STORED = Advisory(
    "certfr",
    "CERTFR-2026-AVI-0001",
    AdvisoryKind.AVIS,
    "",
    NOW,
    NOW,
    affected=(AffectedProduct("FortiWeb versions antérieures à 6.1.0"),),
)


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(Catalogue(read_builtin(config_folder())))


def measured(
    matcher: Matcher, folder: Path, *records: Any
) -> tuple[int, list[dict[str, Any]], dict[str, Any]]:
    """Exit code, verdict lines and measures of an evaluation of ``records``."""
    file, out = folder / "labels.jsonl", folder / "verdicts.jsonl"
    file.write_text(
        "".join(r if isinstance(r, str) else json.dumps(r) + "\n" for r in records),
        encoding="utf-8",
    )
    console = Console(file=io.StringIO(), width=200)
    code = evaluate(
        file,
        matcher=matcher,
        lookup={STORED.reference: STORED}.get,
        verdicts=out,
        as_json=True,
        console=console,
    )
    assert isinstance(console.file, io.StringIO)
    lines = out.read_text(encoding="utf-8").splitlines()
    return code, [json.loads(line) for line in lines], json.loads(console.file.getvalue())


def test_a_line_and_an_advisory_are_judged_in_order(matcher: Matcher, tmp_path: Path) -> None:
    probes = [{"product": "FortiWeb", "version": "6.0.5"}, {"product": "FortiWeb 6.1.0"}]
    code, lines, _ = measured(
        matcher,
        tmp_path,
        {"id": "L", "vendor": "Fortinet", "product": "N/A",
         "description": "FortiWeb versions antérieures à 6.1.0", "probes": probes},
        {"id": "A", "advisory": STORED.reference, "probes": probes},
    )  # fmt: skip
    assert code == 0
    assert [(each["id"], each["probe"], each["verdict"]) for each in lines] == [
        ("L", 0, "affected"),
        ("L", 1, "not_affected"),
        ("A", 0, "affected"),
        ("A", 1, "not_affected"),
    ]
    span = lines[0]["span"]
    assert span["text"] == "FortiWeb versions antérieures à 6.1.0"[span["start"] : span["end"]]


def test_the_three_kinds_of_error_are_counted_apart(matcher: Matcher, tmp_path: Path) -> None:
    def probe(version: str, expected: str, **more: Any) -> dict[str, Any]:
        return {"product": "FortiWeb", "version": version, "expected": expected, **more}

    _, _, measures = measured(
        matcher,
        tmp_path,
        {
            "id": "A",
            "advisory": STORED.reference,
            "probes": [
                probe("6.1.0", "affected", code="lt"),  # dangerous
                probe("6.0.5", "not_affected", code="at", alias=True),  # noise
                probe("", "affected", code="mv"),  # cost
                probe("6.0.5", "review", also_ok=["affected"], code="im"),
            ],
        },
    )
    total = measures["total"]
    assert (total["dangerous"], total["noise"], total["cost"]) == (0.5, 1.0, 0.3333)
    assert total["accuracy"] == 0.25
    assert measures["alias"]["probes"] == 1
    assert set(measures["by_code"]) == {"lt", "at", "mv", "im"}


def test_what_cannot_be_judged_is_an_error_and_hides_nothing(
    matcher: Matcher, tmp_path: Path
) -> None:
    code, lines, measures = measured(
        matcher,
        tmp_path,
        "{not json}\n",
        {"id": "B", "advisory": "CERTFR-1999-AVI-0000", "probes": [{"product": "x"}, {}]},
        {"id": "C", "description": "FortiWeb", "probes": ["x", {"product": "FortiWeb"}]},
    )
    assert code == 1
    assert [(each["id"], each["verdict"]) for each in lines] == [
        ("line 1", "error"),
        ("B", "error"),
        ("B", "error"),
        ("C", "error"),
        ("C", "affected"),
    ]
    assert measures["errors"] == 4
    assert "ingest" in lines[1]["reason"]


def test_an_unreadable_file_is_said_in_one_line(matcher: Matcher, tmp_path: Path) -> None:
    missing = tmp_path / "none.jsonl"
    assert evaluate(missing, matcher=matcher, lookup=lambda _: None) == 1


def test_errors_are_said_whole_and_counted_beyond_twenty(
    matcher: Matcher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines, _ = measured(
        matcher,
        tmp_path,
        {"id": "[A]", "description": "FortiWeb", "probes": [{"product": ["FortiWeb"]}]},
        *("[1]\n" for _ in range(24)),
    )
    assert (code, len(lines)) == (1, 25)
    said = capsys.readouterr().err
    assert "[A] probe 0: product is a text, not ['FortiWeb']" in said
    assert "5 more records or probes could not be judged" in said


HOSTILE: list[tuple[str, Any]] = [
    ("also_ok that is no list", {"also_ok": 5}),
    ("also_ok of something else", {"also_ok": [1]}),
    ("a verdict that does not exist", {"expected": "maybe"}),
]


@pytest.mark.parametrize(("why", "label"), HOSTILE, ids=[why for why, _ in HOSTILE])
def test_a_bad_label_is_said_and_its_neighbours_are_judged(
    matcher: Matcher, tmp_path: Path, why: str, label: dict[str, Any]
) -> None:
    probe = {"product": "FortiWeb", "version": "6.0.5", "expected": "affected"}
    record = {
        "id": "a",
        "description": "FortiWeb versions antérieures à 6.1.0",
        "probes": [probe, probe | label, probe],
    }
    code, lines, _ = measured(matcher, tmp_path, record)
    assert code == 1
    assert [line["verdict"] for line in lines] == ["affected", "error", "affected"]


def test_no_line_however_long_or_deep_stops_the_others(matcher: Matcher, tmp_path: Path) -> None:
    line = "Orme versions antérieures à 1.2, " * 20_000
    digits = "9" * 6_000
    code, lines, _ = measured(
        matcher,
        tmp_path,
        {"id": "long", "description": line, "probes": [{"product": "Orme", "version": "1.1"}]},
        {"id": "digits", "description": f"Orme {digits}", "probes": [{"version": digits}]},
        "[" * 100_000 + "\n",
        {"id": "open", "description": "(" * 30_000, "probes": [{"product": "(" * 30_000}]},
        '{"id": "half", "description": "Orme \\ud800", "probes": [{"product": "Orme"}]}\n',
        {"id": "noprobes", "description": "Orme"},
        {"id": "sep", "description": "Orme\u2028versions 1.2", "probes": [{"product": "Orme"}]},
    )
    assert code == 1
    assert [line["id"] for line in lines] == [
        "long", "digits", "line 3", "open", "half", "noprobes", "sep",
    ]  # fmt: skip
    assert [line["id"] for line in lines if line["verdict"] == "error"] == ["line 3", "noprobes"]
