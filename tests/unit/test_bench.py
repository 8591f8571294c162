"""The file of figures: measuring one area keeps those of the others."""

from __future__ import annotations

from pathlib import Path

from tests.bench import __main__ as bench
from tests.bench.figures import Figure


def test_a_fresh_figure_replaces_the_one_of_its_name_and_keeps_the_others(tmp_path: Path) -> None:
    out = tmp_path / "build" / "bench.json"
    bench.write(out, [Figure("a.x_s", 2.0, "s"), Figure("b.y", 3.0, "rows/s", "SQLite", 1.0, 3.0)])
    fresh = [Figure("a.x_s", 1.0, "s")]
    bench.write(out, bench.merged(bench.kept(out), fresh))
    assert bench.kept(out) == [fresh[0], Figure("b.y", 3.0, "rows/s", "SQLite", 1.0, 3.0)]


def test_every_area_is_found_and_an_unknown_one_is_refused() -> None:
    assert {"inventory"} <= set(bench.areas())
    assert bench.main(["--only", "nothing"]) == 2
