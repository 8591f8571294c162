"""The table of authorities: ``config/authorities.toml``, or an operator's own."""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self
from zoneinfo import ZoneInfo

from bot.domain.authority import Authority, AuthorityKind
from bot.inventory.cells import fold

_KEYS = {field.name for field in dataclasses.fields(Authority)} - {"code"}


class AuthoritiesError(ValueError):
    """The table cannot be used: the message names the entry, the key and the remedy."""


class UnknownAuthorityError(LookupError):
    """Nobody in the table has that name; the message, in French, names the nearest."""


@dataclass(frozen=True)
class Authorities:
    """The table: found by code, by name, or by department."""

    by_code: Mapping[str, Authority]

    @cached_property
    def _by_name(self) -> Mapping[str, Authority]:
        """Found by folded name: thousands of facilities look theirs up for one bulletin."""
        names = {fold(name): each for each in self for name in (each.name, each.code)}
        return names | {fold(each.name.removeprefix("ARS ")): each for each in self}

    @classmethod
    def read(cls, text: str, *, file: str = "authorities.toml") -> Self:
        """Read the table; see its own comments for the keys.

        Raises:
            AuthoritiesError: not TOML, an unknown key, time zone or holiday.
        """
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise AuthoritiesError(f"{file}: {error}") from error
        return cls(
            MappingProxyType({code: _authority(file, code, tables[code]) for code in tables})
        )

    def __iter__(self) -> Iterator[Authority]:
        return iter(self.by_code.values())

    def find(self, text: str) -> Authority:
        """Return the authority that ``text`` names: its code, its name, ``ARS Bretagne``.

        Raises:
            UnknownAuthorityError: no such authority.
        """
        if found := self.by_code.get(text):
            return found
        names = self._by_name
        if found := names.get(fold(text)):
            return found
        near = difflib.get_close_matches(fold(text), names, n=1, cutoff=0)
        nearest = f" ; la plus proche est « {names[near[0]].code} »" if near else ""
        raise UnknownAuthorityError(f"autorité inconnue « {text} »{nearest}")

    def of_department(self, department: str) -> Authority | None:
        """Return the ARS or the territory that a department belongs to."""
        return next((each for each in self if department in each.departments), None)

    def department(self, text: str) -> str:
        """Return the FINESS code of a department: ``971`` is ``9A``, ``1`` is ``01``.

        A part of a department with holidays of its own (Saint-Martin) keeps its number.
        """
        code = text.strip().upper()
        code = code.zfill(2) if code.isdigit() else code
        authority = self.of_department(code)
        overseas = authority is not None and authority.departments[0].startswith("9")
        if authority is None or not overseas or len(code) < 3:
            return code
        return code if code in authority.department_holidays else authority.departments[0]


def _authority(file: str, code: str, values: object) -> Authority:
    if not isinstance(values, dict):
        raise AuthoritiesError(f"{file}: {code}: write a table, [{code}]")
    for key in values:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0)[0]
            raise AuthoritiesError(f"{file}: [{code}] {key}: unknown key, did you mean {near}?")
    try:
        authority = Authority(**{**values, **_typed(values)}, code=code)
        ZoneInfo(authority.time_zone)
        for department in ("", *authority.department_holidays):
            authority.holidays(2024, department)
    except (KeyError, TypeError, ValueError, OSError) as error:  # ZoneInfo: KeyError or OSError
        raise AuthoritiesError(f"{file}: [{code}]: {error}") from error
    return authority


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": AuthorityKind(values.get("kind", "")),
        "departments": tuple(values.get("departments", ())),
        "local_holidays": MappingProxyType(values.get("local_holidays", {})),
        "department_holidays": MappingProxyType(values.get("department_holidays", {})),
    }
