"""Healthcare facilities and the equipment they have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from feeds.advisory import Tlp


class FacilityKind(StrEnum):
    """Kinds of structure, as the field abbreviates them."""

    CHU = "chu"
    CH = "ch"
    ESPIC = "espic"
    CLINIQUE = "clinique"
    PSY = "psy"
    SSR = "ssr"
    HAD = "had"
    EHPAD = "ehpad"
    ESMS = "esms"  # other medico-social structures
    LABO = "labo"
    HIA = "hia"  # hôpital d'instruction des armées
    GCS = "gcs"  # groupement de coopération sanitaire
    AUTRE = "autre"


class Function(StrEnum):
    """Places in a facility at which a bulletin may be aimed when it names no product."""

    ACCUEIL = "accueil"
    STANDARD = "standard"
    SECRETARIAT = "secretariat"
    ADMISSIONS = "admissions"  # bureau des entrées
    DIRECTION = "direction"
    DSI = "dsi"
    BIOMEDICAL = "biomedical"
    URGENCES = "urgences"
    SAMU = "samu"
    PHARMACIE = "pharmacie"
    LABORATOIRE = "laboratoire"
    IMAGERIE = "imagerie"
    FAX = "fax"  # still receives faxes


class AssetCategory(StrEnum):
    """The four categories of the 2016 security plan; each is a lot of an alert.

    ``GENERAL`` is the lot of a bulletin that names no equipment.
    """

    WORKSTATION = "poste de travail"
    SERVER = "serveur"
    NETWORK = "équipement actif"
    BIOMEDICAL = "équipement biomédical"
    GENERAL = "général"


@dataclass(frozen=True, slots=True)
class Facility:
    """One structure. ``id`` is the store's, 0 before it is stored.

    ``authority`` is a code of ``authorities.toml``; ``time_zone`` an IANA name.
    """

    finess: str
    name: str
    authority: str
    kind: FacilityKind
    time_zone: str = "Europe/Paris"
    department: str = ""
    ght: str = ""
    ght_head: bool = False
    ose: bool = False
    functions: tuple[Function, ...] = ()
    contacts: tuple[Contact, ...] = ()
    id: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to reach; ``rank`` 1 first (RSSI), then the deputy, then the direction.

    ``role`` is rssi, suppleant, direction, biomedical, reseau, prestataire, ssi, or
    astreinte: told of *alertes* at once, outside working hours too. ``ceiling`` is what
    their mailbox may be told: below AMBER, counts and no machine.
    """

    name: str
    role: str
    email: str = ""
    phone: str = ""
    rank: int = 1
    ceiling: Tlp = Tlp.GREEN


CONTACT_ROLES = frozenset(
    {
        "rssi",
        "suppleant",
        "direction",
        "biomedical",
        "reseau",
        "prestataire",
        "ssi",
        "astreinte",
    }
)


class FinessError(ValueError):
    """The number is not a FINESS number; the message says why, in French."""


def check_finess(text: str) -> str:
    """Return the FINESS number without spaces, or raise.

    Nine characters; the second may be ``A`` or ``B`` in Corsica. The Luhn sum runs over
    the nine characters with A read as 1 and B as 2.

    Raises:
        FinessError: wrong length, foreign character or wrong checksum.

    Source: measured on the public FINESS extract: 3,936 of 3,936 numeric numbers and 38
    of 38 Corsican ones satisfy it.
    """
    finess = "".join(text.split()).upper()
    if len(finess) != 9:
        raise FinessError(
            f"FINESS « {finess} » : {len(finess)} caractères, il en faut 9 "
            "(un zéro de tête perdu par le tableur ?)"
        )
    digits = finess
    if finess[:2] in {"2A", "2B"}:
        digits = f"2{'AB'.index(finess[1]) + 1}{finess[2:]}"
    if not (digits.isascii() and digits.isdigit()):
        raise FinessError(f"FINESS « {finess} » : des chiffres seulement (ou 2A, 2B en Corse)")
    if luhn_sum(digits) % 10:
        raise FinessError(
            f"FINESS « {finess} » : clé de contrôle fausse, un caractère est mal recopié"
        )
    return finess


def luhn_sum(digits: str) -> int:
    """The Luhn sum of a string of digits, the check digit included."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total


@dataclass(frozen=True, slots=True)
class InventoryLine:
    """One piece of equipment (or a count of alike ones) as a facility describes it.

    ``line_id`` is the facility's own, or a digest of the identifying columns.
    """

    line_id: str
    category: AssetCategory
    name: str = ""
    vendor: str = ""
    product: str = ""
    version: str = ""
    cpe: str = ""
    location: str = ""
    exposed: bool = False  # reachable from the Internet
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be read: its number (1 is the header), and why, in French."""

    number: int
    reason: str
