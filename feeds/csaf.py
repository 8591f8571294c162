"""CSAF 2.0 (and its VEX profile): product tree, status, remediations, marking.

Versions are kept as written (``<=1.9.4.1``, ``vers:all/*``, ``F.0.G.0 | J.3``): reading
them, and the vendor's many spellings, is the matcher's work. A CPE beside a range may be
``*``; it is carried, and never trusted alone.

Source: OASIS, Common Security Advisory Framework version 2.0, section 3.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from feeds.advisory import (
    Advisory,
    AdvisoryKind,
    AffectedProduct,
    Reference,
    Revision,
    Tlp,
)
from feeds.errors import MalformedDocumentError
from feeds.identifiers import read_identifiers
from feeds.text import one_line

EVERY_VERSION = "vers:all/*"
MOST_FIXES = 3  # sentences for one product
MOST_ADVICE = 6  # sentences; remediations of some documents are counted by dozens

# When vulnerabilities disagree about a product, the first of these that applies is its status.
_STATUSES = {
    "affected": ("known_affected", "first_affected", "last_affected"),
    "investigating": ("under_investigation",),
    "fixed": ("fixed", "first_fixed"),
    "not_affected": ("known_not_affected",),
}
_REMEDIES = ("vendor_fix", "workaround", "mitigation", "no_fix_planned", "none_available")
_PART_OF = {"default_component_of", "optional_component_of", "external_component_of"}
_VERSION_PARTS = ("product_version", "product_version_range", "service_pack", "patch_level")

Values = Mapping[str, Any]


def is_csaf(values: object) -> bool:
    """Whether a JSON value looks like a CSAF document."""
    document = values.get("document") if isinstance(values, Mapping) else None
    return isinstance(document, Mapping) and "csaf_version" in document


def read_csaf(
    source: str, values: Values, *, tlp: Tlp
) -> Iterator[Advisory | MalformedDocumentError]:
    """Read one CSAF document; what cannot be read of it is reported beside it.

    Args:
        source: name of the source or of the file, for errors.
        values: the JSON, already read.
        tlp: marking of a document that carries none.
    """
    problems: list[str] = []
    item = "document"
    try:
        item = str(values["document"]["tracking"]["id"])
        yield _advisory(values, tlp, problems)
    except KeyError as error:
        problems.append(f"key {error} is missing")
    except (TypeError, ValueError, AttributeError) as error:
        problems.append(f"not as CSAF 2.0 has it: {error}")
    for problem in problems:
        yield MalformedDocumentError(source, item, problem)


def _advisory(values: Values, tlp: Tlp, problems: list[str]) -> Advisory:
    document = values["document"]
    tracking = document["tracking"]
    vulnerabilities = [v for v in values.get("vulnerabilities", ()) if isinstance(v, Mapping)]
    references = tuple(_reference(row) for row in document.get("references", ()))
    label = document.get("distribution", {}).get("tlp", {}).get("label")
    published = _time(tracking["initial_release_date"])
    return Advisory(
        publisher=document["publisher"]["name"],
        reference=tracking["id"],
        kind=AdvisoryKind.BULLETIN,
        title=one_line(document["title"]),
        published_at=published,
        revised_at=max(published, _time(tracking["current_release_date"])),
        url=_page(document.get("references", ())),
        summary="\n\n".join(_notes(document, "summary")),
        content="\n\n".join(_described(vulnerabilities)),
        affected=tuple(_affected(values.get("product_tree", {}), vulnerabilities, problems)),
        cves=tuple(dict.fromkeys(v["cve"] for v in vulnerabilities if v.get("cve"))),
        advice=tuple(_advice(vulnerabilities)),
        references=references,
        revisions=tuple(_revisions(tracking)),
        tlp=tlp if label is None else Tlp.read(str(label)),
        cvss=_cvss(vulnerabilities),
        withdrawn=document.get("category") == "csaf_withdrawn",
        language=str(document.get("lang", "en"))[:2].lower(),
    )


@dataclass(frozen=True, slots=True)
class _Tree:
    """The products of a document by id, and the groups that name several at once.

    ``parts`` are the ids that only serve to build others: a component, a platform.
    """

    products: Mapping[str, AffectedProduct]
    groups: Mapping[str, list[str]] = field(default_factory=dict)
    parts: frozenset[str] = frozenset()

    @classmethod
    def read(cls, tree: Values) -> _Tree:
        products: dict[str, AffectedProduct] = {}
        for branch in tree.get("branches", ()):
            products.update(_leaves(branch, {}))
        for full in tree.get("full_product_names", ()):
            products[full["product_id"]] = AffectedProduct(
                product=full["name"], cpe=_cpe(full), identifiers=_identifiers(full)
            )
        parts = set()
        for relation in tree.get("relationships", ()):
            parts |= {relation["product_reference"], relation["relates_to_product_reference"]}
            # a component is no equipment: what an inventory knows is the whole it is part of
            whole = relation["category"] in _PART_OF
            name = relation["relates_to_product_reference" if whole else "product_reference"]
            full = relation["full_product_name"]
            known = products.get(name, AffectedProduct(product=full["name"]))
            products[full["product_id"]] = known
        groups = {g["group_id"]: list(g["product_ids"]) for g in tree.get("product_groups", ())}
        return cls(products, groups, frozenset(parts))

    def named(self, row: Values) -> list[str]:
        """The product ids that a remediation, a flag or a threat is about."""
        ids = list(row.get("product_ids", ()))
        for group in row.get("group_ids", ()):
            ids += self.groups.get(group, [])
        return ids


def _leaves(branch: Values, path: Mapping[str, str]) -> Iterator[tuple[str, AffectedProduct]]:
    """The products below a branch. ``path`` maps the categories above to their names."""
    here = {**path, branch["category"]: str(branch["name"])}
    if full := branch.get("product"):
        versions = " ".join(here[part] for part in _VERSION_PARTS if part in here)
        name = here.get("product_name") or here.get("product_family") or full["name"]
        yield (
            full["product_id"],
            AffectedProduct(
                vendor=here.get("vendor", "").strip(),
                product=name.strip(),
                versions=versions.strip() or EVERY_VERSION,
                cpe=_cpe(full),
                identifiers=_identifiers(full),
            ),
        )
    for below in branch.get("branches", ()):
        yield from _leaves(below, here)


def _cpe(full: Values) -> str:
    return str(full.get("product_identification_helper", {}).get("cpe", ""))


def _identifiers(full: Values) -> tuple[str, ...]:
    return read_identifiers(full.get("product_identification_helper", {}))


def _affected(
    values: Values, vulnerabilities: list[Values], problems: list[str]
) -> Iterator[AffectedProduct]:
    """A row for each product, in the order of the tree.

    A product that no vulnerability speaks of is under investigation: some publishers
    forget it, and nobody should be told that it is safe.
    """
    tree = _Tree.read(values)
    statuses = _statuses(tree, vulnerabilities)
    fixes = _by_product(tree, vulnerabilities, "remediations", _fix_text)
    excuses = _by_product(tree, vulnerabilities, "flags", lambda flag: str(flag["label"]))
    problems += [
        f"product {name!r} has a status and is not in the product tree"
        for name in sorted(statuses.keys() - tree.products.keys())
    ]
    for name, row in tree.products.items():
        status = statuses.get(name) or ("" if name in tree.parts else "investigating")
        if status:
            words = excuses if status == "not_affected" else fixes
            yield replace(row, status=status, fix=" ".join(words.get(name, [])[:MOST_FIXES]))


def _statuses(tree: _Tree, vulnerabilities: list[Values]) -> dict[str, str]:
    """The status of each product; a flag ("component not present") excuses it by itself."""
    found: dict[str, set[str]] = {}
    for vulnerability in vulnerabilities:
        given = vulnerability.get("product_status", {})
        for status, keys in _STATUSES.items():
            for key in keys:
                for name in given.get(key, ()):
                    found.setdefault(name, set()).add(status)
        for flag in vulnerability.get("flags", ()):
            for name in tree.named(flag):
                found.setdefault(name, set()).add("not_affected")
    return {
        name: next(status for status in _STATUSES if status in given)
        for name, given in found.items()
    }


def _by_product(
    tree: _Tree, vulnerabilities: list[Values], key: str, read: Any
) -> dict[str, list[str]]:
    """Texts of ``key`` by product: each once, fixes of the vendor before the rest."""
    texts: dict[str, dict[str, int]] = {}
    for vulnerability in vulnerabilities:
        for row in vulnerability.get(key, ()):
            for name in tree.named(row):
                texts.setdefault(name, {}).setdefault(read(row), _rank(row))
    return {
        name: sorted(filter(None, found), key=lambda text: found[text])
        for name, found in texts.items()
    }


def _rank(row: Values) -> int:
    category = row.get("category")
    return _REMEDIES.index(category) if category in _REMEDIES else len(_REMEDIES)


def _fix_text(row: Values) -> str:
    return one_line(row.get("details", "") or row["category"].replace("_", " "))


def _advice(vulnerabilities: Iterable[Values]) -> list[str]:
    """What to do, the vendor's fixes first, each sentence once."""
    rows = [row for v in vulnerabilities for row in v.get("remediations", ())]
    texts = (_fix_text(row) for row in sorted(rows, key=_rank))
    return list(dict.fromkeys(text for text in texts if text))[:MOST_ADVICE]


def _notes(holder: Values, *categories: str) -> list[str]:
    rows = holder.get("notes", ())
    return [row["text"].strip() for row in rows if row.get("category") in categories]


def _described(vulnerabilities: Iterable[Values]) -> Iterator[str]:
    """A Markdown paragraph for each vulnerability that is described."""
    for vulnerability in vulnerabilities:
        title = vulnerability.get("cve") or vulnerability.get("title", "")
        text = " ".join(_notes(vulnerability, "summary", "description"))
        if text:
            yield f"**{title}** : {text}"


def _reference(row: Values) -> Reference:
    return Reference(one_line(row.get("summary", "")), row["url"])


def _page(rows: Iterable[Values]) -> str:
    """The advisory's own page, for people: a ``self`` reference that is no JSON."""
    own = [row["url"] for row in rows if row.get("category") == "self"]
    return next((url for url in own if not url.endswith(".json")), own[0] if own else "")


def _revisions(tracking: Values) -> Iterator[Revision]:
    rows = [
        Revision(_time(row["date"]), row.get("summary", ""))
        for row in tracking.get("revision_history", ())
    ]
    yield from sorted(rows, key=lambda revision: revision.date)


def _time(text: str) -> datetime:
    """RFC 3339; a time without offset is read as UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _cvss(vulnerabilities: Iterable[Values]) -> float | None:
    """The highest base score of the document, whatever the version of CVSS."""
    scores = [
        float(score[version]["baseScore"])
        for vulnerability in vulnerabilities
        for score in vulnerability.get("scores", ())
        for version in ("cvss_v4", "cvss_v3", "cvss_v2")
        if version in score
    ]
    return max(scores, default=None)
