"""STIX 2.0 and 2.1 bundles, read object by object: one that is bad hides no other.

What counts as a bulletin, and the audience extension, are described in
``docs/stix-audience.md``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stix2
from stix2.exceptions import STIXError

from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct, Audience, Reference, Tlp
from feeds.errors import MalformedDocumentError
from feeds.stix_marking import pap_of, tlp_of
from feeds.text import cves_in, one_line

AUDIENCE_EXTENSION = "extension-definition--7d0f3c0e-5e5b-4b07-9a53-1f1a9f9c5a11"

NOBODY = "STIX"  # publisher of objects whose author is not told

_ALONE = {"campaign", "vulnerability"}  # bulletins, when no report refers to them
_TOLD = {"campaign", "attack-pattern", "intrusion-set", "threat-actor", "vulnerability"}
_REASON_LENGTH = 300  # stix2 quotes whole objects in its errors

Object = Mapping[str, Any]


def is_stix(values: object) -> bool:
    """Whether a JSON value is a bundle, an object, or a list of STIX objects."""
    first = values[0] if isinstance(values, list) and values else values
    if not isinstance(first, Mapping):
        return False
    kind, identity = first.get("type"), first.get("id")
    return kind == "bundle" or (isinstance(identity, str) and identity.startswith(f"{kind}--"))


def read_stix(
    source: str,
    values: object,
    *,
    publisher: str = "",
    tlp: Tlp,
    told: Collection[str] = (),
) -> Iterator[Advisory | MalformedDocumentError]:
    """Yield the bulletins of a bundle, of a list of objects, or of one object.

    Args:
        source: name of the source or of the file, for errors.
        values: the JSON, already read.
        publisher: who speaks when ``created_by_ref`` leads nowhere.
        tlp: marking of objects that carry none.
        told: ids that reports of earlier documents refer to: no bulletins of their own.
    """
    items: object = values
    if isinstance(values, Mapping):
        items = values.get("objects", []) if values.get("type") == "bundle" else [values]
    if not isinstance(items, list):
        yield MalformedDocumentError(source, "document", "key 'objects' is not a list")
        return
    objects: dict[str, Object] = {}
    for position, item in enumerate(map(_without_nulls, items), start=1):
        name, problem = _check(item, position)
        if problem:
            yield MalformedDocumentError(source, name, problem)
        elif name not in objects or _modified(item) >= _modified(objects[name]):
            objects[name] = item
    yield from _bulletins(_Bundle(source, objects, publisher or NOBODY, tlp, frozenset(told)))


def _without_nulls(item: object) -> Any:
    """STIX has no null: what carries one is absent, as stix2 reads it."""
    if not isinstance(item, Mapping):
        return item
    return {key: value for key, value in item.items() if value is not None}


def _check(item: object, position: int) -> tuple[str, str]:
    """The id of an object and, when it cannot be read, why."""
    if not isinstance(item, Mapping):
        return f"object {position}", "not a JSON object"
    name = item.get("id")
    if not isinstance(name, str):
        return f"object {position}", "key 'id' is missing"
    if item.get("type") == "marking-definition":
        return name, ""  # stix2 refuses TLP 2.0; feeds.stix_marking reads them
    try:
        stix2.parse(dict(item), allow_custom=True)
    except KeyError as error:
        return name, f"key {error} is missing"
    except (STIXError, ValueError, TypeError, AttributeError, RecursionError) as error:
        return name, one_line(str(error))[:_REASON_LENGTH]
    return name, ""


def _modified(item: Object) -> str:
    return str(item.get("modified", ""))


@dataclass(frozen=True, slots=True)
class _Bundle:
    """The readable objects of one document, by id."""

    source: str
    objects: Mapping[str, Object]
    publisher: str
    tlp: Tlp
    told: frozenset[str]

    def of_type(self, *kinds: str) -> list[Object]:
        return [item for item in self.objects.values() if item.get("type") in kinds]

    def referred(self, item: Object) -> list[Object]:
        """What an object refers to; references that lead outside are left alone."""
        refs = item.get("object_refs", ())
        return [self.objects[ref] for ref in refs if ref in self.objects]

    def publisher_of(self, item: Object) -> str:
        author = self.objects.get(item.get("created_by_ref", ""), {})
        return one_line(author.get("name", "")) or self.publisher


def _bulletins(bundle: _Bundle) -> Iterator[Advisory | MalformedDocumentError]:
    reports = bundle.of_type("report")
    told = bundle.told.union(*map(_told_by, reports))
    alone = [item for item in bundle.of_type(*_ALONE) if item["id"] not in told]
    for item in [*reports, *alone]:
        problems: list[str] = []
        try:
            yield _advisory(item, bundle, problems)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problems.append(f"no bulletin could be made of it: {error!r}")
        for problem in problems:
            yield MalformedDocumentError(bundle.source, item["id"], problem)


def _told_by(report: Object) -> list[str]:
    """The objects a report refers to; none where what stands there is no list of names."""
    refs = report.get("object_refs", ())
    return [ref for ref in refs if isinstance(ref, str)] if isinstance(refs, list) else []


def _advisory(item: Object, bundle: _Bundle, problems: list[str]) -> Advisory:
    context = bundle.referred(item)
    aim = _Aim.read(item, problems)
    publisher = bundle.publisher_of(item)
    created = _time(item.get("published") or item["created"])
    description = item.get("description", "")
    markings = {m["id"]: m for m in bundle.of_type("marking-definition")}
    return Advisory(
        publisher=publisher,
        reference=_reference(item, publisher),
        kind=aim.kind,
        title=one_line(item["name"]),
        published_at=created,
        revised_at=max(created, _time(item.get("modified") or item["created"])),
        url=next((link.url for link in _links(item) if link.url), ""),
        summary=description,
        content=_content(context),
        affected=tuple(_software(thing) for thing in context if thing["type"] == "software"),
        cves=_cves([item, *context]),
        advice=aim.advice or _courses(context),
        references=tuple(_links(item)),
        tlp=tlp_of(item, markings, default=bundle.tlp),
        pap=pap_of(item, markings),
        audience=aim.audience(context),
        withdrawn=item.get("revoked") is True,
        language=str(item.get("lang", "en"))[:2].lower(),
    )


@dataclass(frozen=True, slots=True)
class _Aim:
    """The audience extension of one object."""

    kind: AdvisoryKind
    advice: tuple[str, ...]
    sectors: tuple[str, ...]
    facility_kinds: tuple[str, ...]
    functions: tuple[str, ...]

    @classmethod
    def read(cls, item: Object, problems: list[str]) -> _Aim:
        extension = item.get("extensions", {}).get(AUDIENCE_EXTENSION, {})

        def words(key: str) -> tuple[str, ...]:
            values = extension.get(key, [])
            if isinstance(values, list) and all(isinstance(value, str) for value in values):
                return tuple(values)
            problems.append(f"audience: {key!r} is not a list of texts; ignored")
            return ()

        kind = extension.get("kind", AdvisoryKind.BULLETIN)
        if kind not in set(AdvisoryKind):
            problems.append(f"audience: kind {kind!r} is unknown; read as BUL")
            kind = AdvisoryKind.BULLETIN
        fields = ("advice", "sectors", "facility_kinds", "functions")
        return cls(AdvisoryKind(kind), *(words(field) for field in fields))

    def audience(self, context: Iterable[Object]) -> Audience | None:
        """Whom the bulletin is for; identities it refers to may give the sector."""
        sectors = self.sectors or tuple(
            dict.fromkeys(
                sector
                for thing in context
                if thing["type"] == "identity" and thing.get("identity_class") == "class"
                for sector in thing.get("sectors", ())
            )
        )
        if not (sectors or self.facility_kinds or self.functions):
            return None
        return Audience(sectors, self.facility_kinds, self.functions)


def _time(value: str) -> datetime:
    """A STIX timestamp: RFC 3339, always UTC, any number of decimals."""
    moment = stix2.utils.parse_into_datetime(value)
    return datetime.fromtimestamp(moment.timestamp(), tz=UTC)


def _reference(item: Object, publisher: str) -> str:
    """The publisher's own reference, when the object gives it; its STIX id otherwise."""
    for link in item.get("external_references", ()):
        if link.get("source_name", "").casefold() == publisher.casefold() and link.get(
            "external_id"
        ):
            return str(link["external_id"])
    return str(item["id"])


def _links(item: Object) -> Iterator[Reference]:
    for link in item.get("external_references", ()):
        words = [link.get("source_name", ""), link.get("external_id", "")]
        title = link.get("description") or " ".join(filter(None, words))
        yield Reference(one_line(title), link.get("url", ""))


def _cves(items: Iterable[Object]) -> tuple[str, ...]:
    """CVEs of the vulnerabilities referred to and of the bulletin's own words."""
    texts = []
    for position, item in enumerate(items):
        if position == 0 or item["type"] == "vulnerability":
            ids = [link.get("external_id", "") for link in item.get("external_references", ())]
            texts += [item.get("name", ""), item.get("description", ""), *ids]
    return cves_in(*texts)


def _content(context: Iterable[Object]) -> str:
    """The descriptions of what the bulletin refers to, as Markdown paragraphs."""
    told = [
        f"**{one_line(thing['name'])}** : {thing['description']}"
        for thing in context
        if thing["type"] in _TOLD and thing.get("name") and thing.get("description")
    ]
    return "\n\n".join(told)


def _courses(context: Iterable[Object]) -> tuple[str, ...]:
    courses = [thing for thing in context if thing["type"] == "course-of-action"]
    return tuple(one_line(course.get("description") or course["name"]) for course in courses)


def _software(item: Object) -> AffectedProduct:
    return AffectedProduct(
        vendor=item.get("vendor", ""),
        product=item["name"],
        versions=item.get("version", ""),
        cpe=item.get("cpe", ""),
    )
