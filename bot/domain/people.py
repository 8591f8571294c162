"""Who may do what. Nobody may do anything that no role allows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is, at a facility (the first six), at an authority, or everywhere."""

    RSSI = "rssi"
    CORRESPONDANT = "correspondant"
    BIOMED = "biomed"
    RESEAU = "reseau"
    PRESTATAIRE = "prestataire"
    DIRECTION = "direction"
    ARS = "ars"
    FSSI = "fssi"
    CERT = "cert"
    OPERATOR = "operator"


AT_FACILITY = frozenset(
    {
        Role.RSSI,
        Role.CORRESPONDANT,
        Role.BIOMED,
        Role.RESEAU,
        Role.PRESTATAIRE,
        Role.DIRECTION,
    }
)
NATIONAL = frozenset({Role.FSSI, Role.CERT})
DECLARING = frozenset({Role.RSSI, Role.CORRESPONDANT, Role.DIRECTION})


@dataclass(frozen=True, slots=True)
class Grant:
    """One role, and where it is held."""

    role: Role
    facility_id: int | None = None
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody known, and every role they hold."""

    id: uuid.UUID
    name: str
    email: str
    grants: tuple[Grant, ...] = ()

    def facilities(self, roles: frozenset[Role] = AT_FACILITY) -> set[int]:
        """The facilities where this person holds one of ``roles``."""
        return {
            grant.facility_id
            for grant in self.grants
            if grant.facility_id is not None and grant.role in roles
        }

    def authorities(self) -> set[str]:
        """The authorities this person speaks for."""
        return {grant.authority for grant in self.grants if grant.role is Role.ARS}
