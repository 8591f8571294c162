"""CERT-FR's JSON: one bulletin as ``https://www.cert.ssi.gouv.fr/<section>/<REFERENCE>/json/``.

The format has no severity, CVSS, CPE, version, marking or status. Its dates have no offset
and are midnight; the RSS of the same bulletins says UTC. ``N/A`` stands for an unknown
vendor or product and is read as empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct, Reference, Revision
from feeds.errors import MalformedDocumentError
from feeds.text import load_json, one_line

T = TypeVar("T")

PUBLISHER = "CERT-FR"
SITE = "https://www.cert.ssi.gouv.fr"
SECTIONS = {
    AdvisoryKind.AVIS: "avis",
    AdvisoryKind.ALERTE: "alerte",
    AdvisoryKind.ACTUALITE: "actualite",
    AdvisoryKind.MENACE: "cti",
    AdvisoryKind.INDICATEURS: "ioc",
    AdvisoryKind.DURCISSEMENT: "dur",
}
REFERENCE = re.compile(
    r"CERT(?:A|FR)-(?P<year>\d{4})-(?P<kind>AVI|ALE|ACT|CTI|IOC|DUR)-(?P<number>\d{3,5})"
)

_KEYS_OF_CERTFR = frozenset({"reference", "affected_systems", "revisions"})
_MISSING = object()
_CLOSED = re.compile(r"\bcl[oô]tur", re.IGNORECASE)


def kind_of(reference: str) -> AdvisoryKind:
    """The kind a reference says: ``CERTFR-2026-ALE-001`` is an alerte.

    Raises:
        ValueError: not a CERT-FR or CERTA reference.
    """
    match = REFERENCE.fullmatch(reference)
    if match is None:
        raise ValueError(f"{reference!r} is not a CERT-FR reference (CERTFR-2026-AVI-0123)")
    return AdvisoryKind(match["kind"])


def page_url(reference: str, site: str = SITE) -> str:
    """The page of a bulletin, for people."""
    return f"{site}/{SECTIONS[kind_of(reference)]}/{reference}/"


def json_url(reference: str, site: str = SITE) -> str:
    """The JSON of a bulletin."""
    return f"{page_url(reference, site)}json/"


def is_bulletin(values: object) -> bool:
    """Whether a JSON value looks like a bulletin of CERT-FR, even one with missing keys."""
    return isinstance(values, Mapping) and len(_KEYS_OF_CERTFR & values.keys()) >= 2


def read_json(
    source: str, item: str, text: str | bytes
) -> Iterator[Advisory | MalformedDocumentError]:
    """Read a bulletin, or a list of them, from its JSON text."""
    try:
        values = load_json(text)
    except ValueError as error:
        yield MalformedDocumentError(source, item, str(error))
    else:
        yield from read_bulletins(source, values, item)


def read_bulletins(
    source: str, values: object, item: str = "document"
) -> Iterator[Advisory | MalformedDocumentError]:
    """Read JSON values: one bulletin, named ``item`` in errors, or a list of them."""
    if isinstance(values, list):
        for position, value in enumerate(values, start=1):
            yield from read_bulletin(source, f"item {position}", value)
    else:
        yield from read_bulletin(source, item, values)


def read_bulletin(
    source: str, item: str, values: object
) -> Iterator[Advisory | MalformedDocumentError]:
    """Read one bulletin, and say each key or row of it that could not be.

    Without ``reference``, ``title`` or a dated revision there is no bulletin. Any other
    missing key is reported beside the bulletin: a list of risks that went missing must not
    hide an alert.
    """
    if not isinstance(values, Mapping):
        yield MalformedDocumentError(source, item, "not a JSON object")
        return
    reference = values.get("reference")
    if isinstance(reference, str) and reference:
        item = f"{item} ({reference})" if item != reference else item
    reader = _Reader(values)
    try:
        advisory = _advisory(reader)
    except ValueError as error:
        yield MalformedDocumentError(source, item, str(error))
        return
    yield advisory
    for problem in reader.problems:
        yield MalformedDocumentError(source, item, f"{problem}; the rest was read")


def _advisory(reader: _Reader) -> Advisory:
    reference = reader.required("reference")
    kind = kind_of(reference)
    title = one_line(reader.required("title"))
    revisions = reader.revisions()
    dates = [revision.date for revision in revisions]
    return Advisory(
        publisher=PUBLISHER,
        reference=reference,
        kind=kind,
        title=title,
        published_at=min(dates),
        revised_at=max(dates),
        url=page_url(reference),
        summary=reader.text("summary"),
        content=reader.text("content"),
        affected=reader.rows("affected_systems", _affected),
        affected_content=reader.text("affected_systems_content"),
        cves=tuple(dict.fromkeys(reader.rows("cves", _cve))),
        risks=tuple(risk for risk in reader.rows("risks", _risk) if risk),
        references=reader.rows("vendor_advisories", _link) + reader.rows("links", _link),
        revisions=revisions,
        closed_at=_closed_at(kind, revisions),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """One JSON object being read; ``problems`` collects what is missing or malformed."""

    values: Mapping[str, Any]
    problems: list[str] = field(default_factory=list)

    def required(self, key: str) -> str:
        value = self.values.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        raise ValueError(self._complaint(key, "not a text, or empty"))

    def text(self, key: str) -> str:
        value = self.values.get(key, _MISSING)
        if value is None or isinstance(value, str):
            return value or ""
        self.problems.append(self._complaint(key, "not a text"))
        return ""

    def revisions(self) -> tuple[Revision, ...]:
        """The history, oldest first whatever the order of the document."""
        rows = self.rows("revisions", _revision)
        if not rows:
            raise ValueError(self._complaint("revisions", "without any readable date"))
        return tuple(sorted(rows, key=lambda revision: revision.date))

    def rows(self, key: str, read: Callable[[Any], T]) -> tuple[T, ...]:
        values = self.values.get(key, _MISSING)
        if not isinstance(values, list):
            self.problems.append(self._complaint(key, "not a list"))
            return ()
        rows = []
        for position, value in enumerate(values):
            try:
                rows.append(read(value))
            except KeyError as error:
                self.problems.append(f"{key}[{position}]: key {error} is missing")
            except AttributeError:  # the readers below only ask texts to strip themselves
                self.problems.append(f"{key}[{position}]: not a text where one is expected")
            except (TypeError, ValueError) as error:
                self.problems.append(f"{key}[{position}]: {error}")
        return tuple(rows)

    def _complaint(self, key: str, otherwise: str) -> str:
        return f"key {key!r} is {otherwise if key in self.values else 'missing'}"


def _affected(row: Any) -> AffectedProduct:
    product = row["product"]
    vendor = product["vendor"]
    return AffectedProduct(
        description=row["description"].strip(),
        vendor=_known(vendor["name"]),
        product=_known(product["name"]),
        scada=bool(vendor["scada"]),
    )


def _known(name: Any) -> str:
    known: str = "" if name == "N/A" or name is None else name.strip()
    return known


def _cve(row: Any) -> str:
    name: str = row["name"].strip().upper()
    return name


def _risk(row: Any) -> str:
    words: str = row["description"].strip()
    return words


def _link(row: Any) -> Reference:
    """Old titles end with a line feed and a lone full stop."""
    title = one_line(row["title"]).removesuffix(" .")
    return Reference(title, (row["url"] or "").strip())


def _revision(row: Any) -> Revision:
    date = datetime.fromisoformat(row["revision_date"].strip())
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return Revision(aware.astimezone(UTC), row["description"].strip())


def _closed_at(kind: AdvisoryKind, revisions: tuple[Revision, ...]) -> datetime | None:
    """The day an alerte was closed, when its history says so ("Clôture de l'alerte")."""
    if kind is not AdvisoryKind.ALERTE:
        return None
    closings = [revision.date for revision in revisions if _CLOSED.search(revision.description)]
    return max(closings, default=None)
