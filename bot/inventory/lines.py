"""From the rows of any format to inventory lines: ids, categories, what cannot be used."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import eq
from typing import NamedTuple

from bot.domain.facility import AssetCategory, BadLine, InventoryLine
from bot.inventory import cells
from bot.inventory.base import ColumnMapping, InventoryError, Remark, Upload
from bot.inventory.categories import from_product, from_word
from feeds.identifiers import IS_PURL

LONGEST = 500  # characters in a cell: more is a text that slipped into a column
LONGEST_ID = 128  # characters of a line id, the width of its column in the store
_CPE = re.compile(r"cpe:2\.3:[aoh*-](?::(?:[^:\\]|\\.)*){10}|cpe:/[aoh]:[^\s]+", re.IGNORECASE)


class Row(NamedTuple):
    """One equipment as any format tells it; every text may be empty, none is trusted."""

    number: int
    id: str = ""
    category: str = ""
    name: str = ""
    vendor: str = ""
    product: str = ""
    version: str = ""
    cpe: str = ""
    location: str = ""
    exposed: str = ""
    quantity: str = ""
    default: AssetCategory | None = None  # what the format itself says of the equipment


@dataclass(slots=True)
class _Gathered:
    bad: list[BadLine] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    categories: dict[str, AssetCategory | None] = field(default_factory=dict)


def upload(
    rows: Iterable[Row | BadLine],
    *,
    file: str,
    format: str,  # noqa: A002 - the field's name
    mapping: ColumnMapping | None = None,
    encoding: str = "utf-8",
    ignored: tuple[str, ...] = (),
    remarks: Iterable[Remark] = (),
) -> Upload:
    """Turn rows into an upload: each row is a line, or a bad line with its reason.

    Raises:
        InventoryError: no row could be used.
    """
    gathered = _Gathered()
    drafts = [line for row in rows if (line := _line(row, gathered)) is not None]
    if not drafts:
        first = gathered.bad[0] if gathered.bad else None
        detail = f" Ligne {first.number} : {first.reason}." if first else ""
        raise InventoryError(
            file, f"aucune ligne utilisable.{detail}", "Rien n'a été changé dans l'inventaire."
        )
    lines, copies = identified(drafts)
    return Upload(
        format=format,
        lines=lines,
        bad=tuple(sorted(gathered.bad, key=lambda bad: bad.number)),
        remarks=(*remarks, *gathered.remarks),
        mapping=mapping or ColumnMapping(),
        encoding=encoding,
        ignored=ignored,
        unknown_categories=tuple(gathered.unknown.most_common()),
        copies=copies,
    )


def merged(
    parts: Sequence[tuple[str, Upload]],
    bad: Sequence[BadLine],
    *,
    format: str,  # noqa: A002 - the field's name
) -> Upload:
    """Make one upload of several, each with the name people know it by (a file, a sheet).

    ``bad`` are the parts that could not be read. The mapping is the first part's.
    """
    lines, copies = identified([line for _, part in parts for line in part.lines])
    unknown: Counter[str] = Counter()
    for _, part in parts:
        unknown.update(dict(part.unknown_categories))
    return Upload(
        format=format,
        lines=lines,
        bad=(
            *bad,
            *(BadLine(b.number, f"{name} : {b.reason}") for name, part in parts for b in part.bad),
        ),
        remarks=tuple(
            Remark(r.number, f"{name} : {r.text}") for name, part in parts for r in part.remarks
        ),
        mapping=parts[0][1].mapping,
        ignored=tuple(dict.fromkeys(each for _, part in parts for each in part.ignored)),
        unknown_categories=tuple(unknown.most_common()),
        copies=copies + sum(part.copies for _, part in parts),
    )


def _line(row: Row | BadLine, gathered: _Gathered) -> InventoryLine | None:
    """Return the line, its id not yet unique; or record why there is none."""
    if isinstance(row, BadLine):
        gathered.bad.append(row)
        return None
    own_id, name = cells.clean_once(row.id), cells.clean_once(row.name)
    vendor = cells.clean(row.vendor)
    product, version = cells.clean(row.product), cells.clean(row.version)
    cpe, location = cells.clean(row.cpe), cells.clean(row.location)
    if not (product or name or cpe or vendor):
        gathered.bad.append(BadLine(row.number, "ni produit, ni nom, ni éditeur, ni CPE"))
        return None
    texts = (own_id, name, vendor, product, version, cpe, location)
    if len("".join(texts)) > LONGEST and max(map(len, texts)) > LONGEST:
        gathered.bad.append(BadLine(row.number, f"une cellule dépasse {LONGEST} caractères"))
        return None
    quantity = row.quantity
    if not (version or quantity):  # a line in words may say how many
        product, quantity = cells.counted(product)
    if version:
        version = _version(row.number, version, gathered)
    if cpe and not (_CPE.fullmatch(cpe) or IS_PURL.fullmatch(cpe)):
        gathered.remarks.append(Remark(row.number, f"CPE mal formé, ignoré : {cpe[:80]}"))
        cpe = ""
    return InventoryLine(
        line_id=own_id,
        category=_category(row, vendor, product or name, gathered),
        name=name,
        vendor=vendor,
        product=product,
        version=version,
        cpe=cpe,
        location=location,
        exposed=bool(row.exposed) and _exposed(row, gathered),
        quantity=_quantity(row.number, quantity, gathered) if quantity else 1,
    )


def _version(number: int, text: str, gathered: _Gathered) -> str:
    version = cells.version(text)
    if version is None:
        gathered.remarks.append(
            Remark(number, f"version « {text} » : date mise par le tableur, version à redonner")
        )
    return version or ""


def _category(row: Row, vendor: str, product: str, gathered: _Gathered) -> AssetCategory:
    if word := row.category.strip():
        if word not in gathered.categories:
            gathered.categories[word] = from_word(word)
        if known := gathered.categories[word]:
            return known
        gathered.unknown[word] += 1
    return row.default or from_product(vendor, product)


def _exposed(row: Row, gathered: _Gathered) -> bool:
    """An exposure that is not understood is one: the doubt makes people look."""
    answer = cells.truth(row.exposed)
    if answer is None:
        text = f"exposition « {row.exposed.strip()[:40]} » non comprise : tenue pour exposée"
        gathered.remarks.append(Remark(row.number, text))
        return True
    return answer


def _quantity(line: int, cell: str, gathered: _Gathered) -> int:
    """A count that is no positive number is 1: a line never counts for nothing."""
    text = cells.clean(cell)
    number = cells.count(text)
    if number is None and text:
        gathered.remarks.append(Remark(line, f"nombre « {text[:20]} » non compris : compté pour 1"))
    return number or 1


def identified(drafts: list[InventoryLine]) -> tuple[tuple[InventoryLine, ...], int]:
    """Give each line an id of its own, the same whatever the order of the file.

    A line without id gets a digest of what identifies it (category, name, vendor, product,
    location) and not of its version: an upgrade changes the line, it does not replace it.
    Lines alike in that are numbered in the order of their content. When several different
    lines share one id (the number of a host that has several products), the first in the
    order of content keeps it and the others add a digest. Exact copies under one own id
    are one line; their number is the second value.
    """
    if _each_its_own(drafts):
        return tuple(drafts), 0  # the longest inventories are so
    ids = [draft.line_id or _digest(draft) for draft in drafts]
    first: dict[tuple[str, bool], int] = {}
    alike: dict[tuple[str, bool], list[int]] = {}
    for position, (line_id, draft) in enumerate(zip(ids, drafts, strict=True)):
        key = (line_id, bool(draft.line_id))
        if (earlier := first.setdefault(key, position)) != position:
            alike.setdefault(key, [earlier]).append(position)
    dropped: set[int] = set()
    for (line_id, own), positions in alike.items():
        positions.sort(key=lambda position: _content(drafts[position]))
        if own:
            distinct = {_content(drafts[position]): position for position in positions}
            dropped.update(set(positions).difference(distinct.values()))
            for position, named in _shared(line_id, list(distinct.values()), drafts).items():
                ids[position] = named
        else:
            for rank, position in enumerate(positions[1:], start=2):
                ids[position] = f"{line_id}-{rank}"
    kept = [position for position in range(len(drafts)) if position not in dropped]
    unique = _distinct([_short(ids[position]) for position in kept])
    return tuple(map(_with_id, (drafts[position] for position in kept), unique)), len(dropped)


def _each_its_own(drafts: Sequence[InventoryLine]) -> bool:
    """Whether every id fits and comes once; in order, for a set of a million weighs 64 MiB."""
    ids = sorted(draft.line_id for draft in drafts)
    return all(map(_fits, ids)) and not any(map(eq, ids, islice(ids, 1, None)))


def _shared(key: str, positions: list[int], drafts: list[InventoryLine]) -> dict[int, str]:
    ids = {positions[0]: key}
    seen: Counter[str] = Counter()
    for position in positions[1:]:
        digest = _digest(drafts[position])[:8]
        seen[digest] += 1
        ids[position] = f"{key}/{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else "")
    return ids


def _distinct(ids: list[str]) -> list[str]:
    """Tell apart ids that are alike by chance: somebody typed the one that was made."""
    if len(set(ids)) == len(ids):
        return ids
    seen: Counter[str] = Counter()
    taken, named = set(ids), []
    for line_id in ids:
        candidate = line_id
        while seen[line_id] and candidate in taken:
            candidate = f"{line_id[: LONGEST_ID - 8]}~{seen[line_id]}"
            seen[line_id] += 1
        seen[line_id] += 1
        taken.add(candidate)
        named.append(candidate)
    return named


def _fits(line_id: str) -> bool:
    return 0 < len(line_id) <= LONGEST_ID


def _short(line_id: str) -> str:
    """The id, or its beginning and a digest of the whole when it is too long to be stored."""
    if len(line_id) <= LONGEST_ID:
        return line_id
    digest = hashlib.sha256(line_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{line_id[: LONGEST_ID - 17]}~{digest}"


def _digest(line: InventoryLine) -> str:
    """Sixteen hexadecimal characters: a collision in a million lines is one in 10^7."""
    text = "\x1f".join((line.category, line.name, line.vendor, line.product, line.location))
    return hashlib.sha256(text.casefold().encode()).hexdigest()[:16]


def _content(line: InventoryLine) -> tuple[str, ...]:
    return (
        line.name, line.vendor, line.product, line.version, line.cpe, line.location,
        line.category, str(line.exposed), str(line.quantity),
    )  # fmt: skip


def _with_id(line: InventoryLine, line_id: str) -> InventoryLine:
    if line.line_id == line_id:
        return line
    return InventoryLine(
        line_id, line.category, line.name, line.vendor, line.product, line.version,
        line.cpe, line.location, line.exposed, line.quantity,
    )  # fmt: skip
