"""Windows as hospitals type it: editions, releases and builds, against CERT-FR's lines."""

from __future__ import annotations

import pytest

from bot.domain.matching import InventoryProduct, Matcher, VerdictKind
from bot.resources import config_folder
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct
from feeds.products import Catalogue, read_builtin
from tests.unit.test_render_alert import NOW

ELEVEN = "Windows 11 Version 23H2 pour systèmes x64 versions antérieures à 10.0.22631.6199"
SERVER = "Windows Server 2019 versions antérieures à 10.0.17763.8027"
OLD_TEN = "Windows 10 Version 1607 pour systèmes x64"
RECENT_TEN = "Windows 10 Version 21H2 pour systèmes x64 versions antérieures à 10.0.19044.6575"
FORTIOS = "FortiOS versions 7.4.x antérieures à 7.4.9"
SURE, ASK, NO = VerdictKind.AFFECTED, VerdictKind.REVIEW, VerdictKind.NOT_AFFECTED


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(Catalogue(read_builtin(config_folder())))


@pytest.mark.parametrize(
    ("line", "product", "version", "expected"),
    [
        (ELEVEN, "Windows 11 Entreprise 23H2", "10.0.22631.5909", SURE),
        (ELEVEN, "Windows 11 Professionnel", "10.0.22631.6199", NO),
        (ELEVEN, "Windows 11", "", ASK),
        (ELEVEN, "Windows 11 24H2", "", NO),
        (ELEVEN, "Windows 10 22H2", "", NO),
        (SERVER, "Windows Server 2019 build 17763.7314", "", SURE),
        (SERVER, "Windows Server 2019 build 17763.7314 (contrôleur de domaine)", "", SURE),
        (SERVER, "Windows Server 2019", "build 17763.8027", NO),
        (SERVER, "Windows Server 2019", "", ASK),
        (SERVER, "Windows Server 2022", "", NO),
        (RECENT_TEN, "Microsoft/Windows 10/1803", "", NO),
        (OLD_TEN, "Windows 10", "", ASK),
        (OLD_TEN, "Windows 10 1607", "", SURE),
        (OLD_TEN, "Windows 10 22H2", "", NO),
        (FORTIOS, "FortiGate 200F", "", ASK),
        (FORTIOS, "FortiGate 80F FortiOS 7.4.8", "", SURE),
        (FORTIOS, "FortiGate 80F FortiOS 7.4.9", "", NO),
    ],
)
def test_as_typed(
    matcher: Matcher, line: str, product: str, version: str, expected: VerdictKind
) -> None:
    advisory = Advisory(
        publisher="CERT-FR",
        reference="CERTFR-2026-AVI-9001",
        kind=AdvisoryKind.AVIS,
        title="Vulnérabilité",
        published_at=NOW,
        revised_at=NOW,
        affected=(AffectedProduct(line),),
    )
    typed = InventoryProduct("", product, version)
    assert matcher.judge(matcher.read(advisory), typed).kind is expected
