"""Verdicts on bulletins and inventories written for these tests."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.matching import REASONS, InventoryProduct, Matcher, Verdict, VerdictKind
from bot.domain.matching.index import ProductIndex
from bot.resources import config_folder
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct
from feeds.products import Catalogue, CatalogueError, load_builtin, read_builtin

NOW = datetime(2026, 3, 2, tzinfo=UTC)
AFFECTED, REVIEW, SAFE = VerdictKind.AFFECTED, VerdictKind.REVIEW, VerdictKind.NOT_AFFECTED


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(Catalogue(read_builtin(config_folder())))


def advisory(*lines: str, vendor: str = "", product: str = "", content: str = "") -> Advisory:
    rows = tuple(AffectedProduct(line, vendor, product) for line in lines)
    return Advisory(
        "test", "R-1", AdvisoryKind.AVIS, "", NOW, NOW, affected=rows, affected_content=content
    )


@pytest.mark.parametrize(
    ("line", "product", "version", "expected"),
    [
        ("FortiWeb versions antérieures à 6.1.0", "FortiWeb", "6.0.5", AFFECTED),
        ("FortiWeb versions antérieures à 6.1.0", "FortiWeb", "6.1.0", SAFE),
        ("FortiWeb versions antérieures à 6.1.0", "FortiWeb", "", REVIEW),
        ("FortiWeb versions antérieures à 6.1.0", "FortiMail", "6.0.5", SAFE),
        ("FortiOS versions 7.2.x antérieures à 7.2.4", "FortiGate 60F", "v7.2.3", AFFECTED),
        ("FortiOS versions 7.2.x antérieures à 7.2.4", "FortiOS", "7.2", REVIEW),
        ("FortiOS versions 7.2.x antérieures à 7.2.4", "FortiOS", "7.0.12", SAFE),
        ("Citrix ADC versions 13.1.x antérieures à 13.1-49.13", "NetScaler ADC",
         "NS13.1: Build 48.47", AFFECTED),
        ("Citrix ADC versions 13.1.x antérieures à 13.1-49.13", "NetScaler ADC",
         "13.1 build 49.13", SAFE),
        ("Firefox ESR versions antérieures à 128.5", "Firefox ESR", "128.4.0esr", AFFECTED),
        ("Firefox ESR versions antérieures à 128.5", "Firefox", "127.0", SAFE),
        ("Junos OS versions 21.4 antérieures à 21.4R3-S5", "Junos OS", "21.4R3-S4", AFFECTED),
        ("Junos OS Evolved versions antérieures à 21.4R3-S5-EVO", "Junos OS", "21.4R1", SAFE),
        ("Apache Solr versions antérieures à 8.3 sur Linux", "Solr (Windows)", "8.2", SAFE),
        ("Apache Solr versions antérieures à 8.3 sur Linux", "Solr", "8.1.1", REVIEW),
        ("Desigo CC toutes versions", "Desigo CC", "", AFFECTED),
        ("Microsoft SQL Server 2017 versions antérieures à 14.0.3515.1", "SQL-Server-2017",
         "14.0.3505.1", AFFECTED),
        ("GitLab Enterprise Edition versions antérieures à 17.6.4", "GitLab Enterprise", "15.7.1",
         AFFECTED),
        ("VLC versions antérieures à 3.0.21", "VideoLAN VLC media player", "3.0.20", AFFECTED),
        ("Visual Studio 2019 version 16.11 (includes 16.0 - 16.10)", "Visual Studio 2019", "16.4.2",
         AFFECTED),
        ("Oracle Database Server versions 19.3-19.21, 21.3-21.12", "Oracle Database Server", "21.5",
         AFFECTED),
        ("Desigo XWP versions V6.1 et antérieures sans le dernier correctif de sécurité",
         "Desigo XWP", "5.0", REVIEW),
        ("Microsoft Edge (basé sur Chromium) versions antérieures à 98.0.1108.50", "Microsoft Edge",
         "98.0.1108.43", AFFECTED),
        ("Desigo CC toutes versions avec le module OIS", "Desigo CC", "5.0", REVIEW),
        ("Apex One version 2019 sans le dernier correctif de sécurité", "Apex One", "2019", REVIEW),
        ("Visual Studio 2022 versions 17.4.x antérieures à 17.4.18", "Visual Studio 2022",
         "17.4.1", AFFECTED),
        ("Windows 10 Version 22H2 pour systèmes x64 versions antérieures à 10.0.19045.6575",
         "Windows 10", "22H2", REVIEW),
        ("Windows 10 Version 22H2 pour systèmes x64 versions antérieures à 10.0.19045.6575",
         "Windows 11 22H2", "10.0.22621.1", SAFE),
        ("WorkCentre 7665", "WorkCentre 7655", "", SAFE),
        ("Junos OS versions antérieures à 21.2R3-S7, 21.2R3-S8, 21.3R3-S5", "Junos OS",
         "21.2R3-S7", AFFECTED),
        ("Junos OS versions antérieures à 18.2R3, 18.3R2, 18.3R3", "Junos OS", "18.3R2", SAFE),
        ("Debian 9 Stretch versions antérieures à 4.9.258-1", "Debian", "9.13", REVIEW),
        ("Windows Server 2012 R2 versions antérieures à 1", "Windows Server 2012 R2",
         "6.3.9600.22000", REVIEW),
    ],
)  # fmt: skip
def test_one_line(
    matcher: Matcher, line: str, product: str, version: str, expected: VerdictKind
) -> None:
    verdict = matcher.judge(matcher.read(advisory(line)), InventoryProduct("", product, version))
    assert verdict.kind is expected, verdict
    assert verdict.reason in REASONS


def test_a_bare_bound_yields_to_the_branch_of_a_sibling(matcher: Matcher) -> None:
    reading = matcher.read(
        advisory(
            "PAN-OS versions antérieures à 12.1.4",
            "PAN-OS versions 11.2.x antérieures à 11.2.10",
        )
    )
    assert matcher.judge(reading, InventoryProduct("", "PAN-OS", "11.2.10")).kind is SAFE
    assert matcher.judge(reading, InventoryProduct("", "PAN-OS", "11.2.9")).kind is AFFECTED
    assert matcher.judge(reading, InventoryProduct("", "PAN-OS", "12.1.3")).kind is AFFECTED


def test_a_train_between_two_that_are_named_is_worth_a_question(matcher: Matcher) -> None:
    reading = matcher.read(
        advisory(
            "Kibana versions antérieures à 8.19.8",
            "Kibana versions 9.1.x antérieures à 9.1.8",
            "Kibana versions 9.2.x antérieures à 9.2.2",
        )
    )

    def judged(version: str) -> tuple[VerdictKind, str]:
        verdict = matcher.judge(reading, InventoryProduct("Elastic", "Kibana", version))
        return verdict.kind, verdict.target

    assert judged("9.0.4") == (REVIEW, "")
    assert judged("8.19.7") == (AFFECTED, "8.19.8")
    assert judged("8.19.9")[0] is SAFE
    assert judged("9.1.8")[0] is SAFE
    assert judged("9.3.0")[0] is SAFE


def test_builds_of_one_windows_add_up(matcher: Matcher) -> None:
    """Three vulnerabilities fixed in three months: only the last build closes all of them."""
    name = "Windows Server 2019"
    builds = (5936, 6054, 6189)
    rows = (f"{name} versions antérieures à 10.0.17763.{build}" for build in builds)
    reading = matcher.read(advisory(*rows, vendor="Microsoft"))
    for build, expected in (
        (5900, AFFECTED), (5936, AFFECTED), (5950, AFFECTED), (6054, AFFECTED), (6188, AFFECTED),
        (6189, SAFE), (6200, SAFE),
    ):  # fmt: skip
        product = InventoryProduct("Microsoft", name, f"10.0.17763.{build}")
        assert matcher.judge(reading, product).kind is expected, build


def test_a_vendor_that_bears_the_name_of_its_product_is_no_excuse(matcher: Matcher) -> None:
    reading = matcher.read(advisory("GLPI versions antérieures à 10.0.18", vendor="GLPI"))
    for vendor, product, expected in (
        ("GLPI Dashboard Project", "GLPI Dashboard", SAFE),
        ("glpi-project", "glpi", AFFECTED),
        ("GLPI-TNG", "glpi-tng", SAFE),
        ("Teclib'", "GLPI", AFFECTED),
        ("", "GLPI", AFFECTED),
    ):
        verdict = matcher.judge(reading, InventoryProduct(vendor, product, "10.0.16"))
        assert verdict.kind is expected, product


@pytest.mark.parametrize(
    ("line", "vendor", "product", "version", "expected"),
    [
        ("MongoDB Server versions antérieures à 5.0.25", "MongoDB", "C Driver", "1.26", SAFE),
        ("Aria Operations versions antérieures à 8.18.5", "VMware", "Aria Operations for Logs",
         "8.6.0", SAFE),
        ("Aria Operations for Logs versions antérieures à 8.18.5", "VMware",
         "Aria Operations for Logs", "8.6.0", AFFECTED),
        ("Endpoint Manager (EPM) versions antérieures à 2024", "Ivanti",
         "Endpoint Manager pour Mobile", "12.1", SAFE),
        ("Tanzu pour MySQL versions antérieures à 10.1.0", "VMware", "Tanzu", "6.0", REVIEW),
        ("Tanzu pour MySQL versions antérieures à 10.1.0", "VMware", "Tanzu pour Valkey", "6.0",
         SAFE),
        ("SIMATIC ET 200pro IM 154-8 PN/DP CPU toutes versions", "Siemens", "SIMATIC S7-1200 CPU",
         "4.5", SAFE),
        ("SIMATIC ET 200SP toutes versions", "Siemens", "Simatic ET200SP", "4.5", AFFECTED),
        ("SIPLUS S7-1500 CPU 1516-3 PN/DP toutes versions", "Siemens", "S7-1500 CPU 1515-2", "2.8",
         SAFE),
        ("Windows App pour Mac versions antérieures à 11.3.2", "", "Windows 10", "1903", SAFE),
        ("PAN-OS versions antérieures à 10.1.14", "Palo Alto Networks", "Expedition", "1.2", SAFE),
        ("Red Hat Enterprise Linux Server - Extended Life Cycle Support 7 x86_64", "Red Hat",
         "Red Hat Enterprise Linux Server", "6.2", SAFE),
        ("Azure Monitor versions antérieures à 1.37.1", "Microsoft", "Azure Arc", "1.0", SAFE),
        ("Microsoft Edge versions antérieures à 144.0.3719.115", "", "Edge", "143.0.3650.66",
         AFFECTED),
        ("Microsoft Edge pour Android versions antérieures à 144.0", "Microsoft", "Edge (x64)",
         "143.0", SAFE),
        ("Session Smart Router versions 6.2.x antérieures à 6.2.8", "", "Session Smart Router",
         "6.2.6", AFFECTED),
        ("Synology Contacts versions antérieures à 1.0.10-20659 pour DSM 7.3", "Synology",
         "Synology Contacts (x64)", "1.0.9", REVIEW),
        ("SIMATIC CN 4100 versions antérieures à 4.0.1", "Siemens", "Simatic-CN-4100", "3.0",
         AFFECTED),
        ("Processeurs Intel Xeon toutes versions", "Intel", "Xeon Gold 6148F Firmware", "1.0",
         AFFECTED),
        ("Ubuntu 20.04 ESM et LTS", "", "Ubuntu 12.04", "", SAFE),
        ("Firefox versions antérieures à 124", "Mozilla", "Firefox for iOS", "123.0", REVIEW),
        (".NET 8.0 installed sur Windows versions antérieures à 8.0.24", "Microsoft", ".NET",
         "8.0.10", REVIEW),
    ],
)  # fmt: skip
def test_words_that_make_another_product(
    matcher: Matcher, line: str, vendor: str, product: str, version: str, expected: VerdictKind
) -> None:
    reading = matcher.read(advisory(line))
    verdict = matcher.judge(reading, InventoryProduct(vendor, product, version))
    assert verdict.kind is expected, verdict


def test_the_fix_of_another_platform_is_no_other_platforms_version(matcher: Matcher) -> None:
    reading = matcher.read(
        advisory(
            "Chrome versions antérieures à 107.0.5304.62 sur Mac",
            "Chrome versions antérieures à 107.0.5304.68 sur Linux",
            vendor="Google",
        )
    )
    for version, expected in (("107.0.5304.62", SAFE), ("107.0.5304.65", REVIEW)):
        product = InventoryProduct("Google", "Chrome", version)
        assert matcher.judge(reading, product).kind is expected


def test_the_line_that_names_the_asset_best_answers_for_it(matcher: Matcher) -> None:
    reading = matcher.read(
        advisory(
            "Nextcloud Enterprise Server versions antérieures à 22.2.10.5",
            "Nextcloud Server versions antérieures à 23.0.9",
        )
    )
    for product, expected in (
        ("Nextcloud Enterprise Server", SAFE),
        ("Nextcloud Server", AFFECTED),
    ):
        asset = InventoryProduct("Nextcloud", product, "22.2.10.5")
        assert matcher.judge(reading, asset).kind is expected


def test_the_vendor_of_a_common_name_is_not_a_common_word(matcher: Matcher) -> None:
    line = "Secure Analytics versions antérieures à 7.5.0 UP12"
    reading = matcher.read(advisory(line, vendor="Juniper Networks"))
    cisco = InventoryProduct("Cisco", "Secure Network Analytics", "7.4.1")
    assert matcher.judge(reading, cisco).kind is SAFE


def test_the_firmware_of_hardware_is_its_vendors(matcher: Matcher) -> None:
    reading = matcher.read(advisory("iOS versions antérieures à 26.1", vendor="Apple"))
    switch = InventoryProduct("Cisco", "Catalyst IW6300", "8.8.130.0")
    assert matcher.judge(reading, switch).kind is SAFE


def test_every_processor_of_a_vendor_is_meant_by_its_name_alone(matcher: Matcher) -> None:
    line = "Les processeurs Intel sans le dernier correctif de sécurité"
    reading = matcher.read(advisory(line, vendor="Intel"))
    core = InventoryProduct("Intel", "Core i5-8400 Firmware", "1.0")
    assert matcher.judge(reading, core).kind is REVIEW


def test_two_bare_bounds_are_one_per_train(matcher: Matcher) -> None:
    reading = matcher.read(
        advisory(
            "Firefox ESR versions antérieures à 115.30", "Firefox ESR versions antérieures à 140.5"
        )
    )
    assert matcher.judge(reading, InventoryProduct("", "Firefox ESR", "115.30")).kind is SAFE
    assert matcher.judge(reading, InventoryProduct("", "Firefox ESR", "140.4")).kind is AFFECTED


@pytest.mark.parametrize(
    ("lines", "version", "target"),
    [
        (("Firefox ESR versions antérieures à 140.2", "Firefox ESR versions antérieures à 115.27"),
         "115.20", "115.27"),
        (("Firefox ESR versions antérieures à 140.2", "Firefox ESR versions antérieures à 115.27"),
         "128.1", "140.2"),
        (("Firefox ESR versions antérieures à 115.26", "Firefox ESR versions antérieures à 115.27"),
         "115.20", "115.27"),
    ],
)  # fmt: skip
def test_the_version_to_reach_is_that_of_its_own_train(
    matcher: Matcher, lines: tuple[str, ...], version: str, target: str
) -> None:
    for order in (lines, lines[::-1]):
        reading = matcher.read(advisory(*order))
        product = InventoryProduct("Mozilla", "Firefox ESR", version)
        assert matcher.judge(reading, product).target == target


def test_a_declaration_of_the_publisher_wins(matcher: Matcher) -> None:
    rows = (
        AffectedProduct("", "Philips", "IntelliVue MX40", "<= B.06.18"),
        AffectedProduct("", "Philips", "IntelliVue MX40", "B.05.00", status="not_affected"),
    )
    reading = matcher.read(
        Advisory("test", "R-2", AdvisoryKind.BULLETIN, "", NOW, NOW, affected=rows)
    )
    said = matcher.judge(reading, InventoryProduct("Phillips", "IntelliVue MX40", "B.05.00"))
    assert (said.kind, said.reason) == (SAFE, "declared-not-affected")


@pytest.mark.parametrize(
    ("versions", "version", "expected"),
    [
        ("vers:all/*", "", AFFECTED),
        ("<=1.9.4.1", "1.9.4.1", AFFECTED),
        ("<=1.9.4.1", "1.9.5", SAFE),
        (">= 4.4 | <= 4.12", "4.10", AFFECTED),
        (">= 4.4 | <= 4.12", "4.3", SAFE),
        ("3.0 | 3.1", "3.1", AFFECTED),
        ("vers:generic/>=2.0|<2.4", "2.4", SAFE),
    ],
)
def test_structured_ranges(
    matcher: Matcher, versions: str, version: str, expected: VerdictKind
) -> None:
    row = AffectedProduct("", "Baxter", "Sigma Spectrum", versions)
    reading = matcher.read(
        Advisory("test", "R-3", AdvisoryKind.BULLETIN, "", NOW, NOW, affected=(row,))
    )
    product = InventoryProduct("Baxter", "Sigma Spectrum", version)
    assert matcher.judge(reading, product).kind is expected


def test_the_span_is_the_publishers_own_words(matcher: Matcher) -> None:
    content = "<ul><li>NuFW versions antérieures à 2.2.7 ;</li><li>Samba 3.4.x.</li></ul>"
    reading = matcher.read(advisory(content=content))
    verdict = matcher.judge(reading, InventoryProduct("", "NuFW", "2.2.6"))
    assert verdict.span is not None
    assert verdict.span.field == "affected_content"
    assert content[verdict.span.start : verdict.span.end] == verdict.span.text
    assert verdict.target == "2.2.7"


def test_a_title_alone_makes_a_review_never_an_alarm(matcher: Matcher) -> None:
    reading = matcher.read(
        Advisory("test", "R-4", AdvisoryKind.AVIS, "Vulnérabilité dans Wireshark", NOW, NOW)
    )
    verdict = matcher.judge(reading, InventoryProduct("", "Wireshark", "4.2.0"))
    assert (verdict.kind, verdict.reason) == (REVIEW, "no-range")


def test_what_no_bulletin_and_no_catalogue_names_is_not_recognised(matcher: Matcher) -> None:
    assert matcher.recognised(InventoryProduct("Microsoft", "Windows 10 Pro", "22H2"))
    assert not matcher.recognised(InventoryProduct("", "Logiciel maison de gestion des lits"))


@pytest.mark.parametrize(
    ("kind", "reason", "named"),
    [
        (AFFECTED, "in-range", True),
        (REVIEW, "version-missing", True),
        (REVIEW, "name-longer", False),  # may be another product: it proves nothing
        (SAFE, "other-product", False),
    ],
)
def test_a_verdict_says_whether_the_bulletin_names_the_product(
    kind: VerdictKind, reason: str, *, named: bool
) -> None:
    assert Verdict(kind, reason).names_it is named


def test_hardware_is_recognised_by_the_firmware_that_it_runs(matcher: Matcher) -> None:
    assert matcher.recognised(InventoryProduct("Stormshield", "SN310", "4.3.20"))


def test_the_index_answers_as_the_matcher_does(matcher: Matcher) -> None:
    products = [
        InventoryProduct("Fortinet", "FortiGate 100E", "7.2.3"),
        InventoryProduct("Fortinet", "FortiOS", "7.2.4"),
        InventoryProduct("", "FortiOS", ""),
        InventoryProduct("Cisco", "IOS XE", "17.3.4"),
    ]
    index = ProductIndex(matcher)
    for number, product in enumerate(products):
        index.add(number, product)
    reading = matcher.read(advisory("FortiOS versions 7.2.x antérieures à 7.2.4"))
    assert [(number, said.kind) for number, said in index.judge(reading)] == [
        (0, AFFECTED),
        (2, REVIEW),
    ]
    index.discard(0)
    assert [number for number, _ in index.judge(reading)] == [2]


def test_the_index_compares_the_versions_of_a_host_as_the_matcher_does(matcher: Matcher) -> None:
    reading = matcher.read(advisory("Drive Server pour DSM 6.2 versions antérieures à 3.0.4"))
    index = ProductIndex(matcher)
    products = [
        InventoryProduct("Synology", f"Drive Server pour DSM {dsm}", "3.0.1")
        for dsm in ("6.2", "7.1", "7.2")
    ]
    for number, product in enumerate(products):
        index.add(number, product)
    judged = [matcher.judge(reading, product).kind for product in products]
    assert judged == [AFFECTED, SAFE, SAFE]
    assert {number: said.kind for number, said in index.judge(reading)} == {0: AFFECTED}


def test_a_broken_catalogue_names_the_file() -> None:
    with pytest.raises(CatalogueError, match=r"products\.toml"):
        load_builtin("descriptors = [")
