"""One measured figure, as it stands in ``build/bench.json``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure and, where there is one, what it is compared with.

    ``unit`` is that of ``value`` and ``baseline_value``. ``ratio`` above 1 always means that
    Tocsin is better than ``baseline``.
    """

    name: str
    value: float
    unit: str
    baseline: str | None = None
    baseline_value: float | None = None
    ratio: float | None = None
