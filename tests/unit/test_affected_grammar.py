"""The phrasings of affected systems, one example of each, written for these tests."""

from __future__ import annotations

import pytest

from feeds.affected import Grade, Range, parse_line

PHRASINGS = [
    ("Pare-feu Orme versions antérieures à 6.1.0", [Range(lt=("6.1.0",))]),
    ("Orme versions 9.2.x antérieures à 9.2.15", [Range(branches=("9.2.x",), lt=("9.2.15",))]),
    ("Orme 9.2.x versions antérieures à 9.2.15", [Range(branches=("9.2.x",), lt=("9.2.15",))]),
    ("Orme versions antérieures ou égales à 5.5", [Range(le=("5.5",))]),
    ("Orme versions 5.7.31 et antérieures", [Range(le=("5.7.31",))]),
    ("Orme, version 10.1.53.64 et versions précédentes.", [Range(le=("10.1.53.64",))]),
    ("Orme versions supérieures ou égales àV8.3", [Range(ge="v8.3")]),
    ("Orme versions 5.2.12 et postérieures", [Range(ge="5.2.12")]),
    (
        "Orme versions postérieures à 16.2 et antérieures à 18.107.13",
        [Range(gt="16.2", lt=("18.107.13",))],
    ),
    ("Orme versions 11.0 à 11.8.55", [Range(ge="11.0", le=("11.8.55",))]),
    (
        "Orme versions 8.6.x à 8.9.x antérieures à 8.9.3",
        [Range(ge="8.6.x", lt=("8.9.3",))],
    ),
    ("Orme 3.4.x jusqu'à la version 3.4.15", [Range(branches=("3.4.x",), le=("3.4.15",))]),
    (
        "Orme versions 16.x antérieures à 16.1.0 ou 16.0.1.2",
        [Range(branches=("16.x",), lt=("16.1.0", "16.0.1.2"))],
    ),
    ("Orme versions 1.0 et 1.2", [Range(branches=("1.0",)), Range(branches=("1.2",))]),
    ("Orme 4.2", [Range(branches=("4.2",), named=True)]),
    ("Orme versions 9.0 jusqu'à 9.4", [Range(ge="9.0", le=("9.4",))]),
    ("Orme versions 16.1.1 antérieures à 18.4.3", [Range(ge="16.1.1", lt=("18.4.3",))]),
    ("Orme versions antérieures à 2.8.2 (comprise)", [Range(le=("2.8.2",))]),
    ("Orme 1.3.1 et précédents, 1.4.2 et précédents", [Range(le=("1.3.1", "1.4.2"))]),
    ("Orme versions antérieures à 9.8 SP3 (9.8.3.103)", [Range(lt=("9.8 sp3",), also="9.8.3.103")]),
    ("Orme versions antérieures à 8.8.15 Joule Patch 42", [Range(lt=("8.8.15 patch 42",))]),
    ("Orme avec un microgiciel de versions antérieures à 2.1", [Range(lt=("2.1",))]),
    ("Orme 2019 antérieures à Patch E", [Range(branches=("2019",), lt=("patch e",))]),
    ("Orme versions antérieure(s) à 6.1.0", [Range(lt=("6.1.0",))]),
    ("Orme&nbsp;versions antérieures à 6.1.0", [Range(lt=("6.1.0",))]),
    ("Orme versions antérieures à 7.5.0 UP8 IF03", [Range(lt=("7.5.0 up8 if03",))]),
    ("Orme Base Module versions antérieures à 3.0", [Range(lt=("3.0",))]),
    ("Orme 9.5.4 et versions 9.x antérieures", [Range(branches=("9.x",), le=("9.5.4",))]),
    ("Orme versions antérieures à février 2023", [Range(lt=("fevrier 2023",))]),
    ("Orme versions antérieures à KB/WB/YC.16.11.0004", [Range(lt=("16.11.0004",))]),
    ("Orme versions antérieures à XCP2400, XCP3100", [Range(lt=("xcp2400", "xcp3100"))]),
    ("Orme 15.1R6-S", [Range(branches=("15.1r6-s",), named=True)]),
    ("Orme pour Linux 4.65 ;", [Range(branches=("4.65",), named=True)]),
    ("Orme for Load Testing 3.8 et versions antérieures.", [Range(le=("3.8",))]),
    (
        "Orme versions antérieures à 3.0.7. Mettre à jour Aulne à la version 1.8",
        [Range(lt=("3.0.7",))],
    ),
    ("Orme versions antérieures à 4.0 pour Frêne séries 6200, 6300 et 6400", [Range(lt=("4.0",))]),
    (
        "Orme versions antérieures à 2.1 pour Windows 10 version 1709 et ultérieures",
        [Range(lt=("2.1",))],
    ),
    ("Orme r7, r6.1 ;", [Range(branches=(each,), named=True) for each in ("r7", "r6.1")]),
    ("Orme versions antérieures à V10 R1.42.7", [Range(lt=("v10 r1.42.7",))]),
    ("Orme versions antérieures à 10.2.0.5-d-29sv", [Range(lt=("10.2.0.5-d-29sv",))]),
    ("Orme versions antérieures à 1.7 pour DSM 7.1, 7.2.1, 7.3", [Range(lt=("1.7",))]),
    (
        "Orme versions 3.1 à 3.1.8 et versions antérieures",
        [Range(ge="3.1", le=("3.1.8",)), Range(le=("3.1.8",))],
    ),
    ("Orme V7000, V5000 versions antérieures à 8.4", [Range(lt=("8.4",))]),
    (
        "Orme versions 6.0.x à 6.1.x antérieures à 6.1 HF5 (6.1.0.171) ou 6.2 SP1 (6.2.0.1012)",
        [Range(ge="6.0.x", lt=("6.1 hf5", "6.2 sp1"))],
    ),
    ("Orme dont la version du microgiciel est antérieure à 71.16", [Range(lt=("71.16",))]),
    ("Orme exécutant le micrologiciel 7.4.", [Range(branches=("7.4",), named=True)]),
    (
        "Orme 2022 Release Wave 2",
        [Range(branches=("2022 release wave 2",), named=True)],
    ),
    (
        "Orme versions 6.4.x antérieures à 6.4.0.9 avec les correctifs temporaires ou 6.4.0.10",
        [Range(branches=("6.4.x",), lt=("6.4.0.9", "6.4.0.10"), patched=True)],
    ),
    ("Orme, 1x230V versions antérieures à V6.5", [Range(lt=("v6.5",))]),
    ("Orme 7SX800, versions antérieures à 8.83", [Range(lt=("8.83",))]),
    ("Orme (versions antérieures à 2.33.1)", [Range(lt=("2.33.1",))]),
    ("Orme (révisions 2.x et antérieures) versions 2.9 et antérieures", [Range(le=("2.9",))]),
    ("Orme B.11.31", [Range(branches=("b.11.31",), named=True)]),
    (
        "Orme 4.6/4.6.2 versions antérieures à 10.0.1",
        [Range(branches=("4.6", "4.6.2"), lt=("10.0.1",))],
    ),
]


@pytest.mark.parametrize(("line", "ranges"), PHRASINGS)
def test_each_phrasing_gives_its_range(line: str, ranges: list[Range]) -> None:
    (statement,) = parse_line(line)
    assert list(statement.ranges) == ranges
    assert statement.grade is Grade.DECIDED


def test_a_way_of_running_has_no_versions_of_its_own() -> None:
    (statement,) = parse_line("Orme en mode 'appliance' versions antérieures à 10.0.9")
    assert statement.ranges == (Range(lt=("10.0.9",)),)
    assert statement.condition is not None


def test_a_date_bounds_no_version() -> None:
    (statement,) = parse_line("Bases de données d'Orme antérieures au 12 mars 2022")
    assert statement.ranges == ()
    assert statement.grade is Grade.REVIEW


def test_every_version_has_no_range() -> None:
    (statement,) = parse_line("Orme toutes versions")
    assert statement.every_version
    assert statement.ranges == ()


def test_a_missing_patch_is_kept_with_its_words() -> None:
    (statement,) = parse_line("Orme versions 2.1 sans le correctif de sécurité PH27414")
    assert statement.fix is not None
    assert "PH27414" in statement.fix.text
    assert statement.grade is Grade.REVIEW


def test_a_line_that_sends_to_the_vendor_is_deferred() -> None:
    (statement,) = parse_line("Orme, se référer au bulletin de l'éditeur pour les versions")
    assert statement.deferred


def test_two_products_of_one_line_keep_their_own_versions() -> None:
    first, second = parse_line("Orme versions 7.1 et 7.2 et Frêne versions 3.1")
    assert [each.branches for each in first.ranges] == [("7.1",), ("7.2",)]
    assert [each.branches for each in second.ranges] == [("3.1",)]
    assert second.phrases[0].words == ("frene",)


def test_the_words_of_a_statement_are_those_of_the_line() -> None:
    line = "Orme versions antérieures à 6.1.0"
    (statement,) = parse_line(line)
    assert line[statement.start : statement.end] == line


def test_a_fix_that_comes_with_a_patch_leaves_its_own_version_in_doubt() -> None:
    (statement,) = parse_line("Orme versions 17.x antérieures à 17.1.0.3 avec le correctif HF-75.4")
    assert statement.ranges == (Range(branches=("17.x",), lt=("17.1.0.3",), patched=True),)
    assert statement.condition is None


def test_the_firmware_of_a_device_is_its_version() -> None:
    (statement,) = parse_line("Borne Orme avec un microgiciel versions 2.2 et antérieures")
    assert statement.ranges == (Range(le=("2.2",)),)


def test_a_second_number_after_a_slash_repeats_the_first() -> None:
    (statement,) = parse_line("Orme versions antérieures à 134.0.6998.177/.178 sur Windows")
    assert statement.ranges == (Range(lt=("134.0.6998.177",)),)
    assert statement.phrases[0].hosts == (("windows",),)


def test_a_number_before_the_word_versions_is_a_model() -> None:
    (statement,) = parse_line("Orme séries 3000 et 9000 versions antérieures à 7.2")
    assert [each.numbers for each in statement.phrases] == [("3000",), ("9000",)]
    assert statement.ranges == (Range(lt=("7.2",)),)


def test_the_other_name_in_parentheses_is_a_name() -> None:
    (statement,) = parse_line("Orme Director (anciennement Chêne Manager) versions 3.1")
    assert statement.phrases[0].words == ("orme", "director")
    assert "manager" in statement.phrases[1].words


def test_devices_that_run_a_product_are_not_its_name() -> None:
    (statement,) = parse_line(
        "Contrôleurs et passerelles utilisant Orme versions antérieures à 6.5"
    )
    assert statement.phrases[0].words == ("orme",)
    assert statement.condition is None


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Orme 1616 et Orme 1604 versions antérieures à V2.8.1", ["orme 1616", "orme 1604"]),
        ("Orme 1242-7 V2 à Orme 1243-8 toutes versions", ["orme 1242-7 v2", "orme 1243-8"]),
        ("Carte Orme 3 (CO3) versions antérieures à 4.1", ["carte orme 3"]),
        ("Séries de processeurs Orme 5000", ["series processeurs orme 5000"]),
        ("Orme pour Windows 10", ["orme"]),
        ("Orme sur Solaris 10", ["orme"]),
    ],
)
def test_numbers_that_are_of_a_name_or_of_a_host_are_no_versions(
    line: str, names: list[str]
) -> None:
    (statement,) = parse_line(line)
    assert [" ".join((*phrase.words, *phrase.numbers)) for phrase in statement.phrases] == names
    assert not any(each.branches for each in statement.ranges)


def test_a_vulnerable_version_that_is_not_said_is_left_to_the_vendor() -> None:
    (statement,) = parse_line("Orme exécutant une version vulnérable de Frêne")
    assert statement.deferred
