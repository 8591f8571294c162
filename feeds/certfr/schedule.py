"""What of CERT-FR is read next: what the RSS announces, what is due again, what is missing.

Pure: the state comes from a cursor and goes back to it. CERT-FR revises one bulletin in
twelve, half of them more than two weeks later, and its RSS does not always say so: every
bulletin is read again each day for a month, then each week for a year. ``AVI`` numbers have
hardly a hole (none or one in most years since 2000), so a hole is a bulletin that was missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from feeds.advisory import AdvisoryKind
from feeds.certfr.bulletin import REFERENCE
from feeds.source import Cursor

DAILY = timedelta(days=1)
WEEKLY = timedelta(days=7)
YOUNG = timedelta(days=30)  # read again daily
FOLLOWED = timedelta(days=365)  # read again weekly
SEARCHED = timedelta(days=30)  # a missing number is looked for this long
SEARCHED_AGAIN = timedelta(hours=1)
TOLD_AGAIN = timedelta(days=7)  # the operator hears of a missing number no more often


@dataclass(frozen=True, slots=True)
class Followed:
    """A bulletin that was read: when it came out, when it was read, what the RSS said."""

    published_at: datetime
    read_at: datetime
    rss: str = ""  # digest of its RSS entry: another one means that it changed
    full: bool = False  # whether its JSON was read
    validators: Mapping[str, str] = field(default_factory=dict)

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to read it again."""
        age, wait = now - self.published_at, now - self.read_at
        return (age <= YOUNG and wait >= DAILY) or (age <= FOLLOWED and wait >= WEEKLY)


@dataclass(frozen=True, slots=True)
class Missing:
    """A number that must exist and was not found."""

    since: datetime
    searched_at: datetime | None = None
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is known of CERT-FR between two readings.

    ``feeds`` holds the HTTP validators of each RSS, ``highest`` the highest AVI number
    seen, by year.
    """

    feeds: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    followed: Mapping[str, Followed] = field(default_factory=dict)
    missing: Mapping[str, Missing] = field(default_factory=dict)
    highest: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, cursor: Cursor) -> Schedule:
        """Read what :meth:`dump` wrote; an empty cursor is a first reading."""
        return cls(
            feeds=dict(cursor.get("feeds", {})),
            followed={
                reference: Followed(
                    datetime.fromisoformat(row["published_at"]),
                    datetime.fromisoformat(row["read_at"]),
                    row.get("rss", ""),
                    row.get("full", False),
                    row.get("validators", {}),
                )
                for reference, row in cursor.get("followed", {}).items()
            },
            missing={
                reference: Missing(
                    datetime.fromisoformat(row["since"]),
                    _moment(row.get("searched_at")),
                    _moment(row.get("told_at")),
                )
                for reference, row in cursor.get("missing", {}).items()
            },
            highest=dict(cursor.get("highest", {})),
        )

    def dump(self) -> dict[str, Any]:
        """The schedule as JSON values."""
        return {
            "feeds": dict(self.feeds),
            "followed": {name: _plain(row) for name, row in self.followed.items()},
            "missing": {name: _plain(row) for name, row in self.missing.items()},
            "highest": dict(self.highest),
        }

    def announced(self, entries: Mapping[str, str]) -> list[str]:
        """References whose RSS entry is new or changed, oldest first.

        Args:
            entries: digest of each entry, by reference.
        """
        changed = [
            reference
            for reference, digest in entries.items()
            if reference not in self.followed or self.followed[reference].rss != digest
        ]
        return sorted(changed, key=_order)

    def due(self, now: datetime) -> list[str]:
        """References to read again, the longest unread first."""
        rows = [(row.read_at, name) for name, row in self.followed.items() if row.is_due(now)]
        return [name for _, name in sorted(rows)]

    def with_numbers(self, references: Iterable[str], now: datetime) -> Schedule:
        """Note the AVI numbers seen; holes below them become ``missing``.

        On the very first reading nothing below the lowest number seen is missing; in a
        year that begins under watch, number 1 is expected.
        """
        seen: dict[str, set[int]] = {}
        for reference in references:
            match = REFERENCE.fullmatch(reference)
            if match and match["kind"] == AdvisoryKind.AVIS:
                seen.setdefault(match["year"], set()).add(int(match["number"]))
        highest, missing = dict(self.highest), dict(self.missing)
        for year, numbers in seen.items():
            unwatched = not self.highest or year < min(self.highest)
            known = highest.get(year, min(numbers) - 1 if unwatched else 0)
            for number in set(range(known + 1, max(numbers))) - numbers:
                name = f"CERTFR-{year}-AVI-{number:04d}"
                if name not in self.followed:
                    missing.setdefault(name, Missing(now))
            for number in numbers:
                missing.pop(f"CERTFR-{year}-AVI-{number:04d}", None)
            highest[year] = max(known, *numbers)
        return replace(self, highest=highest, missing=missing)

    def with_read(self, reference: str, row: Followed) -> Schedule:
        """Note that a bulletin was read."""
        missing = {name: gap for name, gap in self.missing.items() if name != reference}
        return replace(self, followed={**self.followed, reference: row}, missing=missing)

    def to_search(self, now: datetime) -> list[str]:
        """Missing references that were not asked for in the last hour, in order."""
        return sorted(
            name
            for name, gap in self.missing.items()
            if gap.searched_at is None or now - gap.searched_at >= SEARCHED_AGAIN
        )

    def searched(self, reference: str, now: datetime) -> Schedule:
        """Note that a missing reference was asked for, in vain."""
        gap = replace(self.missing[reference], searched_at=now)
        return replace(self, missing={**self.missing, reference: gap})

    def to_tell(self, now: datetime) -> list[str]:
        """Missing references the operator has not heard of for a week, in order."""
        return sorted(
            name
            for name, gap in self.missing.items()
            if gap.told_at is None or now - gap.told_at >= TOLD_AGAIN
        )

    def told(self, references: Iterable[str], now: datetime) -> Schedule:
        """Note that the operator heard of these."""
        names = set(references)
        return replace(
            self,
            missing={
                name: replace(gap, told_at=now) if name in names else gap
                for name, gap in self.missing.items()
            },
        )

    def tidied(self, now: datetime) -> Schedule:
        """Forget what is followed no more, and numbers looked for long enough."""
        return replace(
            self,
            followed={
                name: row
                for name, row in self.followed.items()
                if now - row.read_at <= FOLLOWED + WEEKLY
            },
            missing={n: gap for n, gap in self.missing.items() if now - gap.since <= SEARCHED},
        )


def _order(reference: str) -> tuple[str, int, str]:
    match = REFERENCE.fullmatch(reference)
    if match is None:
        raise ValueError(f"{reference!r} is not a CERT-FR reference")
    return match["year"], int(match["number"]), reference


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _plain(row: Followed | Missing) -> dict[str, Any]:
    """A row as JSON values, without what is empty."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(row).items()
        if value
    }
