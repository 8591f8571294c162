"""Biomedical inventories as facilities type them, beside rows as medical publishers write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.matching import InventoryProduct, Matcher, Verdict, VerdictKind
from bot.resources import config_folder
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct
from feeds.products import Catalogue, read_builtin

NOW = datetime(2026, 3, 2, tzinfo=UTC)
AFFECTED, REVIEW, SAFE = VerdictKind.AFFECTED, VerdictKind.REVIEW, VerdictKind.NOT_AFFECTED


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(Catalogue(read_builtin(config_folder())))


def judged(matcher: Matcher, product: InventoryProduct, *rows: AffectedProduct) -> Verdict:
    advisory = Advisory(
        "CISA", "ICSMA-0", AdvisoryKind.BULLETIN, "", NOW, NOW, affected=rows, language="en"
    )
    return matcher.judge(matcher.read(advisory), product)


@pytest.mark.parametrize(
    ("published", "typed"),
    [
        ("Philips", "Phillips"), ("Phillips", "PHILIPS Healthcare"),
        ("General Electric (GE)", "GE"), ("GE Healthcare", "General Electric"),
        ("General Electric (GE)", "GE Medical Systems"),
        ("Becton, Dickinson and Company (BD)", "BD"),
        ("Becton, Dickinson and Company (BD)", "CareFusion"),
        ("B. Braun Medical", "BBraun"), ("B. Braun Medical", "B.Braun Melsungen"),
        ("Hillrom", "Welch Allyn"), ("Hillrom", "Hill-Rom"), ("Baxter", "Hillrom"),
        ("Medtronic", "Covidien"), ("Dräger", "Draeger"), ("Dräger", "Drager"),
        ("Siemens Healthineers", "Siemens"), ("Fresenius Kabi", "Fresenius"),
        ("Roche Diagnostics", "Roche"), ("Abbott Laboratories", "St. Jude Medical"),
    ],
)  # fmt: skip
def test_a_vendor_has_many_spellings(matcher: Matcher, published: str, typed: str) -> None:
    row = AffectedProduct(vendor=published, product="Connect Station", versions="<=2.3.6")
    for version, expected in (("2.3.6", AFFECTED), ("2.4", SAFE), ("", REVIEW)):
        product = InventoryProduct(typed, "Connect Station", version)
        assert judged(matcher, product, row).kind is expected, (typed, version)


@pytest.mark.parametrize(
    ("vendor", "product", "versions", "typed", "version", "expected"),
    [
        ("Philips", "Tasy EMR", "vers:all/*", "Tasy EMR", "", AFFECTED),
        ("Philips", "Tasy EMR", "vers:generic/<3.02|>=4.0|<4.1", "Tasy EMR", "3.01", AFFECTED),
        ("Philips", "Tasy EMR", "vers:generic/<3.02|>=4.0|<4.1", "Tasy EMR", "3.5", SAFE),
        ("Philips", "Tasy EMR", "vers:semver/>=4.0.0|<=4.1.2", "Tasy EMR", "4.1.2", AFFECTED),
        ("Philips", "Tasy EMR", "vers:rpm/<1.2-3", "Tasy EMR", "1.2-2", AFFECTED),
        ("Philips", "Tasy EMR", "vers:deb/<2.0", "Tasy EMR", "2.0", SAFE),
        ("Philips", "Tasy EMR", "vers:intdot/4.1|4.2", "Tasy EMR", "4.2", AFFECTED),
        ("Philips", "Tasy EMR", "vers:pypi/!=1.5|<1.6", "Tasy EMR", "1.4", AFFECTED),
        ("Philips", "Tasy EMR", "<=1.9.4.1", "Tasy EMR", "1.9.4.1", AFFECTED),
        ("Philips", "Tasy EMR", "<=1.9.4.1", "Tasy EMR", "1.9.4.2", SAFE),
        ("Philips", "Avalon FM30", "F.0.G.0 | J.3", "Avalon FM30", "J.3", AFFECTED),
        ("Philips", "IntelliVue Patient Monitors MP Series", "Rev B-M", "IntelliVue MP70",
         "Rev. J", AFFECTED),
        ("Philips", "IntelliVue Patient Monitors MP Series", "Rev B-M", "IntelliVue MP70",
         "Rev A", SAFE),
        ("Philips", "IntelliVue patient monitor MP2-MP90", "<=N", "IntelliVue MP50", "N", AFFECTED),
        ("Medtronic", "MiniMed Paradigm 515/715 pumps", "vers:all/*", "MiniMed Paradigm 715", "",
         AFFECTED),
        ("Medtronic", "MiniMed Paradigm 515/715 pumps", "vers:all/*", "MiniMed Paradigm 522", "",
         SAFE),
        ("BD", "BD Viper LT system", ">= 2.0", "Viper LT", "2.0", AFFECTED),
        ("GE Healthcare", "B450", "2.X", "CARESCAPE B450", "2.1", REVIEW),
        ("Fresenius Kabi", "Agilia Connect WiFi module of the pumps", "<= D25",
         "Agilia Connect WiFi", "D25", AFFECTED),
        ("Roche", "Point of Care handheld medical devices", "Accu-Chek Inform II",
         "Accu-Chek Inform II", "", REVIEW),
    ],
)  # fmt: skip
def test_rows_as_they_are_published(
    matcher: Matcher, vendor: str, product: str, versions: str, typed: str, version: str,
    expected: VerdictKind,
) -> None:  # fmt: skip
    row = AffectedProduct(vendor=vendor, product=product, versions=versions)
    verdict = judged(matcher, InventoryProduct(vendor, typed, version), row)
    assert verdict.kind is expected, verdict


def test_the_status_of_a_product_decides(matcher: Matcher) -> None:
    product = InventoryProduct("Baxter", "PrisMax", "2.1")
    said = {
        status: judged(
            matcher,
            product,
            AffectedProduct(vendor="Baxter", product="PrisMax", versions="2.1", status=status),
        ).kind
        for status in ("affected", "fixed", "not_affected", "investigating")
    }
    assert said == {
        "affected": AFFECTED, "fixed": SAFE, "not_affected": SAFE, "investigating": REVIEW,
    }  # fmt: skip


def test_the_windows_of_a_device_is_not_every_windows(matcher: Matcher) -> None:
    row = AffectedProduct(vendor="Spacelabs", product="Windows 7", versions="vers:all/*")
    assert judged(matcher, InventoryProduct("Microsoft", "Windows 7", ""), row).kind is SAFE
    central = InventoryProduct("Spacelabs", "Windows 7", "")
    assert judged(matcher, central, row).kind is AFFECTED


def test_a_cpe_beside_a_range_is_never_trusted_alone(matcher: Matcher) -> None:
    row = AffectedProduct(
        vendor="Baxter", product="PrisMax", versions="<3.0",
        cpe="cpe:2.3:h:baxter:prismax:*:*:*:*:*:*:*:*",
    )  # fmt: skip
    assert judged(matcher, InventoryProduct("Baxter", "PrisMax", "3.1"), row).kind is SAFE
    named = InventoryProduct("", "", "", "cpe:2.3:h:baxter:prismax:2.1:*:*:*:*:*:*:*")
    assert judged(matcher, named, row).kind is AFFECTED
