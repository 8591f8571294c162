"""A line is cut alike whether rules are found by how they open or all tried at each place."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feeds.affected.tokens import Cut, every_rule, fold, tokenize
from tests.unit.test_affected_grammar import PHRASINGS

WORDS = (
    "Orme é 4 d'un l'outil versions antérieures ou égales à sans le correctif KB1234567 pour "
    "jusqu'à comprises entre 9.2.x 13.1-49.13 8u351 v 6.5 R3 x.1 (incluse) , ; / < ≤ [ « . "
    "CVE-2026-1234 service pack 2 64 bits 32-bit build 17763 avec module r٣٣ 北 \u2028 7-zip "
    "4 years of updates"
)


def _cut_otherwise(lines: Iterable[str]) -> list[str]:
    """Lines of which some token depends on how its rule was found."""
    everywhere: defaultdict[str, Cut] = defaultdict(every_rule)
    return [line for line in lines if tokenize(fold(line)) != tokenize(fold(line), everywhere)]


@given(st.lists(st.sampled_from(WORDS.split()) | st.text(max_size=6)).map(" ".join))
def test_any_line_is_cut_by_the_first_rule_that_fits(line: str) -> None:
    assert not _cut_otherwise([line])


def test_each_phrasing_is_found_by_how_it_opens() -> None:
    assert not _cut_otherwise(line for line, _ in PHRASINGS)


def test_lines_of_real_bulletins_are_cut_by_the_first_rule_that_fits(shared_data: Path) -> None:
    with (shared_data / "certfr-avis.jsonl.zst").open("rb") as file:
        raw = zstandard.ZstdDecompressor().stream_reader(file)
        bulletins = [json.loads(line) for line in list(io.TextIOWrapper(raw, "utf-8"))[::12]]
    lines = {row["description"] for each in bulletins for row in each["affected_systems"]}
    assert len(lines) > 4_000
    assert not _cut_otherwise(lines)
