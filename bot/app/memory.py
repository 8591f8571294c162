"""How often Python looks for cycles: seldom, because almost nothing here makes any."""

from __future__ import annotations

import gc

# Objects made before the young are looked at, then how many times before the elder are. Python's
# own (700, 10, 10) walks again and again through readings, verdicts and rows that are all in use:
# a quarter of the time of a corpus. Garbage without cycles, nearly all of it, goes at once anyhow.
THRESHOLDS = (50_000, 20, 10)


def collect_seldom() -> None:
    """Set the thresholds of this process; its start is the place to call it."""
    gc.set_threshold(*THRESHOLDS)
