"""Products told apart by a purl or a model number; an absent identifier decides nothing."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.matching import InventoryProduct, Matcher, VerdictKind
from bot.domain.matching.index import ProductIndex
from bot.inventory.registry import read_inventory
from bot.resources import config_folder
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct, Tlp
from feeds.csaf import read_csaf
from feeds.identifiers import purl_name, read_identifiers
from feeds.products import Catalogue, load_builtin

AT = datetime(2026, 3, 2, tzinfo=UTC)
MATCHER = Matcher(Catalogue(load_builtin((config_folder() / "products.toml").read_text("utf-8"))))
AFFECTED, REVIEW, NOT = VerdictKind.AFFECTED, VerdictKind.REVIEW, VerdictKind.NOT_AFFECTED


def bulletin(*rows: AffectedProduct) -> Advisory:
    return Advisory("V", "V-1", AdvisoryKind.BULLETIN, "Avis", AT, AT, affected=rows)


def kind(advisory: Advisory, product: InventoryProduct) -> VerdictKind:
    """The verdict, the same by both ways of looking."""
    reading = MATCHER.read(advisory)
    judged = MATCHER.judge(reading, product).kind
    index = ProductIndex(MATCHER)
    index.add(1, product)
    told = dict(index.judge(reading))
    assert (told[1].kind if told else NOT) is judged
    return judged


def test_the_helper_of_a_product_is_read_and_kept() -> None:
    helper = {
        "cpe": "cpe:2.3:a:x:y:*:*:*:*:*:*:*:*",
        "purl": "pkg:npm/%40angular/Core@12.0.0?arch=x#sub",
        "model_numbers": ["M3290A", "M3*", "M3290A"],
        "skus": ["865240-A"],
        "serial_numbers": ["DE1", "DE2"],
        "hashes": [{"filename": "x", "file_hashes": []}],
    }
    document: dict[str, Any] = {
        "document": {
            "csaf_version": "2.0",
            "title": "Moniteur",
            "publisher": {"name": "Exemple"},
            "tracking": {
                "id": "EX-1",
                "initial_release_date": "2026-03-01T00:00:00Z",
                "current_release_date": "2026-03-01T00:00:00Z",
            },
        },
        "product_tree": {
            "full_product_names": [
                {
                    "product_id": "P1",
                    "name": "Moniteur",
                    "product_identification_helper": helper,
                }
            ]
        },
        "vulnerabilities": [{"product_status": {"known_affected": ["P1"]}}],
    }
    (read,) = read_csaf("essai", document, tlp=Tlp.CLEAR)
    assert isinstance(read, Advisory)
    assert read.affected[0].identifiers == (
        "purl:pkg:npm/@angular/core",
        "model:M3290A",
        "model:865240-A",
        "serial:DE1",
        "serial:DE2",
    )
    again = Advisory.from_json(json.loads(json.dumps(read.to_json())))
    assert again == read
    assert again.digest() == read.digest()
    plain = dataclasses.replace(read.affected[0], identifiers=())
    assert dataclasses.replace(read, affected=(plain,)).digest() != read.digest()


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("pkg:npm/%40angular/core@12.0.0", "pkg:npm/@angular/core"),
        ("pkg:npm/@angular/core", "pkg:npm/@angular/core"),
        ("pkg:PyPI/My_Package@1", "pkg:pypi/my-package"),
        ("pkg:deb/debian/curl@7.50.3-1?arch=i386", "pkg:deb/debian/curl"),
    ],
)
def test_a_purl_is_compared_without_its_version(written: str, name: str) -> None:
    assert purl_name(written) == name


LIBRARY = AffectedProduct(
    vendor="Exemple Health",
    product="Passerelle DICOM Exemple",
    versions="<4.2",
    identifiers=read_identifiers({"purl": "pkg:maven/org.example/dicom-gate"}),
)


@pytest.mark.parametrize(("version", "expected"), [("4.1", AFFECTED), ("4.2", NOT), ("", REVIEW)])
def test_a_purl_decides_the_product_and_versions_decide_as_ever(
    version: str, expected: VerdictKind
) -> None:
    purl = "pkg:maven/org.example/dicom-gate"
    typed = InventoryProduct("org.example", "dicom-gate", version, purl)
    assert kind(bulletin(LIBRARY), typed) is expected
    other = InventoryProduct("org.example", "dicom-gate", version, purl + "way")
    assert kind(bulletin(LIBRARY), other) is NOT


DEVICE = AffectedProduct(
    vendor="Philips",
    product="Central Station Exemple",
    versions="vers:all/*",
    identifiers=read_identifiers({"model_numbers": ["M3290A"]}),
)


@pytest.mark.parametrize(
    ("vendor", "expected"), [("Philips", AFFECTED), ("", REVIEW), ("Siemens", NOT)]
)
def test_a_model_number_is_its_maker_s(vendor: str, expected: VerdictKind) -> None:
    assert kind(bulletin(DEVICE), InventoryProduct(vendor, "M3290A", "1.2")) is expected


@pytest.mark.parametrize("number", ["866389", "B2", "IntelliVue MX 40"])
def test_a_number_that_could_be_anybody_s_decides_nothing(number: str) -> None:
    row = dataclasses.replace(DEVICE, identifiers=(f"model:{number}",))
    assert kind(bulletin(row), InventoryProduct("Philips", number, "1.2")) is NOT


def test_a_bulletin_about_serial_numbers_is_to_be_checked() -> None:
    row = dataclasses.replace(DEVICE, identifiers=("serial:DE1", "serial:DE2"))
    typed = InventoryProduct("Philips", "Central Station Exemple", "1.2")
    verdict = MATCHER.judge(MATCHER.read(bulletin(row)), typed)
    assert (verdict.kind, verdict.reason) == (REVIEW, "serial-unknown")


identifiers = st.lists(
    st.sampled_from(["purl:pkg:npm/x", "model:ZZ9PLURAL", "model:865240-A", "serial:1"]),
    unique=True,
).map(tuple)


@given(
    identifiers=identifiers,
    version=st.sampled_from(["", "1.0", "3.9", "4.2"]),
    status=st.sampled_from(["affected", "fixed", "not_affected", "investigating"]),
    name=st.sampled_from(["Passerelle DICOM Exemple", "Passerelle DICOM", "autre chose"]),
)
def test_an_identifier_that_an_inventory_does_not_show_makes_nobody_safe(
    identifiers: tuple[str, ...], version: str, status: str, name: str
) -> None:
    plain = dataclasses.replace(LIBRARY, identifiers=(), status=status)
    typed = InventoryProduct("Exemple Health", name, version)
    before = kind(bulletin(plain), typed)
    after = kind(bulletin(dataclasses.replace(plain, identifiers=identifiers)), typed)
    assert (after is NOT) == (before is NOT)


def test_a_bill_of_materials_keeps_the_purl_where_there_is_no_cpe() -> None:
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "components": [
            {"name": "core", "version": "12.0.0", "purl": "pkg:npm/%40angular/core@12.0.0"},
            {"name": "z", "version": "1", "purl": "pkg:npm/" + "z" * 300},
        ],
    }
    read = read_inventory(json.dumps(bom).encode(), file="sbom.json")
    assert [line.cpe for line in read.lines] == ["pkg:npm/%40angular/core", ""]
