"""Levels, installers' numbers and models: what stands beside a version, or only looks like one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.matching import InventoryProduct, Matcher
from bot.resources import config_folder
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct
from feeds.products import Catalogue, read_builtin

DAY = datetime(2026, 1, 1, tzinfo=UTC)
EASERVER = "EAServer versions antérieures à 6.2 ESD#4"
SUITE = "Internet Security versions antérieures à 2020 patch E"
CPYTHON = "CPython versions antérieures à 3.11.9 et 3.12.4"
JRE = "Java SE, JDK/JRE 6 Update 18 et antérieures"
DSM = "DSM versions 7.2.2 antérieures à 7.2.2-72806-3"


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(Catalogue(read_builtin(config_folder())))


def judged(matcher: Matcher, vendor: str, line: str, product: str, version: str) -> str:
    row = AffectedProduct(line, vendor)
    advisory = Advisory("tests", "line", AdvisoryKind.AVIS, "", DAY, DAY, affected=(row,))
    return matcher.judge(matcher.read(advisory), InventoryProduct(vendor, product, version)).kind


@pytest.mark.parametrize(
    ("vendor", "line", "product", "version", "kind"),
    [
        ("Sybase", EASERVER, "EAServer", "6.2 ESD#3", "affected"),
        ("Sybase", EASERVER, "EAServer", "6.2 ESD#4", "not_affected"),
        ("Sybase", EASERVER, "EAServer", "6.2", "review"),
        ("Kaspersky", SUITE, "Internet Security", "2020 patch D", "affected"),
        ("Kaspersky", SUITE, "Internet Security", "2020 patch E", "not_affected"),
        ("Python", CPYTHON, "Python 3.12.3 (64-bit)", "3.12.3150.0", "affected"),
        ("Python", CPYTHON, "Python 3.12.4 (64-bit)", "3.12.4150.0", "not_affected"),
        ("Oracle", JRE, "Java(TM) 6 Update 17", "6.0.170", "affected"),
        ("Oracle", JRE, "Java(TM) 6 Update 19", "6.0.190", "not_affected"),
        ("IBM", "IBM i version 7.1", "IBM i", "V7R1M0", "affected"),
        ("IBM", "IBM i version 7.1", "IBM i", "V7R2M0", "not_affected"),
        ("Synology", DSM, "DSM", "7.2.2-72806 Update 2", "affected"),
        ("Synology", DSM, "DSM", "7.2.2-72806 Update 3", "not_affected"),
    ],
)
def test_levels_are_compared_on_one_scale(
    matcher: Matcher, vendor: str, line: str, product: str, version: str, kind: str
) -> None:
    assert judged(matcher, vendor, line, product, version) == kind


def test_a_bound_below_its_branch_is_of_something_else(matcher: Matcher) -> None:
    line = "Oracle Linux 5 (x86_64), version antérieure à 2.6.39-400.283.2"
    assert judged(matcher, "Oracle", line, "Oracle Linux", "5.11") == "review"
    assert judged(matcher, "Oracle", line, "Oracle Linux", "6.10") == "not_affected"


def test_the_release_of_a_host_that_is_not_said_is_asked(matcher: Matcher) -> None:
    line = "QTS 4.5.3: Q’center versions antérieures à v1.12.1012"
    assert judged(matcher, "Qnap", line, "Q'center", "1.11.1004") == "review"


def test_a_level_says_nothing_of_a_release(matcher: Matcher) -> None:
    line = "macOS Catalina versions antérieures à la mise à jour 2021-006"
    assert judged(matcher, "Apple", line, "macOS Catalina", "10.15.7") == "review"


@pytest.mark.parametrize(
    ("product", "kind"),
    [
        ("SIMATIC CPU 1513F-1 PN", "review"),
        ("SIMATIC CPU 1513F-1 PN V2.9.7", "not_affected"),
        ("SIMATIC CPU 1513F-1 PN (V2.9.4)", "affected"),
    ],
)
def test_a_model_is_no_version(matcher: Matcher, product: str, kind: str) -> None:
    line = "SIMATIC CPU 1513F-1 PN versions antérieures à 2.9.7"
    assert judged(matcher, "Siemens", line, product, "") == kind


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("10.12.6 Security Update 2019-002", "affected"),
        ("10.12.6 Security Update 2019-003", "not_affected"),
        ("10.12.6", "review"),
    ],
)
def test_patches_numbered_by_year_are_ordered(matcher: Matcher, version: str, kind: str) -> None:
    line = "macOS Sierra 10.12.6 sans le correctif de sécurité 2019-003"
    assert judged(matcher, "Apple", line, "macOS Sierra", version) == kind


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("janvier 2023", "affected"),
        ("1er février 2023", "not_affected"),
        ("mars 2023", "not_affected"),
    ],
)
def test_months_are_ordered(matcher: Matcher, version: str, kind: str) -> None:
    line = "WFBSS versions antérieures à février 2023"
    assert judged(matcher, "Trend Micro", line, "WFBSS", version) == kind


@pytest.mark.parametrize(
    ("line", "version", "kind"),
    [
        ("Orme versions antérieures à 15.33.x.5122", "15.33.53.5161", "review"),
        ("Orme versions 12.10.x antérieures à 12.10.xC16W2", "12.10.xC16W1", "affected"),
        ("Orme versions 21.23.nx antérieures à 21.23.n12", "21.23.n11", "affected"),
        ("Orme versions 6u161, 7u151, 8u144 et 9", "9", "affected"),
        ("Orme versions antérieures à 2024R2.1", "v2024R2.1", "not_affected"),
        ('Orme 15" versions antérieures à V1.1', "1.1", "not_affected"),
        ("Orme 12.1X45", "12.1X45-D10", "affected"),
        ("Orme 8.8.15", "8.8.15 P3", "review"),
    ],
)
def test_a_letter_inside_a_number_hides_nothing_that_follows(
    matcher: Matcher, line: str, version: str, kind: str
) -> None:
    assert judged(matcher, "", line, "Orme", version) == kind


@pytest.mark.parametrize(("version", "kind"), [("11.1 FP4", "review"), ("10.5", "affected")])
def test_a_bound_that_names_a_patch_besides_leaves_its_own_release_in_doubt(
    matcher: Matcher, version: str, kind: str
) -> None:
    line = "Orme versions antérieures à 11.1 sans le dernier correctif de sécurité FP5"
    assert judged(matcher, "", line, "Orme", version) in (kind, "review")


@pytest.mark.parametrize(
    ("product", "version", "kind"),
    [
        ("Acrobat DC", "2020.005.20048", "affected"),
        ("Acrobat DC", "20.006.20034", "not_affected"),
        ("Acrobat 2017", "2017.011.30158", "not_affected"),
        ("Acrobat DC pour Linux", "20.005.20048", "not_affected"),
    ],
)
def test_the_tracks_of_acrobat_are_told_by_their_builds(
    matcher: Matcher, product: str, version: str, kind: str
) -> None:
    line = "Acrobat DC versions antérieures à 2020.006.20034 sur Windows et macOS"
    assert judged(matcher, "Adobe", line, product, version) == kind


def test_the_number_of_a_patch_is_seen_wherever_it_is_typed(matcher: Matcher) -> None:
    line = "WebSphere Application Server versions 9.0.0.0 à 9.0.5.11 sans le correctif PH43148"
    fixed = "WebSphere Application Server 9.0.5.10 + PH43148"
    assert judged(matcher, "IBM", line, fixed, "9.0.5.10") == "not_affected"
    assert judged(matcher, "IBM", line, fixed.replace("48", "47"), "9.0.5.10") == "review"


@pytest.mark.parametrize(
    ("line", "product", "version", "kind"),
    [
        ("Orme versions 9.3.2408.10x antérieures à 9.3.2408.107", "Orme", "9.3.2408", "review"),
        ("Orme versions 9.3.2408.10x antérieures à 9.3.2408.107", "Orme", "9.3.2408.99",
         "not_affected"),
        ("Orme versions 9.2.2406.10x antérieures à 9.2.2406.113", "Orme", "9.2.2406.105",
         "affected"),
        ("Orme versions 9.2.2406.10x antérieures à 9.2.2406.113", "Orme", "9.2.2406.99",
         "not_affected"),
        ("Network Management Card 3 (NMC3)", "NMC3", "1.5", "affected"),
        ("Java SE version 17", "Java SE", "17.0.1", "review"),
        ("Orme CPU 416F-3 versions antérieures à V7.0.3", "Orme CPU", "V7.0.2", "review"),
        ("Orme CPU 416F-3 versions antérieures à V7.0.3", "Orme CPU 414F-3", "V7.0.2",
         "not_affected"),
        ("Orme 16.04 s'exécutant sur un processeur Aulne", "Orme", "16.04", "review"),
        ("Orme 16.04 s'exécutant sur un processeur Aulne", "Orme sur Aulne", "16.04", "affected"),
        ("Orme STEP 7 V13, V14", "Orme STEP 7", "V5.6", "not_affected"),
        ("Orme STEP 7 V13, V14", "Orme STEP 7", "V14", "affected"),
    ],
)  # fmt: skip
def test_what_is_not_said_is_asked(
    matcher: Matcher, line: str, product: str, version: str, kind: str
) -> None:
    assert judged(matcher, "", line, product, version) == kind


@pytest.mark.parametrize(
    ("version", "kind"), [("Update 6", "affected"), ("Update 7", "not_affected"), ("", "review")]
)
def test_a_bare_number_bounds_the_updates_of_coldfusion(
    matcher: Matcher, version: str, kind: str
) -> None:
    line = "Adobe ColdFusion 2021 versions antérieures à 7"
    assert judged(matcher, "Adobe", line, "ColdFusion 2021", version) == kind


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("4.1.6", "review"),
        ("4.1.6 Interim Security Update 3", "affected"),
        ("4.1.6 Interim Security Update 4", "not_affected"),
    ],
)
def test_a_release_says_nothing_of_its_patches(matcher: Matcher, version: str, kind: str) -> None:
    line = "Orme version 4.1.x sans la mise à jour Interim Security Update 4"
    assert judged(matcher, "", line, "Orme", version) == kind


def test_an_update_of_a_year_is_often_typed_as_its_next_number(matcher: Matcher) -> None:
    line = "Orme DevOps Server 2019 Update 1"
    assert judged(matcher, "", line, "Orme DevOps Server", "2019.1") == "affected"
    assert judged(matcher, "", line, "Orme DevOps Server", "2019.0.1") == "review"
