"""Days as people write them in an answer: « le 12/12 », « 1er mars 2027 », « demain ». Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

MONTHS = (
    ("janvier", "janv", "january", "jan"),
    ("fevrier", "fevr", "fev", "february", "feb"),
    ("mars", "march", "mar"),
    ("avril", "avr", "april", "apr"),
    ("mai", "may"),
    ("juin", "june", "jun"),
    ("juillet", "juil", "july", "jul"),
    ("aout", "august", "aug"),
    ("septembre", "sept", "september", "sep"),
    ("octobre", "oct", "october"),
    ("novembre", "nov", "november"),
    ("decembre", "dec", "december"),
)
MONTH_OF = {name: number for number, names in enumerate(MONTHS, start=1) for name in names}
SPOKEN = {"aujourd'hui": 0, "today": 0, "demain": 1, "tomorrow": 1, "apres-demain": 2}
ISO = re.compile(r"(?<!\d)(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?!\d)")
NUMBERS = re.compile(
    r"(?<![\d./-])(?P<day>\d{1,2})(?P<sign>[/.-])(?P<month>\d{1,2})"
    r"(?:(?P=sign)(?P<year>\d{4}|\d{2}))?(?![\d/-])"
)
WORDS = re.compile(
    r"(?<!\d)(?P<day>\d{1,2})(?:er|st|nd|rd|th)?\s+(?P<month>[a-z]{3,9})\b\.?(?:\s+(?P<year>\d{4}))?"
)
LONGEST = timedelta(days=2 * 366)  # a patch promised for later than that is a slip of the pen


class BadDayError(ValueError):
    """What was written looks like a day, and is none that can be meant; ``written`` is it."""

    def __init__(self, written: str) -> None:
        super().__init__(f"{written!r} is not a day to come")
        self.written = written


def read_day(text: str, *, today: date) -> date | None:
    """The first day that ``text`` names, or None when it names none.

    Without a year it is the next such day, today included. The day comes before the
    month, as it is written in France, but in ``2026-12-31``.

    Raises:
        BadDayError: no such day (31/02), a day gone by, or one too far ahead.
    """
    said = _plain(text)
    for word, days in SPOKEN.items():
        if re.search(rf"(?<![\w-]){re.escape(word)}(?!\w)", said):
            return today + timedelta(days=days)
    found = ISO.search(said) or _in_numbers(said) or _in_words(said)
    if found is None:
        return None
    year, month, day = found["year"], _month(found["month"]), int(found["day"])
    years = [today.year, today.year + 1] if year is None else [_whole_year(year)]
    for candidate in (_day(each, month, day) for each in years):
        if candidate is not None and today <= candidate <= today + LONGEST:
            return candidate
    raise BadDayError(found[0].strip(" ."))


def _in_numbers(said: str) -> re.Match[str] | None:
    """``12/12``, ``12-12``, ``12.12.2026``; ``7.2`` alone is a version."""
    return next((f for f in NUMBERS.finditer(said) if f["sign"] != "." or f["year"]), None)


def _in_words(said: str) -> re.Match[str] | None:
    return next((f for f in WORDS.finditer(said) if f["month"] in MONTH_OF), None)


def _month(written: str) -> int:
    return int(written) if written.isdecimal() else MONTH_OF[written]


def _whole_year(written: str) -> int:
    return int(written) if len(written) == 4 else 2000 + int(written)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _plain(text: str) -> str:
    """Lower case without accents, straight apostrophes."""
    apart = unicodedata.normalize("NFKD", text.replace("’", "'").casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))
