"""Columns recognised by their header, French or English, whatever the case and accents."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.inventory.base import ColumnMapping, InventoryError
from bot.inventory.cells import fold

SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "id": (
            "id", "identifiant", "id ligne", "numero inventaire", "n inventaire", "no inventaire",
            "num inventaire", "numero d inventaire", "code inventaire", "code equipement",
            "code bien", "numero equipement", "n equipement", "no equipement", "numero gmao",
            "n gmao", "asset id", "asset tag", "inventory number", "line id", "uuid", "n bien",
            "numero immobilisation", "n immobilisation", "ref equipement", "n serie",
            "numero de serie", "no serie", "serial", "serial number",
        ),
        "category": (
            "categorie", "famille", "type equipement", "type d equipement", "type materiel",
            "type de materiel", "type actif", "type d actif", "classe", "category", "asset type",
            "device type", "type", "domaine", "nature", "groupe",
        ),
        "name": (
            "nom", "nom machine", "nom de machine", "nom equipement", "nom du serveur",
            "nom serveur", "nom poste", "nom du poste", "nom ordinateur", "nom d hote", "nom hote",
            "hostname", "host", "host name", "hote", "machine", "serveur", "poste", "computer",
            "computer name", "device", "device name", "asset", "asset name", "name", "nom dns",
            "fqdn", "nom de l equipement",
        ),
        "vendor": (
            "editeur", "editeur logiciel", "vendor", "publisher", "software vendor",
            "editeur constructeur", "constructeur editeur", "fabricant editeur",
            "editeur fabricant", "editeur marque", "nom editeur",
        ),
        "maker": (
            "fabricant", "constructeur", "marque", "manufacturer", "brand", "nom fabricant",
            "maker", "nom constructeur",
        ),
        "product": (
            "produit", "logiciel", "nom du logiciel", "nom logiciel", "nom du produit",
            "nom produit", "application", "nom application", "systeme logiciel",
            "logiciel modele", "produit logiciel", "logiciel produit", "produit modele", "product",
            "product name", "software", "software name", "solution", "composant",
        ),
        "os": (
            "systeme d exploitation nom", "systeme d exploitation", "systeme exploitation",
            "systeme", "os", "nom os", "operating system name", "operating system",
            "nom du systeme", "operating system",
        ),
        "model": (
            "modele", "model", "reference", "reference constructeur", "ref constructeur",
            "type modele", "modele type", "reference produit", "modele equipement",
            "model number", "reference commerciale", "nom commercial", "modele appareil",
        ),
        "designation": (
            "designation", "libelle", "description", "intitule", "denomination", "appareil",
            "designation equipement", "libelle equipement", "libelle cneh", "equipement",
            "materiel", "dispositif", "dispositif medical",
        ),
        "version": (
            "version", "version logicielle", "version logiciel", "version du logiciel",
            "version installee", "versions nom", "version nom", "versions name", "version name",
            "version produit", "version application", "release", "software version",
            "product version", "version actuelle", "numero de version",
            "n version", "no version", "version firmware", "version du firmware", "firmware",
            "firmware version", "micrologiciel", "revision logicielle", "revision logiciel",
        ),
        "os_version": (
            "systeme d exploitation version", "version os", "version du systeme", "os version",
            "version systeme", "operating system version", "version de l os",
            "systeme d exploitation version du noyau",
        ),
        "build": ("build", "numero de build", "n build", "patch", "niveau de patch",
                  "patch level", "correctif", "service pack", "update"),
        "cpe": ("cpe", "cpe 2 3", "cpe23", "cpe name", "identifiant cpe", "purl", "package url"),
        "location": (
            "site", "localisation", "emplacement", "lieu", "location", "service", "batiment",
            "local", "salle", "service affectataire", "uf", "unite fonctionnelle", "pole",
            "service utilisateur", "affectation", "department",
        ),
        "exposed": (
            "expose", "expose internet", "expose sur internet", "exposition", "exposition internet",
            "internet", "accessible internet", "accessible depuis internet", "exposed",
            "internet facing", "internet exposed", "dmz",
        ),
        "quantity": (
            "nombre", "quantite", "qte", "nb", "nb postes", "nombre de postes", "nb equipements",
            "nombre d equipements", "count", "quantity", "qty", "nombre installations",
            "nombre d installations", "installations",
        ),
    }
)  # fmt: skip
FIELDS = tuple(SYNONYMS)
LABELS = MappingProxyType(
    {
        "id": "N° d'inventaire", "category": "Catégorie", "name": "Nom", "vendor": "Éditeur",
        "maker": "Fabricant", "product": "Produit", "os": "Système d'exploitation",
        "model": "Modèle", "designation": "Désignation", "version": "Version",
        "os_version": "Version du système", "build": "Build", "cpe": "CPE", "location": "Site",
        "exposed": "Exposé Internet", "quantity": "Nombre",
    }
)  # fmt: skip
WHAT = ("product", "os", "model", "designation", "cpe")  # one says what the equipment is

_FIELD_OF = {synonym: (field, rank) for field, names in SYNONYMS.items()
             for rank, synonym in enumerate(names)}  # fmt: skip


def recognise(header: Sequence[str]) -> dict[str, int]:
    """Return the position of each field that a header names.

    When two columns name one field, the commonest name wins, then the leftmost. In a list
    of software ("Nom; Éditeur; Version") the name is the product's.
    """
    found: dict[str, tuple[int, int]] = {}
    for position, title in enumerate(header):
        field, rank = _FIELD_OF.get(fold(title), ("", 0))
        if field and (field not in found or rank < found[field][0]):
            found[field] = (rank, position)
    positions = {field: position for field, (_, position) in found.items()}
    if {"name", "vendor"} <= positions.keys() and not positions.keys() & set(WHAT):
        positions["product"] = positions.pop("name")
    return positions


def choose(
    header: Sequence[str], mapping: ColumnMapping | None, *, file: str, number: int
) -> dict[str, int]:
    """Return the position of each field: what was chosen by somebody first, then guesses.

    Raises:
        InventoryError: no column says what the equipment is, or a chosen one is missing.
    """
    chosen = mapping.columns if mapping else {}
    positions = {
        field: _position(header, title, field, file=file, number=number)
        for field, title in chosen.items()
    }
    if not (mapping and mapping.fixed):
        taken = set(positions.values())
        for field, position in recognise(header).items():
            if position not in taken:
                positions.setdefault(field, position)
    if not any(field in positions for field in WHAT):
        raise _nothing_says_what(header, positions, file=file, number=number)
    return positions


def _position(header: Sequence[str], title: str, field: str, *, file: str, number: int) -> int:
    if field not in FIELDS:
        near = difflib.get_close_matches(field, FIELDS, n=1, cutoff=0)[0]
        raise InventoryError(
            file,
            f"correspondance de colonnes : le champ « {field} » n'existe pas.",
            f"Le plus proche est « {near} » ; les champs sont : {', '.join(FIELDS)}.",
        )
    titles = [fold(cell) for cell in header]
    if (wanted := fold(title)) in titles:
        return titles.index(wanted)
    near = next(iter(difflib.get_close_matches(wanted, titles, n=1, cutoff=0.6)), "")
    hint = f" La plus proche est « {header[titles.index(near)]} »." if near else ""
    raise InventoryError(
        file,
        f"ligne {number} : la colonne « {title} », attendue pour « {LABELS[field]} », manque.",
        f"Rétablissez-la, ou changez la correspondance des colonnes.{hint}",
    )


def _nothing_says_what(
    header: Sequence[str], positions: Mapping[str, int], *, file: str, number: int
) -> InventoryError:
    known = [f"« {header[position]} » ({LABELS[field]})" for field, position in positions.items()]
    seen = ", ".join(f"« {title} »" for title in header[:15] if title.strip()) or "aucune"
    return InventoryError(
        file,
        f"ligne {number} : aucune colonne ne dit quel est le produit. "
        f"Colonnes trouvées : {seen} ; reconnues : {', '.join(known) or 'aucune'}.",
        f"Attendues : {', '.join(LABELS.values())} "
        "(au moins Produit, Système d'exploitation, Modèle, Désignation ou CPE). Renommez la"
        " colonne, ou choisissez-la : --column product='Titre de la colonne'.",
    )
