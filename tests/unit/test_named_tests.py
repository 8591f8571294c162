"""The tests that the documentation names are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(test_\w+)`")
WRITTEN = re.compile(r"def (test_\w+)\(")


def test_every_test_that_the_documentation_names_exists() -> None:
    texts = [path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md"))]
    named = {name for text in texts for name in NAMED.findall(text)}
    code = [path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py"))]
    assert len(named) > 10
    assert named <= {name for text in code for name in WRITTEN.findall(text)}
