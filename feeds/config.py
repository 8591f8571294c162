"""What the operator says of one source, and how it is read from TOML."""

from __future__ import annotations

import difflib
import ipaddress
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from feeds.advisory import Tlp
from feeds.http import Access, Credentials
from feeds.limits import MEBIBYTE

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
        only: a CSAF folder is read for the documents whose path holds this text.
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
    only: str = ""
    collections: tuple[str, ...] = ()
    access: Access = field(default_factory=Access)


class SourceConfigError(ValueError):
    """A file of sources that cannot be used; the message names the file, the table and the key."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of sources: its name, for errors, and its TOML."""

    name: str
    text: str


_TYPES: Mapping[str, type] = {
    "name": str,
    "kind": str,
    "url": str,
    "publisher": str,
    "tlp": str,
    "every_minutes": int,
    "enabled": bool,
    "only": str,
    "collections": list,
    "allowed_networks": list,
    "proxy": str,
    "ca_file": str,
    "user": str,
    "password": str,
    "password_file": str,
    "token": str,
    "token_file": str,
    "max_document_mib": int,
    "timeout_seconds": int,
    "max_requests": int,
}
_NAMES = {str: "a text", int: "a whole number", bool: "true or false", list: "a list of texts"}


def read_configs(
    files: Iterable[SourceFile], table: str, kinds: Iterable[str], *, access: Access
) -> list[SourceConfig]:
    """Read the ``[[source]]`` or ``[[signal]]`` tables of files laid one over the other.

    Args:
        files: the later ones change the keys that they give.
        table: ``source`` or ``signal``.
        kinds: what ``kind`` may be.
        access: how the outside is reached where a table does not say.

    Raises:
        SourceConfigError: unknown key, wrong value, missing file, two tables of one name.
    """
    merged: dict[str, dict[str, Any]] = {}
    for file in files:
        for name, row in _tables(file, table).items():
            merged[name] = {**merged.get(name, {}), **row}
    return [_config(name, row, sorted(kinds), access) for name, row in merged.items()]


def _tables(file: SourceFile, table: str) -> dict[str, dict[str, Any]]:
    try:
        content = tomllib.loads(file.text)
    except tomllib.TOMLDecodeError as error:
        raise SourceConfigError(f"{file.name}: {error}") from error
    for key in content.keys() - {"source", "signal"}:
        raise SourceConfigError(f"{file.name}: unknown table {key!r}: [[source]] or [[signal]]")
    rows: dict[str, dict[str, Any]] = {}
    for position, row in enumerate(content.get(table, ()), start=1):
        where = f"{file.name}: {table} {position}"
        if not isinstance(row, dict) or not isinstance(row.get("name"), str) or not row["name"]:
            raise SourceConfigError(f"{where}: give it a name")
        where += f" ({row['name']})"
        if row["name"] in rows:
            raise SourceConfigError(f"{where}: another {table} has this name")
        _check_row(where, row)
        rows[row["name"]] = row
    return rows


def _check_row(where: str, row: Mapping[str, Any]) -> None:
    for key, value in row.items():
        expected = _TYPES.get(key)
        if expected is None:
            near = difflib.get_close_matches(key, _TYPES, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise SourceConfigError(f"{where}: unknown key {key!r}{hint}")
        texts = not isinstance(value, list) or all(isinstance(item, str) for item in value)
        if type(value) is not expected or not texts:
            raise SourceConfigError(f"{where}: {key} must be {_NAMES[expected]}")
        if isinstance(value, int) and expected is int and value < 1:
            raise SourceConfigError(f"{where}: {key} must be 1 or more")


def _config(name: str, row: Mapping[str, Any], kinds: list[str], access: Access) -> SourceConfig:
    if row.get("kind") not in kinds:
        raise SourceConfigError(f"{name}: kind must be one of {', '.join(kinds)}")
    if not row.get("url"):
        raise SourceConfigError(f"{name}: url is missing")
    label = str(row.get("tlp", Tlp.AMBER.label)).upper().removeprefix("TLP:")
    if label not in {tlp.label for tlp in Tlp}:
        raise SourceConfigError(f"{name}: tlp must be one of {', '.join(t.label for t in Tlp)}")
    return SourceConfig(
        name=name,
        kind=row["kind"],
        url=row["url"],
        publisher=row.get("publisher", ""),
        tlp=Tlp.read(label),
        every=timedelta(minutes=row.get("every_minutes", 15)),
        enabled=row.get("enabled", True),
        only=row.get("only", ""),
        collections=tuple(row.get("collections", ())),
        access=_access(name, row, access),
    )


def _access(name: str, row: Mapping[str, Any], default: Access) -> Access:
    networks = tuple(row.get("allowed_networks", default.allowed_networks))
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise SourceConfigError(f"{name}: allowed_networks: {error}") from error
    limits = default.limits
    if "max_document_mib" in row:
        limits = replace(limits, document_bytes=row["max_document_mib"] * MEBIBYTE)
    if "timeout_seconds" in row:
        limits = replace(limits, total=timedelta(seconds=row["timeout_seconds"]))
    if "max_requests" in row:
        limits = replace(limits, requests=row["max_requests"])
    return Access(
        limits=limits,
        proxy=row.get("proxy", default.proxy),
        ca_file=row.get("ca_file", default.ca_file),
        allowed_networks=networks,
        credentials=Credentials(
            row.get("user", ""), _secret(name, row, "password"), _secret(name, row, "token")
        ),
    )


def _secret(name: str, row: Mapping[str, Any], key: str) -> str:
    """A secret given in the file of sources, or better in a file of its own."""
    path = row.get(f"{key}_file")
    if path is None:
        return str(row.get(key, ""))
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SourceConfigError(f"{name}: {key}_file {path}: {error.strerror}") from error
