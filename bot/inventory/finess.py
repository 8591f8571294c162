"""The public FINESS extract: names, departments and kinds of 103,000 structures.

Source: data.gouv.fr, "FINESS: extraction du fichier des établissements",
``etalab-cs1100502-stock-YYYYMMDD.csv``: ``;``-separated, no header, first line
``finess;etalab;NN;date``, then one ``structureet`` a line; the ``geolocalisation`` lines that
follow are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.domain.facility import FacilityKind, FinessError, check_finess
from bot.inventory import text
from bot.inventory.base import InventoryError

# positions in a structureet line
_NUMBER, _LEGAL_ENTITY, _NAME, _LONG_NAME = 1, 2, 3, 4
_DEPARTMENT, _CATEGORY, _CATEGORY_LABEL = 13, 18, 19
_WIDTH = 20  # what is read; the extract has some thirty columns, more in later years

# The categories that say the kind of structure by themselves; others stay "autre" and the
# facility's own table says. Codes are those of the FINESS nomenclature of categories.
_KINDS: Mapping[str, FacilityKind] = MappingProxyType(
    {
        "101": FacilityKind.CHU,  # centre hospitalier régional
        "106": FacilityKind.CH,  # ancien hôpital local
        "355": FacilityKind.CH,
        "292": FacilityKind.PSY,
        "161": FacilityKind.PSY,
        "109": FacilityKind.SSR,
        "127": FacilityKind.HAD,
        "128": FacilityKind.CLINIQUE,
        "129": FacilityKind.CLINIQUE,
        "365": FacilityKind.CLINIQUE,
        "131": FacilityKind.ESPIC,  # centre de lutte contre le cancer
        "114": FacilityKind.HIA,
        "500": FacilityKind.EHPAD,
        "611": FacilityKind.LABO,
        "696": FacilityKind.GCS,
        "697": FacilityKind.GCS,
    }
)


@dataclass(frozen=True, slots=True)
class Structure:
    """One site of the extract. ``department`` is FINESS's own code (``9A``)."""

    finess: str
    legal_entity: str
    name: str
    department: str
    kind: FacilityKind
    category: str  # FINESS's words for it


def read_extract(body: bytes, *, file: str) -> Mapping[str, Structure]:
    """Return the structures by FINESS number; lines with a wrong number are left out.

    Raises:
        InventoryError: not the FINESS extract.
    """
    lines = list(text.decode(body, file=file))
    if not lines[0].startswith("finess;etalab;"):
        raise InventoryError(
            file,
            "ligne 1 : ce n'est pas l'extraction FINESS (elle commence par « finess;etalab; »).",
            "Prenez le fichier etalab-cs1100502-stock de data.gouv.fr.",
        )
    found = (_structure(line.split(";")) for line in lines if line.startswith("structureet;"))
    return MappingProxyType({each.finess: each for each in found if each})


def _structure(cells: list[str]) -> Structure | None:
    if len(cells) < _WIDTH:
        return None
    try:
        finess = check_finess(cells[_NUMBER])
    except FinessError:
        return None
    return Structure(
        finess=finess,
        legal_entity=cells[_LEGAL_ENTITY],
        name=" ".join((cells[_LONG_NAME] or cells[_NAME]).split()),
        department=cells[_DEPARTMENT].strip(),
        kind=_KINDS.get(cells[_CATEGORY].strip(), FacilityKind.AUTRE),
        category=cells[_CATEGORY_LABEL],
    )
