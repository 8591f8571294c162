"""``make bench [ONLY=area]``: measure, print a table, write ``build/bench.json``.

An area is a module of this package with ``def run() -> Iterable[Figure]``; the name of its
figures starts with the area's. Measuring one area keeps the figures of the others. With
``--long``, an area that has ``run_long`` measures the country's size instead.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import pkgutil
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

import tests.bench
from bot.app.memory import collect_seldom
from tests.bench.figures import TARGETS, Figure
from tests.bench.skip import Skipped
from tests.conftest import ROOT

OUT = ROOT / "build" / "bench.json"


def areas() -> list[str]:
    """The modules of this package that measure something."""
    names = sorted(module.name for module in pkgutil.iter_modules(tests.bench.__path__))
    return [
        name
        for name in names
        if name != "__main__" and hasattr(import_module(f"tests.bench.{name}"), "run")
    ]


def merged(earlier: Iterable[Figure], fresh: Iterable[Figure]) -> list[Figure]:
    """The figures of both, by name; a fresh one replaces an earlier one."""
    by_name = {figure.name: figure for figure in (*earlier, *fresh)}
    return [by_name[name] for name in sorted(by_name)]


def kept(out: Path) -> list[Figure]:
    """The figures measured before, none when there is no file."""
    if not out.is_file():
        return []
    return [Figure(**figure) for figure in json.loads(out.read_text("utf-8"))]


def write(out: Path, figures: Sequence[Figure]) -> None:
    """Write the file that machines read."""
    out.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([dataclasses.asdict(f) for f in figures], ensure_ascii=False, indent=2)
    out.write_text(text + "\n", "utf-8")


def table(figures: Sequence[Figure]) -> Table:
    """What a person reads; a ratio above 1 means that Tocsin is better."""
    titles = ("value", "unit", "target", "baseline", "its value", "ratio")
    made = Table(Column("figure", no_wrap=True), *titles)
    for figure in figures:
        made.add_row(
            figure.name,
            f"{figure.value:,.6g}",
            figure.unit,
            figure.target,
            figure.baseline or "",
            "" if figure.baseline_value is None else f"{figure.baseline_value:,.6g}",
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
        )
    return made


def _run(area: str, *, long: bool) -> Iterable[Figure]:
    module = import_module(f"tests.bench.{area}")
    chosen: Callable[[], Iterable[Figure]] = getattr(module, "run_long", module.run)
    return chosen() if long else module.run()


def main(arguments: Sequence[str]) -> int:
    """Measure the areas asked for; exit code 2 when there is no such area."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--only", metavar="AREA", help="measure one area, keep the others")
    parser.add_argument(
        "--long", action="store_true", help="the country's size, where there is one"
    )
    asked = parser.parse_args(arguments)
    only = asked.only
    collect_seldom()  # as the command does
    known = areas()
    if only and only not in known:
        print(f"no area named {only}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    console = Console()
    fresh: list[Figure] = []
    for area in [only] if only else known:
        console.print(f"Measuring {area}…")
        try:
            for measured in _run(area, long=asked.long):
                figure = dataclasses.replace(measured, target=TARGETS.get(measured.name, ""))
                fresh.append(figure)
                console.print(f"  {figure.name}: {figure.value:,.6g} {figure.unit}")
        except Skipped as reason:
            console.print(f"  skipped: {reason}")
    figures = merged(kept(OUT) if only else [], fresh)
    write(OUT, figures)
    console.print(table(figures))
    console.print(f"Written: {OUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
