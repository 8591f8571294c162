"""One measured figure, as it stands in ``build/bench.json``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure and, where there is one, what it is compared with.

    ``unit`` is that of ``value`` and ``baseline_value``. ``ratio`` above 1 always means that
    Tocsin is better than ``baseline``. ``target`` is what the figure is to reach: "≤ 2".
    """

    name: str
    value: float
    unit: str
    baseline: str | None = None
    baseline_value: float | None = None
    ratio: float | None = None
    target: str = ""


TARGETS = {
    "alerts.write_3000_s": "≤ 3",
    "inventory.import_1m_s": "≤ 60",
    "inventory.peak_mib": "≤ 500",
    "matching.advisory_1m_ms": "≤ 2",
    "matching.corpus_1m_s": "≤ 30",
    "matching.index_mb_per_million": "≤ 60",
    "matching.inventory_lines_per_s": "≥ 400,000",
    "matching.parse_rows_per_s": "≥ 10,000",
    "matching.vs_sqlite_index": "ratio ≥ 5",
}
"""What figures are to reach, on two cores that do nothing else."""
