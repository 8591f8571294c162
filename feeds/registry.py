"""The kinds of source. Adding one is one file, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from feeds.certfr.source import CertFr
from feeds.certsante import CertSante
from feeds.config import Clock, SourceConfig, SourceFile, read_configs
from feeds.csaf_source import CsafFolder
from feeds.documents import Documents
from feeds.exploited import Signals, read_epss, read_kev
from feeds.http import Access
from feeds.rss import Feed
from feeds.source import Source
from feeds.taxii import Taxii

KINDS: Mapping[str, Callable[[SourceConfig, Clock], Source]] = {
    "certfr": CertFr,
    "certsante": CertSante,
    "rss": Feed,
    "stix": Documents,
    "files": Documents,
    "csaf": CsafFolder,
    "taxii": Taxii,
}
SIGNALS = {"kev": read_kev, "epss": read_epss}


def read_sources(files: Iterable[SourceFile], *, access: Access) -> list[SourceConfig]:
    """The configured sources of bulletins; see :func:`feeds.config.read_configs`."""
    return read_configs(files, "source", KINDS, access=access)


def read_signals(files: Iterable[SourceFile], *, access: Access) -> list[SourceConfig]:
    """The configured sources of what is exploited."""
    return read_configs(files, "signal", SIGNALS, access=access)


def make_source(config: SourceConfig, clock: Clock) -> Source:
    """The source that a configuration asks for."""
    return KINDS[config.kind](config, clock)


def make_signals(config: SourceConfig, clock: Clock) -> Signals:
    """The source of signals that a configuration asks for."""
    return Signals(config, clock, SIGNALS[config.kind])
