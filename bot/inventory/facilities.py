"""Facilities from a table: ``facilities.csv``, completed by the public FINESS extract."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.domain.authority import Authority
from bot.domain.facility import (
    BadLine,
    Contact,
    Facility,
    FacilityKind,
    FinessError,
    Function,
    check_finess,
)
from bot.inventory import text
from bot.inventory.authorities import Authorities, UnknownAuthorityError
from bot.inventory.base import InventoryError
from bot.inventory.cells import clean, fold, one_line, truth
from bot.inventory.finess import Structure

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "finess": ("finess", "numero finess", "n finess", "no finess", "finess et", "finess ej",
               "nofinesset", "finess number"),
    "name": ("nom", "raison sociale", "etablissement", "nom etablissement", "structure", "name",
             "facility"),
    "authority": ("autorite", "ars", "authority", "region", "agence"),
    "kind": ("type", "categorie", "kind", "type etablissement", "facility type"),
    "department": ("departement", "department", "dept", "code departement"),
    "ght": ("ght", "groupement", "groupement hospitalier"),
    "ght_head": ("tete de ght", "etablissement support", "support ght", "support du ght",
                 "ght head"),
    "ose": ("ose", "operateur de services essentiels", "essential service operator"),
    "time_zone": ("fuseau horaire", "fuseau", "time zone", "timezone"),
    "functions": ("fonctions", "functions", "lieux"),
}  # fmt: skip
# in the order in which they are called when nobody answers; "ssi" is a mailbox, not a person
_ROLES: Mapping[str, tuple[str, ...]] = {
    "rssi": ("rssi", "responsable ssi", "correspondant ssi", "ciso"),
    "suppleant": ("suppleant", "rssi adjoint", "adjoint", "deputy"),
    "direction": ("direction", "directeur", "management"),
    "ssi": ("boite ssi", "bal ssi", "ssi", "mailbox", "ssi mailbox"),
    "biomedical": ("biomedical", "ingenieur biomedical", "biomed"),
    "reseau": ("reseau", "ingenieur reseau", "network"),
    "prestataire": ("prestataire", "infogerant", "contractor"),
}
_FIELD_OF = {
    name: field for table in (_COLUMNS, _ROLES) for field, names in table.items() for name in names
}
_KINDS = {fold(kind.value): kind for kind in FacilityKind} | {
    "chr": FacilityKind.CHU,
    "chru": FacilityKind.CHU,
    "hopital": FacilityKind.CH,
    "centre hospitalier": FacilityKind.CH,
    "centre hospitalier universitaire": FacilityKind.CHU,
    "hopital d instruction des armees": FacilityKind.HIA,
    "chs": FacilityKind.PSY,
    "epsm": FacilityKind.PSY,
    "psychiatrie": FacilityKind.PSY,
    "smr": FacilityKind.SSR,
    "hospital": FacilityKind.CH,
    "clinic": FacilityKind.CLINIQUE,
    "laboratoire": FacilityKind.LABO,
    "laboratory": FacilityKind.LABO,
    "other": FacilityKind.AUTRE,
}
_FUNCTIONS = {fold(function.value): function for function in Function} | {
    "bureau des entrees": Function.ADMISSIONS,
    "secretariats": Function.SECRETARIAT,
    "informatique": Function.DSI,
    "si": Function.DSI,
    "biomed": Function.BIOMEDICAL,
    "labo": Function.LABORATOIRE,
    "radiologie": Function.IMAGERIE,
    "telecopie": Function.FAX,
    "telecopieur": Function.FAX,
}
_T = TypeVar("_T")
_MAIL = re.compile(r"[^\s<>,;|]+@[^\s<>,;|]+\.[^\s<>,;|]+")
_PHONE = re.compile(r"\+?\d[\d .-]{7,}\d")


@dataclass(frozen=True, slots=True)
class FacilityUpload:
    """Facilities once read, in the order of the file, each FINESS number once."""

    facilities: tuple[Facility, ...]
    bad: tuple[BadLine, ...]
    ignored: tuple[str, ...] = ()


class _BadValueError(ValueError):
    """A cell cannot be understood; the message, in French, says which and why."""


def read_facilities(
    body: bytes,
    *,
    file: str,
    authorities: Authorities,
    extract: Mapping[str, Structure] = MappingProxyType({}),
) -> FacilityUpload:
    """Read facilities; what the table leaves out comes from the FINESS extract.

    Columns are FINESS, Nom, Autorité, Type, Département, GHT, Tête de GHT, OSE, Fuseau
    horaire, Fonctions, then one column per kind of contact (RSSI, Suppléant, Direction,
    Boîte SSI, Biomédical, Réseau, Prestataire) that holds ``Name <mail> telephone``, several
    separated by ``|``. Only FINESS is always needed.

    Raises:
        InventoryError: no table, or no FINESS column.
    """
    titles, fields, records = _columns(body, file=file)
    found: dict[str, Facility] = {}
    bad: list[BadLine] = []
    for record in records:
        if isinstance(record, BadLine):
            bad.append(record)
            continue
        number, cells = record
        values = {f: clean(cell) for f, cell in zip(fields, cells, strict=False) if f}
        if not any(values.values()):
            continue
        try:
            facility = _facility(values, authorities, extract)
        except (FinessError, UnknownAuthorityError, _BadValueError) as error:
            bad.append(BadLine(number, str(error)))
            continue
        if facility.finess in found:
            bad.append(BadLine(number, f"le FINESS {facility.finess} est déjà plus haut"))
        found.setdefault(facility.finess, facility)
    ignored = (title for title, field in zip(titles, fields, strict=True) if title and not field)
    return FacilityUpload(tuple(found.values()), tuple(bad), tuple(ignored))


def structures_as_facilities(
    chosen: Iterable[Structure], *, authorities: Authorities
) -> tuple[list[Facility], list[str]]:
    """Facilities made of the extract alone, and why the others cannot be."""
    found: list[Facility] = []
    refused: list[str] = []
    for each in chosen:
        try:
            facility = _facility({"finess": each.finess}, authorities, {each.finess: each})
        except (UnknownAuthorityError, _BadValueError) as error:
            refused.append(f"{each.finess} {each.name} : {error}")
        else:
            found.append(facility)
    return found, refused


def _columns(
    body: bytes, *, file: str
) -> tuple[list[str], list[str], Iterator[tuple[int, list[str]] | BadLine]]:
    """The titles, the field each names (empty for none), and the records below them."""
    physical = list(text.decode(body, file=file))
    separator = max(text.SEPARATORS, key=physical[0].count)
    records = text.records(physical, separator)
    header = next(records)
    titles = [] if isinstance(header, BadLine) else [one_line(cell) for cell in header[1]]
    fields = [_FIELD_OF.get(fold(title), "") for title in titles]
    if "finess" not in fields:
        raise InventoryError(
            file,
            f"ligne 1 : pas de colonne FINESS (colonnes trouvées : {', '.join(titles[:12])}).",
            f"Attendues : {', '.join([*_COLUMNS, *_ROLES])}.",
        )
    return titles, fields, records


def _facility(
    values: Mapping[str, str], authorities: Authorities, extract: Mapping[str, Structure]
) -> Facility:
    finess = check_finess(values["finess"])
    known = extract.get(finess)
    name = values.get("name", "") or (known.name if known else "")
    if not name:
        raise _BadValueError(f"{finess} : le nom manque")
    department = authorities.department(
        values.get("department", "") or (known.department if known else finess[:2])
    )
    kind = _kind(values.get("kind", ""), known)
    authority = _authority(values.get("authority", ""), department, kind, authorities)
    return Facility(
        finess=finess,
        name=name,
        authority=authority.code,
        kind=kind,
        time_zone=_time_zone(values.get("time_zone", ""), department, authorities, authority),
        department=department,
        ght=values.get("ght", ""),
        ght_head=_flag(values, "ght_head", "Tête de GHT"),
        ose=_flag(values, "ose", "OSE"),
        functions=_functions(values.get("functions", "")),
        contacts=_contacts(values),
    )


def _kind(word: str, known: Structure | None) -> FacilityKind:
    if not word:
        return known.kind if known else FacilityKind.AUTRE
    return _one_of(word, _KINDS, "type d'établissement")


def _authority(
    word: str, department: str, kind: FacilityKind, authorities: Authorities
) -> Authority:
    if word:
        return authorities.find(word)
    if kind is FacilityKind.HIA:
        return authorities.find("service-de-sante-des-armees")
    if authority := authorities.of_department(department):
        return authority
    raise _BadValueError(f"aucune autorité n'a le département « {department} » : donnez l'autorité")


def _time_zone(word: str, department: str, authorities: Authorities, authority: Authority) -> str:
    """The zone given, else the one of the place: an army hospital lives where it stands."""
    if not word:
        return (authorities.of_department(department) or authority).time_zone
    try:
        return ZoneInfo(word).key
    except (ValueError, OSError, KeyError) as error:
        raise _BadValueError(
            f"fuseau horaire inconnu « {word} » (attendu : Europe/Paris, Indian/Reunion…)"
        ) from error


def _flag(values: Mapping[str, str], field: str, label: str) -> bool:
    answer = truth(values.get(field, ""))
    if answer is None:
        raise _BadValueError(f"{label} : « {values[field]} » n'est ni oui ni non")
    return answer


def _functions(cell: str) -> tuple[Function, ...]:
    words = [word.strip() for word in re.split(r"[,;|/]", cell) if word.strip()]
    return tuple(dict.fromkeys(_one_of(word, _FUNCTIONS, "fonction") for word in words))


def _one_of(word: str, table: Mapping[str, _T], what: str) -> _T:
    if found := table.get(fold(word)):
        return found
    near = difflib.get_close_matches(fold(word), table, n=1, cutoff=0)[0]
    raise _BadValueError(f"{what} inconnu(e) « {word} » ; le plus proche est « {near} »")


def _contacts(values: Mapping[str, str]) -> tuple[Contact, ...]:
    """Contacts in the order in which they are called: ranks follow each other from 1."""
    found: list[Contact] = []
    for role in _ROLES:
        for part in filter(str.strip, values.get(role, "").split("|")):
            mail, phone = _MAIL.search(part), _PHONE.search(part)
            if not (mail or phone):
                raise _BadValueError(f"contact {role} : « {part.strip()} » sans courriel ni numéro")
            name = _PHONE.sub("", _MAIL.sub("", part)).translate(str.maketrans("<>", "  "))
            found.append(
                Contact(
                    name=" ".join(name.split()) or role,
                    role=role,
                    email=mail[0] if mail else "",
                    phone=phone[0].strip() if phone else "",
                    rank=len(found) + 1,
                )
            )
    return tuple(found)
