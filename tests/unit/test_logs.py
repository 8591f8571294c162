"""What an operator copies into a ticket holds no secret."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from bot.cli.logs import configure_logs


@pytest.fixture
def configured() -> Iterator[None]:
    configure_logs()
    yield
    structlog.reset_defaults()


def fail(token: str) -> None:
    raise RuntimeError(f"a call with a token of {len(token)} characters failed")


@pytest.mark.usefixtures("configured")
def test_a_traceback_shows_no_variable(capsys: pytest.CaptureFixture[str]) -> None:
    secret = "xoxb-0123-secret"
    try:
        fail(secret)
    except RuntimeError as error:
        structlog.get_logger().error("failed", exc_info=error)
    said = capsys.readouterr().out
    assert "RuntimeError" in said
    assert "in fail" in said
    assert secret not in said
