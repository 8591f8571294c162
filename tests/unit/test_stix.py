"""STIX bundles: object by object, with the audience extension and every marking."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.facility import FacilityKind, Function
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct, Pap, Tlp
from feeds.errors import MalformedDocumentError
from feeds.files import FileSource, open_path
from feeds.stix import AUDIENCE_EXTENSION, is_stix, read_stix
from feeds.stix_marking import PAP_EXTENSION, TLP_EXTENSION

ROOT = Path(__file__).resolve().parent.parent.parent
FAX = ROOT / "config" / "demo" / "bulletins" / "fax-frauduleux-2018.stix.json"
DATA = ROOT / "tests" / "data" / "stix"

Objects = dict[str, Any]


def read(
    values: object, tlp: Tlp = Tlp.GREEN
) -> tuple[list[Advisory], list[MalformedDocumentError]]:
    """Read JSON values; return the bulletins, and what could not be read."""
    results = list(read_stix("test", values, tlp=tlp))
    return (
        [result for result in results if isinstance(result, Advisory)],
        [result for result in results if isinstance(result, MalformedDocumentError)],
    )


def report(**values: object) -> Objects:
    """A minimal report."""
    return {
        "type": "report",
        "spec_version": "2.1",
        "id": "report--2a3b4c5d-6e7f-4081-92a3-b4c5d6e7f813",
        "created": "2026-03-10T08:00:00.000Z",
        "modified": "2026-03-10T08:00:00.000Z",
        "published": "2026-03-10T08:00:00Z",
        "name": "Bulletin",
        "object_refs": ["campaign--b7b6a1c3-52c4-4c0f-8c39-0f3a5d1e9a03"],
        **values,
    }


def test_the_fax_bulletin_is_aimed_at_people_and_names_no_product() -> None:
    [fax], errors = read(json.loads(FAX.read_text()))
    assert not errors
    assert (fax.publisher, fax.reference) == ("CERT Santé", "FAX-2018-07")
    assert fax.kind is AdvisoryKind.ALERTE
    assert not fax.cves
    assert not fax.affected
    assert fax.tlp is Tlp.CLEAR
    assert fax.language == "fr"
    assert len(fax.advice) == 4
    assert fax.audience is not None
    assert fax.audience.sectors == ("healthcare",)
    assert {Function(code) for code in fax.audience.functions} == {
        Function.ACCUEIL,
        Function.STANDARD,
        Function.SECRETARIAT,
        Function.ADMISSIONS,
        Function.DIRECTION,
    }
    assert FacilityKind.EHPAD in {FacilityKind(code) for code in fax.audience.facility_kinds}


def test_every_code_of_the_documentation_exists() -> None:
    page = (ROOT / "docs" / "stix-audience.md").read_text()
    assert all(f"`{kind.value}`" in page for kind in FacilityKind)
    assert all(f"`{function.value}`" in page for function in Function)
    assert AUDIENCE_EXTENSION in page


def test_one_bad_pattern_is_reported_and_hides_nothing() -> None:
    advisories, errors = read(json.loads((DATA / "one-bad-pattern.json").read_text()))
    bulletin, flaw = advisories
    assert bulletin.title == "Passerelle d'imagerie : correctif"
    assert bulletin.publisher == "STIX"
    assert bulletin.revised_at == datetime(2026, 3, 12, 8, tzinfo=UTC)
    assert bulletin.tlp is Tlp.GREEN
    assert bulletin.affected == (
        AffectedProduct(
            vendor="Imagerie Exemple",
            product="Passerelle DICOM",
            versions="3.1",
            cpe="cpe:2.3:a:exemple:passerelle:3.1:*:*:*:*:*:*:*",
        ),
    )
    assert flaw.cves == ("CVE-2026-90030",)
    assert flaw.tlp is Tlp.AMBER_STRICT
    assert "lecture sans authentification" in flaw.summary  # the latest version of the object
    assert [error.item for error in errors] == [
        "indicator--8d3e1f2a-6b5c-4d7e-9f80-1a2b3c4d5e10",
        "object 6",
        "object 7",
    ]
    assert "pattern" in errors[0].reason


def test_a_campaign_that_a_report_refers_to_is_no_bulletin() -> None:
    campaign = {
        "type": "campaign",
        "spec_version": "2.1",
        "id": "campaign--b7b6a1c3-52c4-4c0f-8c39-0f3a5d1e9a03",
        "created": "2026-03-10T08:00:00.000Z",
        "modified": "2026-03-10T08:00:00.000Z",
        "name": "Campagne",
    }
    assert [bulletin.title for bulletin in read([campaign])[0]] == ["Campagne"]
    assert [bulletin.title for bulletin in read([campaign, report()])[0]] == ["Bulletin"]


OWN = "marking-definition--0c9c9a4e-8f5e-4f4b-9d0e-7a6b5c4d3e2f"


def marking(**values: object) -> Objects:
    """A marking definition of the publisher's own."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": OWN,
        "created": "2026-01-01T00:00:00.000Z",
        **values,
    }


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (marking(definition_type="tlp", definition={"tlp": "white"}), Tlp.CLEAR),
        (marking(definition_type="tlp", definition={"tlp": "clear"}), Tlp.CLEAR),
        (marking(definition_type="tlp", definition={"tlp": "amber+strict"}), Tlp.AMBER_STRICT),
        (marking(definition_type="tlp", definition={"tlp": "mauve"}), Tlp.AMBER),
        (marking(extensions={TLP_EXTENSION: {"tlp_2_0": "red"}}), Tlp.RED),
        (marking(definition_type="house-rules", definition={"rule": "us"}), Tlp.AMBER),
        (marking(definition_type="statement", definition={"statement": "(c)"}), Tlp.GREEN),
        (marking(extensions={PAP_EXTENSION: {"pap": "amber"}}), Tlp.GREEN),
        (None, Tlp.AMBER),
    ],
)
def test_markings(definition: Objects | None, expected: Tlp) -> None:
    objects = [report(object_marking_refs=[OWN]), *([definition] if definition else [])]
    [bulletin], errors = read(objects, tlp=Tlp.GREEN)
    assert not errors
    assert bulletin.tlp is expected


def test_the_highest_marking_wins_granular_ones_included() -> None:
    clear = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
    red = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
    granular = [{"marking_ref": red, "selectors": ["name"]}]
    [bulletin], _ = read([report(object_marking_refs=[clear], granular_markings=granular)])
    assert bulletin.tlp is Tlp.RED


def test_pap() -> None:
    definition = marking(extensions={PAP_EXTENSION: {"pap": "green"}})
    [bulletin], _ = read([report(object_marking_refs=[OWN]), definition])
    assert bulletin.pap is Pap.GREEN


def test_a_malformed_audience_is_reported_and_the_bulletin_kept() -> None:
    extension = {"extension_type": "property-extension", "functions": "accueil", "kind": "XYZ"}
    [bulletin], errors = read([report(extensions={AUDIENCE_EXTENSION: extension})])
    assert bulletin.kind is AdvisoryKind.BULLETIN
    assert bulletin.audience is None
    assert len(errors) == 2


def test_a_revoked_report_is_withdrawn() -> None:
    assert read([report(revoked=True)])[0][0].withdrawn


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
KEYS = sorted([*report(), "external_references", "extensions", "lang", "object_marking_refs"])


@given(st.dictionaries(st.sampled_from(KEYS), json_values, max_size=3))
def test_nothing_in_an_object_can_stop_the_reading(changed: Objects) -> None:
    good = report(id="report--11111111-6e7f-4081-92a3-b4c5d6e7f813")
    bad = report(**changed)
    advisories, _ = read([bad, good])
    assert good["id"] in {advisory.reference for advisory in advisories}


def test_what_stix_looks_like() -> None:
    assert is_stix({"type": "bundle"})
    assert is_stix([report()])
    assert not is_stix({"type": "report"})
    assert not is_stix([])


@pytest.mark.corpus
def test_mitre_and_oasis_are_read(shared_data: Path) -> None:
    source = FileSource(shared_data, lambda: datetime.now(UTC))
    results = [
        result
        for name in ("ics-attack-18.1.json.zst", "oasis-stix21-examples.tar.xz")
        for document in open_path(shared_data / "stix" / name, fetched_at=datetime.now(UTC))
        for result in source.parse(document)
    ]
    bulletins = [result for result in results if isinstance(result, Advisory)]
    unread = [result for result in results if isinstance(result, MalformedDocumentError)]
    assert len(bulletins) == 12  # eight campaigns of MITRE; two reports and two campaigns of OASIS
    assert len(unread) == 20  # JSON schemas, which are no STIX
    assert all("JSON of no known format" in error.reason for error in unread)
