"""Dated releases of vendors: the bulletins of one are closed by one update.

Microsoft's second Tuesday, Oracle's Critical Patch Update, SAP's notes, Android's patch level:
``config/releases.toml`` says how each is recognised, and which products one decision covers.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from feeds.advisory import Advisory

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
KEYS = frozenset({"name", "hosts", "named", "weekday", "rank", "days", "cumulative"})


class ReleasesError(ValueError):
    """``releases.toml`` cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Release:
    """What a vendor published on one date; ``month`` is ``2026-03``.

    ``cumulative`` when a later release of the vendor contains it.
    """

    vendor: str
    month: str
    cumulative: bool


@dataclass(frozen=True, slots=True)
class Vendor:
    """How the releases of one vendor are recognised; see ``config/releases.toml``."""

    name: str
    hosts: tuple[str, ...]
    cumulative: bool
    named: re.Pattern[str] | None = None
    weekday: int = 0
    rank: int = 0  # in the month; 0 when releases are named
    days: int = 0

    def publishes(self, url: str) -> bool:
        """Whether the vendor publishes at this address."""
        host = urlsplit(url).hostname or ""
        return any(host == each or host.endswith(f".{each}") for each in self.hosts)


@dataclass(frozen=True, slots=True)
class Family:
    """Products that one decision covers; ``title`` is what people read."""

    title: str
    products: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Releases:
    """Vendors with a calendar, and families of products."""

    vendors: tuple[Vendor, ...] = ()
    families: tuple[Family, ...] = ()

    def of(self, advisory: Advisory) -> Release | None:
        """The release a bulletin belongs to, or None.

        All that it refers to must be of one vendor: a bulletin that gathers several has no
        release. When it names several releases, the latest holds.
        """
        urls = [each.url for each in advisory.references if each.url]
        for vendor in self.vendors:
            if not urls or not all(map(vendor.publishes, urls)):
                continue
            month = (
                _named(vendor.named, advisory)
                if vendor.named
                else _on_the_day(vendor, advisory.published_at.date())
            )
            if month:
                return Release(vendor.name, month, vendor.cumulative)
        return None


def read_releases(toml_text: str) -> Releases:
    """Read ``releases.toml``.

    Raises:
        ReleasesError: not TOML, an unknown key, or a pattern that cannot be used.
    """
    try:
        values = tomllib.loads(toml_text)
        return Releases(
            tuple(_vendor(each) for each in values.get("vendor", ())),
            tuple(
                Family(each["title"], tuple(each["products"])) for each in values.get("family", ())
            ),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, re.error) as error:
        raise ReleasesError(f"releases.toml: {error}") from error


def _vendor(values: dict[str, object]) -> Vendor:
    if unknown := set(values) - KEYS:
        raise KeyError(f"unknown key {min(unknown)!r} of vendor {values.get('name')}")
    named = values.get("named")
    hosts = values["hosts"]
    if not isinstance(hosts, list):
        raise TypeError(f"hosts of vendor {values['name']} is not a list")
    return Vendor(
        name=str(values["name"]),
        hosts=tuple(map(str, hosts)),
        cumulative=bool(values["cumulative"]),
        named=re.compile(str(named), re.IGNORECASE) if named else None,
        weekday=_number(values, "weekday"),
        rank=_number(values, "rank"),
        days=_number(values, "days"),
    )


def _number(values: dict[str, object], key: str) -> int:
    value = values.get(key, 0)
    if not isinstance(value, int):
        raise TypeError(f"{key} of vendor {values['name']} is not a whole number")
    return value


def _named(pattern: re.Pattern[str], advisory: Advisory) -> str:
    """The latest month that references name, or empty."""
    texts = [text for each in advisory.references for text in (each.url, each.title)]
    found = (
        month for text in texts for match in pattern.finditer(text) if (month := _month(match))
    )
    return max(found, default="")


def _month(match: re.Match[str]) -> str:
    said = match.groupdict()
    name = (said.get("name") or "").casefold()[:3]
    number = MONTHS.index(name) + 1 if name in MONTHS else int(said.get("month") or 0)
    return f"{match['year']}-{number:02}" if 1 <= number <= 12 else ""


def _on_the_day(vendor: Vendor, published: date) -> str:
    """The month whose release day is ``published``, or a few days before it."""
    if not vendor.rank:
        return ""
    first = published.replace(day=1)
    days: Sequence[date] = [first + timedelta(days=n) for n in range(published.day)]
    releases = [day for day in days if day.weekday() == vendor.weekday]
    if len(releases) < vendor.rank:
        return ""
    late = published - releases[vendor.rank - 1]
    return f"{published:%Y-%m}" if late <= timedelta(days=vendor.days) else ""
