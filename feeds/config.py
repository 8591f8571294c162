"""What the operator says of one source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from feeds.advisory import Tlp
from feeds.http import Access

Clock = Callable[[], datetime]
"""Returns the present as an aware datetime, in UTC."""


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One ``[[source]]`` of ``sources.toml``, checked.

    Args:
        name: short, unique; it names the source in errors, health and commands.
        kind: a key of ``feeds.registry.KINDS``.
        url: where it is read; a file or folder for the kinds that read one.
        publisher: who speaks, when the documents do not say.
        tlp: marking of what carries none.
        every: time between two readings.
        enabled: a disabled source is kept in the file and never read.
        collections: TAXII collections to read, by id or title; all when empty.
        access: limits, proxy, certificates, allowed networks, credentials.
    """

    name: str
    kind: str
    url: str
    publisher: str = ""
    tlp: Tlp = Tlp.AMBER
    every: timedelta = timedelta(minutes=15)
    enabled: bool = True
    collections: tuple[str, ...] = ()
    access: Access = field(default_factory=Access)
