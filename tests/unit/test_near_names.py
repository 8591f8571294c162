"""Names that staff type otherwise than the bulletin: what is asked, what stays another product."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.matching import InventoryProduct, Matcher, VerdictKind
from bot.domain.matching.index import ProductIndex
from bot.resources import config_folder
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct
from feeds.products import Catalogue, read_builtin

NOW = datetime(2026, 3, 2, tzinfo=UTC)
AFFECTED, REVIEW, SAFE = VerdictKind.AFFECTED, VerdictKind.REVIEW, VerdictKind.NOT_AFFECTED


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(Catalogue(read_builtin(config_folder())))


@pytest.mark.parametrize(
    ("line", "stated", "vendor", "product", "version", "expected"),
    [
        ("Contrôleur Juniper Networks Aurora versions antérieures à 5.1", "Juniper Networks",
         "Juniper", "Aurora Controller", "5.0", AFFECTED),
        ("SUSE Linux Enterprise Module for Basesystem 15-SP3", "SUSE",
         "SUSE", "Basesystem Module", "15 SP3", AFFECTED),
        ("SUSE Linux Enterprise Module for Basesystem 15-SP3", "SUSE",
         "SUSE", "Basesystem Module", "15 SP4", SAFE),
        ("macOS versions antérieures à 13.2.1", "Apple",
         "Apple", "MacBook Air (macOS)", "13.1", REVIEW),
        ("macOS versions antérieures à 13.2.1", "Apple",
         "Google", "Chrome (macOS)", "13.1", SAFE),
        ("macOS Catalina versions antérieures à 10.15.4", "Apple",
         "Apple", "macOS Mojave", "10.14.6", SAFE),
        ("Horde Groupeware versions 1.1.2 et antérieures", "Horde",
         "Horde", "Groupware", "1.0.5", REVIEW),
        ("Horde Groupeware versions 1.1.2 et antérieures", "Horde",
         "Example", "Groupware", "1.0.5", SAFE),
        ("eTrust EZ Antivirus r7", "ESET", "Computer Associates", "eTrust EZ Antivirus", "7",
         REVIEW),
        ("BIG-IP WOM versions 11.3.0 et antérieures", "F5", "F5", "BIG-IP", "11.3.0", REVIEW),
        ("Windows Server 2019 (Server Core installation)", "Microsoft",
         "Microsoft", "Windows Server 2019 Standard Core", "", AFFECTED),
    ],
)  # fmt: skip
def test_names_typed_otherwise(
    matcher: Matcher,
    line: str,
    stated: str,
    vendor: str,
    product: str,
    version: str,
    expected: VerdictKind,
) -> None:
    rows = (AffectedProduct(line, stated, ""),)
    bulletin = Advisory("test", "R-1", AdvisoryKind.AVIS, "", NOW, NOW, affected=rows)
    reading = matcher.read(bulletin)
    asset = InventoryProduct(vendor, product, version, "")
    assert matcher.judge(reading, asset).kind is expected
    index = ProductIndex(matcher)
    index.add(1, asset)
    assert [verdict.kind for _, verdict in index.judge(reading)] == [expected] * (
        expected is not SAFE
    )
