"""What an operator copies into a ticket holds no secret."""

from __future__ import annotations

import json
import logging
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


def test_no_secret_leaves_whoever_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    secrets = ["hunter2", 'pass"é\\word', "hunter2-and-more"]
    handlers = logging.getLogger().handlers[:]
    configure_logs("debug", as_json=True, secrets=secrets)
    try:
        log = structlog.get_logger()
        for secret in secrets:
            log.info("said", token=secret, url=f"https://user:{secret}@peer.example/")
            logging.getLogger("library").error("refused: %s", secret)
            try:
                raise RuntimeError(f"bad token {secret}")
            except RuntimeError as error:
                log.error("failed", exc_info=error)
        logging.getLogger("library").info("chatter")
    finally:
        logging.getLogger().handlers[:] = handlers
        structlog.reset_defaults()
    lines = capsys.readouterr().err.splitlines()
    events = [json.loads(line) for line in lines]
    assert len(events) == 9
    for event in events:
        told = json.dumps(event, ensure_ascii=False)
        assert "***" in told
        assert not [secret for secret in secrets if secret in str(event)]
        assert event["timestamp"].endswith("Z")
    assert events[1]["logger"] == "library"
