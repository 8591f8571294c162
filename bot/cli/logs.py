"""What the log looks like. It is read by operators, and copied into tickets."""

from __future__ import annotations

import logging

import structlog


def configure_logs(level: int = logging.WARNING) -> None:
    """One line an event, and tracebacks without the values of variables: these hold tokens,
    passwords and messages."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(),
    )
