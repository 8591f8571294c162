"""What the log looks like. It is read by operators, and copied into tickets."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

import structlog

SHOWN_INSTEAD = "***"

Event = MutableMapping[str, Any]


class Redacted:
    """Renders with another renderer, then takes every known secret out of the line.

    No code of ours writes a secret in a log; what a library puts in its errors is its own.
    """

    def __init__(self, render: structlog.typing.Processor, secrets: Iterable[str]) -> None:
        self._render = render
        forms = {form for secret in secrets for form in (secret, _quoted(secret))}
        self._secrets = sorted(forms, key=len, reverse=True)  # one may be part of another

    def __call__(self, logger: Any, name: str, event: Event) -> str:
        """The line, without secrets."""
        line = str(self._render(logger, name, event))
        for secret in self._secrets:
            line = line.replace(secret, SHOWN_INSTEAD)
        return line


def configure_logs(
    level: str = "warning", *, as_json: bool = False, secrets: Iterable[str] = ()
) -> None:
    """One line an event; tracebacks without the values of variables: these hold tokens,
    passwords and messages.

    Args:
        level: debug, info, warning or error. Libraries are heard from warning on.
        as_json: one JSON object a line on standard error, the libraries' own included.
        secrets: never shown, whoever says them.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    if as_json:
        shared.append(structlog.processors.format_exc_info)
        render = Redacted(structlog.processors.JSONRenderer(ensure_ascii=False), secrets)
        _take_libraries_in(shared, render)
    else:
        render = Redacted(console, secrets)
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr if as_json else None),
    )


def _take_libraries_in(shared: list[structlog.typing.Processor], render: Redacted) -> None:
    """What libraries log through :mod:`logging` comes out in the same form."""
    formatter = structlog.stdlib.ProcessorFormatter(
        processor=render,
        foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        pass_foreign_args=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _quoted(text: str) -> str:
    """The text as it stands in a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _number(level: str) -> int:
    names: Mapping[str, int] = logging.getLevelNamesMapping()
    return names[level.upper()]
