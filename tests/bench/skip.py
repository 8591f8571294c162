"""What ends the measure of an area that cannot be measured here."""

from __future__ import annotations

import pytest


class Skipped(Exception):  # noqa: N818 - it is no error: the table says why and goes on
    """The area cannot be measured on this machine; the message says what is missing."""


PYTEST_SKIPPED = pytest.skip.Exception  # what the fixtures of the test servers raise
