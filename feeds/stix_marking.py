"""TLP and PAP markings of STIX objects, in the three ways in which they are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from feeds.advisory import Pap, Tlp

TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
PAP_EXTENSION = "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b"

WELL_KNOWN = {
    # TLP 1: STIX 2.1, section 7.2.1.4
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": Tlp.CLEAR,
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": Tlp.GREEN,
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": Tlp.AMBER,
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Tlp.RED,
    # TLP 2.0: OASIS, STIX common objects
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": Tlp.CLEAR,
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": Tlp.GREEN,
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": Tlp.AMBER,
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": Tlp.AMBER_STRICT,
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": Tlp.RED,
}


def tlp_of(
    item: Mapping[str, Any], markings: Mapping[str, Mapping[str, Any]], *, default: Tlp
) -> Tlp:
    """The highest TLP marking of an object, ``default`` when it carries none.

    Args:
        item: the STIX object.
        markings: marking definitions of the same document, by id.
        default: what an unmarked object of this source is.
    """
    found = [
        marking
        for reference in marking_refs(item)
        if (marking := _tlp(reference, markings.get(reference))) is not None
    ]
    return max(found, default=default)


def pap_of(item: Mapping[str, Any], markings: Mapping[str, Mapping[str, Any]]) -> Pap | None:
    """The highest PAP marking of an object; one that cannot be read is ``AMBER``."""
    found = [
        _pap(extension.get("pap"))
        for reference in marking_refs(item)
        if (extension := _extension(markings.get(reference), PAP_EXTENSION)) is not None
    ]
    return max(found, default=None)


def marking_refs(item: Mapping[str, Any]) -> list[str]:
    """The markings of an object and of its parts."""
    refs = list(_strings(item.get("object_marking_refs")))
    parts = item.get("granular_markings")
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, Mapping):
            refs += _strings([part.get("marking_ref")])
    return refs


def _tlp(reference: str, definition: Mapping[str, Any] | None) -> Tlp | None:
    """``None`` for what is no sharing restriction: a statement, a PAP."""
    if reference in WELL_KNOWN:
        return WELL_KNOWN[reference]
    if definition is None:
        return Tlp.AMBER  # a restriction written elsewhere
    extension = _extension(definition, TLP_EXTENSION)
    if extension is not None:
        return Tlp.read(str(extension.get("tlp_2_0")))
    if _extension(definition, PAP_EXTENSION) is not None:
        return None
    kind, words = definition.get("definition_type"), definition.get("definition")
    if kind == "statement":
        return None
    if kind == "tlp" and isinstance(words, Mapping):
        return Tlp.read(str(words.get("tlp")))
    return Tlp.AMBER


def _pap(word: object) -> Pap:
    name = str(word).upper().replace("WHITE", "CLEAR")
    return Pap.__members__.get(name, Pap.AMBER)


def _extension(definition: Mapping[str, Any] | None, name: str) -> Mapping[str, Any] | None:
    extensions = definition.get("extensions") if definition else None
    found = extensions.get(name) if isinstance(extensions, Mapping) else None
    return found if isinstance(found, Mapping) else None


def _strings(values: object) -> Iterable[str]:
    return [v for v in values if isinstance(v, str)] if isinstance(values, list) else []
