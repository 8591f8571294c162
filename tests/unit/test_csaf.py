"""CSAF 2.0: product tree, status, VEX flags, remediations, marking."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.advisory import Advisory, AffectedProduct, Tlp
from feeds.csaf import EVERY_VERSION, is_csaf, read_csaf
from feeds.errors import MalformedDocumentError
from feeds.files import FileSource, open_path

DATA = Path(__file__).resolve().parent.parent / "data" / "csaf"
PUMPS: dict[str, Any] = json.loads((DATA / "me-2026-001.json").read_text())


def read(values: Any) -> tuple[list[Advisory], list[MalformedDocumentError]]:
    """Read JSON values; return the advisory, and what could not be read."""
    results = list(read_csaf("test", values, tlp=Tlp.GREEN))
    return (
        [result for result in results if isinstance(result, Advisory)],
        [result for result in results if isinstance(result, MalformedDocumentError)],
    )


def rows() -> dict[str, AffectedProduct]:
    """The rows of the pumps, by product and versions."""
    [advisory], _ = read(PUMPS)
    return {f"{row.product} {row.versions}": row for row in advisory.affected}


def test_the_document() -> None:
    [advisory], _ = read(PUMPS)
    assert (advisory.publisher, advisory.reference) == ("Médical Exemple", "ME-2026-001")
    assert advisory.published_at == datetime(2026, 3, 1, 7, tzinfo=UTC)
    assert advisory.revised_at == datetime(2026, 3, 5, 7, tzinfo=UTC)
    assert [revision.description for revision in advisory.revisions] == [
        "Version initiale",
        "Ajout de la console",
    ]
    assert advisory.url == "https://medical.example/me-2026-001"
    assert advisory.summary == "Un attaquant du réseau local peut modifier un débit."
    assert advisory.content == "**CVE-2026-90050** : Commande sans authentification."
    assert advisory.cves == ("CVE-2026-90050", "CVE-2026-90051")
    assert advisory.cvss == 8.1
    assert advisory.tlp is Tlp.AMBER
    assert advisory.language == "fr"
    assert advisory.advice == (
        "Passer en 4.2.",
        "Isoler les pompes sur leur réseau.",
        "no fix planned",
    )


def test_affected_in_one_vulnerability_wins_over_fixed_in_another() -> None:
    row = rows()["Pompe P1 vers:generic/<4.2"]
    assert row.status == "affected"
    assert row.vendor == "Médical Exemple"
    assert row.cpe == "cpe:2.3:h:medical_exemple:pompe_p1:*:*:*:*:*:*:*:*"
    assert row.fix == "Passer en 4.2. Isoler les pompes sur leur réseau."


def test_other_statuses() -> None:
    assert rows()["Pompe P1 4.2"].status == "fixed"
    assert rows()[f"Pompe P2 {EVERY_VERSION}"].status == "investigating"
    excused = rows()[f"Pompe P3 {EVERY_VERSION}"]
    assert (excused.status, excused.fix) == ("not_affected", "vulnerable_code_not_present")


def test_a_product_nobody_speaks_of_is_never_called_safe() -> None:
    values = copy.deepcopy(PUMPS)
    del values["vulnerabilities"][0]["product_status"]["under_investigation"]
    [advisory], _ = read(values)
    assert {row.product: row.status for row in advisory.affected}["Pompe P2"] == "investigating"


def test_a_component_is_read_as_the_equipment_it_is_part_of() -> None:
    row = rows()["Console 7 SP1"]
    assert (row.vendor, row.status) == ("Médical Exemple", "affected")
    assert row.fix == "no fix planned"


def test_a_status_for_an_unknown_product_is_reported() -> None:
    _, [error] = read(PUMPS)
    assert str(error) == (
        "test: ME-2026-001: product 'ABSENT' has a status and is not in the product tree"
    )


@pytest.mark.parametrize(
    ("label", "expected"),
    [("WHITE", Tlp.CLEAR), ("CLEAR", Tlp.CLEAR), ("RED", Tlp.RED), ("PINK", Tlp.AMBER)],
)
def test_markings(label: str, expected: Tlp) -> None:
    values = copy.deepcopy(PUMPS)
    values["document"]["distribution"]["tlp"]["label"] = label
    assert read(values)[0][0].tlp is expected
    del values["document"]["distribution"]
    assert read(values)[0][0].tlp is Tlp.GREEN


def test_a_missing_key_is_named() -> None:
    values = copy.deepcopy(PUMPS)
    del values["document"]["tracking"]["initial_release_date"]
    advisories, [error] = read(values)
    assert not advisories
    assert str(error) == "test: ME-2026-001: key 'initial_release_date' is missing"


def paths(values: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    found = [here] if here else []
    if isinstance(values, dict | list):
        below = values.items() if isinstance(values, dict) else enumerate(values)
        for key, value in below:
            found += paths(value, (*here, key))
    return found


@given(
    st.sampled_from(paths(PUMPS)),
    st.none() | st.integers() | st.text(max_size=3) | st.lists(st.none(), max_size=1),
)
def test_no_wrong_value_stops_the_reading(place: tuple[Any, ...], value: Any) -> None:
    values: Any = copy.deepcopy(PUMPS)
    holder = values
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    advisories, errors = read(values)
    assert advisories or errors


def test_what_csaf_looks_like() -> None:
    assert is_csaf(PUMPS)
    assert not is_csaf({"document": "x"})
    assert not is_csaf([])


@pytest.mark.corpus
def test_the_medical_advisories_are_read(shared_data: Path) -> None:
    source = FileSource(shared_data, lambda: datetime.now(UTC))
    archive = shared_data / "csaf-icsma.tar.xz"
    results = [
        result
        for document in open_path(archive, fetched_at=datetime.now(UTC))
        for result in source.parse(document)
    ]
    advisories = [result for result in results if isinstance(result, Advisory)]
    assert len(advisories) == len(results) == 144
    assert sum(len(advisory.affected) for advisory in advisories) == 607
    assert {advisory.tlp for advisory in advisories} == {Tlp.CLEAR}
    assert all(row.vendor and row.versions for a in advisories for row in a.affected)
