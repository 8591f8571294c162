"""What every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.fixtures import (
    dovecot,
    homeserver,
    postfix,
    postgresql,
    postgresql_url,
    relay,
    slack_double,
)

__all__ = [
    "dovecot",
    "homeserver",
    "postfix",
    "postgresql",
    "postgresql_url",
    "relay",
    "shared_data",
    "slack_double",
]

# a busy machine is not a broken rule
settings.register_profile("tocsin", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tocsin")

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the real corpus, kept beside the checkout and never inside it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real corpus (../shared/data) is not beside this checkout")
    return SHARED_DATA
