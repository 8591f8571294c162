"""What publishers say: the advisory and its parts, whatever format it came in."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from operator import attrgetter
from typing import Any, Self


class Tlp(IntEnum):
    """Traffic Light Protocol 2.0, ordered from the most to the least shareable.

    Source: FIRST, "Traffic Light Protocol (TLP)", version 2.0.
    """

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    AMBER_STRICT = 3
    RED = 4

    @property
    def label(self) -> str:
        """The marking as the standard writes it, without the ``TLP:`` prefix."""
        return self.name.replace("_", "+")

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a marking; TLP 1's ``WHITE`` is ``CLEAR``, an unknown one is ``AMBER``.

        An unrecognised marking means that somebody wished to restrict the text:
        it is never treated as public.
        """
        word = text.upper().removeprefix("TLP:").strip().replace("+", "_").replace("-", "_")
        if word == "WHITE":
            return cls.CLEAR
        return cls.__members__.get(word, cls.AMBER)


class Pap(IntEnum):
    """Permissible Actions Protocol, which ANSSI writes beside the TLP."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    RED = 3


class AdvisoryKind(StrEnum):
    """The kinds of bulletin; the first six are CERT-FR's own reference codes."""

    AVIS = "AVI"
    ALERTE = "ALE"
    ACTUALITE = "ACT"
    MENACE = "CTI"
    INDICATEURS = "IOC"
    DURCISSEMENT = "DUR"
    BULLETIN = "BUL"  # anybody else's


@dataclass(frozen=True, slots=True)
class AffectedProduct:
    """One row of the affected systems, as published.

    ``description`` is the publisher's prose, verbatim. Structured publishers (CSAF)
    leave it empty and give ``versions`` instead: a ``vers:`` range, ``<=1.9.4.1``,
    ``1.2``, or several joined by ``|``.
    """

    description: str = ""
    vendor: str = ""
    product: str = ""
    versions: str = ""
    cpe: str = ""
    scada: bool = False
    status: str = "affected"  # CSAF product_status: affected, fixed, not_affected, investigating
    fix: str = ""  # what the publisher says to do; of a not_affected row, why it is not
    identifiers: tuple[str, ...] = ()  # see feeds.identifiers


@dataclass(frozen=True, slots=True)
class Reference:
    """A document the advisory points to."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Revision:
    """One line of the publisher's own history of the advisory."""

    date: datetime
    description: str


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a bulletin is for when it names no product.

    Empty fields do not restrict. ``facility_kinds`` and ``functions`` hold the codes of
    ``bot.domain.facility``; ``sectors`` is STIX's ``industry-sector-ov``.
    """

    sectors: tuple[str, ...] = ()
    facility_kinds: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Advisory:
    """One bulletin, in one state of its life.

    ``publisher`` and ``reference`` identify it for ever; :meth:`digest` tells whether
    its content changed. Dates are aware; CERT-FR's are midnight, so two revisions of
    one day differ only by content.
    """

    publisher: str
    reference: str
    kind: AdvisoryKind
    title: str
    published_at: datetime
    revised_at: datetime
    url: str = ""
    summary: str = ""
    content: str = ""  # Markdown, hostile
    affected: tuple[AffectedProduct, ...] = ()
    affected_content: str = ""  # Markdown: the rows of old bulletins
    cves: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()  # what to do, in plain words, in order
    references: tuple[Reference, ...] = ()
    revisions: tuple[Revision, ...] = ()
    tlp: Tlp = Tlp.CLEAR
    pap: Pap | None = None
    audience: Audience | None = None
    cvss: float | None = None  # highest base score carried by the document, 0 to 10
    closed_at: datetime | None = None  # an alerte that its publisher closed
    withdrawn: bool = False
    excerpt: bool = False  # a feed's few lines: never replaces a text read in full
    language: str = "fr"

    def to_json(self) -> dict[str, Any]:
        """The advisory as plain JSON values; :meth:`from_json` reads it back."""
        return _encode_fields(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote."""
        audience = values.get("audience")
        return cls(
            **{
                **values,
                "kind": AdvisoryKind(values["kind"]),
                "published_at": datetime.fromisoformat(values["published_at"]),
                "revised_at": datetime.fromisoformat(values["revised_at"]),
                "affected": tuple(map(_row_of, values.get("affected", ()))),
                "cves": tuple(values.get("cves", ())),
                "risks": tuple(values.get("risks", ())),
                "advice": tuple(values.get("advice", ())),
                "references": tuple(
                    Reference(row.get("title", ""), row.get("url", ""))
                    for row in values.get("references", ())
                ),
                "revisions": tuple(
                    Revision(datetime.fromisoformat(row["date"]), row.get("description", ""))
                    for row in values.get("revisions", ())
                ),
                "tlp": Tlp(values.get("tlp", Tlp.CLEAR)),
                "pap": None if values.get("pap") is None else Pap(values["pap"]),
                "audience": None
                if audience is None
                else Audience(**{name: tuple(codes) for name, codes in audience.items()}),
                "closed_at": values.get("closed_at")
                and datetime.fromisoformat(values["closed_at"]),
            }
        )

    def digest(self) -> str:
        """SHA-256 (hex) of everything the publisher says, except when it was said.

        Dates of the bulletin do not decide (they are midnight, and some feeds have none);
        neither does the order of its rows, which CERT-FR does not keep. The publisher's
        own history of revisions counts. What is at its default is left out, so that a field
        added later does not make every bulletin a revision.
        """
        values = {
            name: _encode(value)
            for (name, default), value in zip(_SIMPLE.items(), _SIMPLE_VALUES(self), strict=True)
            if value != default
        }
        values["affected"] = [_row_words(row) for row in sorted(map(_ROW, self.affected))]
        values["cves"] = sorted(self.cves)
        values["risks"] = sorted(self.risks)
        values["references"] = sorted((link.title, link.url) for link in self.references)
        values["revisions"] = [(_encode(r.date), r.description) for r in self.revisions]
        canonical = json.dumps(values, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _row_of(values: Mapping[str, Any]) -> AffectedProduct:
    if "identifiers" in values:
        values = {**values, "identifiers": tuple(values["identifiers"])}
    return AffectedProduct(**values)


def _row_words(row: tuple[Any, ...]) -> Any:
    """A row in the digest: prose rows, which are nearly all, by their first three fields."""
    if row[3:] == _ROW_DEFAULTS[3:]:
        return row[:3]
    fields = zip(_NAMES[AffectedProduct], row, _ROW_DEFAULTS, strict=True)
    return {name: value for name, value, default in fields if value != default}


_NAMES = {
    kind: tuple(field.name for field in dataclasses.fields(kind))
    for kind in (Advisory, AffectedProduct, Reference, Revision, Audience)
}
_NOTHING: tuple[Any, ...] = (None, "", [])
_ROW = attrgetter(*_NAMES[AffectedProduct])
_ROW_DEFAULTS = _ROW(AffectedProduct())
_OTHERWISE = {"published_at", "revised_at", "affected", "cves", "risks", "references", "revisions"}
_SIMPLE = {
    field.name: field.default
    for field in dataclasses.fields(Advisory)
    if field.name not in _OTHERWISE
}
_SIMPLE_VALUES = attrgetter(*_SIMPLE)


def _encode_fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that say something: neither ``None`` nor empty."""
    return {
        name: encoded
        for name in _NAMES[type(value)]
        if (encoded := _encode(getattr(value, name))) not in _NOTHING
    }


def _encode(value: Any) -> Any:
    if isinstance(value, str | int | float) or value is None:
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    return _encode_fields(value)
