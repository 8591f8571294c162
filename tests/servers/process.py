"""Starting and ending a server that belongs to the tests, and saying why it cannot be."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
READY_WITHIN = 60.0  # seconds; Synapse takes 2 on a free machine


def missing(server: str, remedy: str) -> NoReturn:
    """Skip with the reason; on a CI machine nothing may be skipped."""
    reason = f"{server} is not installed: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def servers_python() -> Path:
    """The interpreter of ``.venv-servers``, or a skip."""
    python = ROOT / ".venv-servers" / "bin" / "python"
    if not python.exists():
        missing("the test servers' environment", "run tests/servers/install")
    return python


def free_port() -> int:
    """A loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    """Whether something listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a server; if it dies or dawdles, fail with the end of its log."""
    deadline = time.monotonic() + READY_WITHIN
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            pytest.fail(f"{process.args!r} is not ready (exit {process.poll()}):\n{tail}")
        time.sleep(0.05)


def end(process: subprocess.Popen[bytes], stop: signal.Signals = signal.SIGTERM) -> None:
    """End one server by its own pid, harder if it does not listen."""
    if process.poll() is None:
        process.send_signal(stop)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=15)
