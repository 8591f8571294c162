"""How answers are read, ranked, and what they change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.facility import AssetCategory, InventoryLine
from bot.domain.matching import VerdictKind
from bot.domain.question import (
    Given,
    Lesson,
    Reach,
    ReplyKind,
    Undecided,
    Wants,
    completes,
    read_answer,
    said,
    subjects,
    taught,
)

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
LINE = InventoryLine("fw-01", AssetCategory.NETWORK, "fw-01", "Fortinet", "FortiOS", "")
LESSON = Lesson(
    id=1,
    question="QST-2026-0001",
    kind=ReplyKind.NOT_CONCERNED,
    reach=Reach.FACILITY,
    facility_id=1,
    line_id="",
    name="Fortinet FortiOS",
    value="",
    reason="",
    taught_at=NOW,
    taught_by="operator",
    expires_at=None,
)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("7.2.8", Given(ReplyKind.VERSION, "7.2.8")),
        ("version 13.1-49.13", Given(ReplyKind.VERSION, "13.1-49.13")),
        ("v2024 SP1", Given(ReplyKind.VERSION, "2024 SP1")),
        ("Concernée", Given(ReplyKind.CONCERNED)),
        (
            "non concerné : module absent",
            Given(ReplyKind.NOT_CONCERNED, reason="module absent"),
        ),
        ("pas concernés", Given(ReplyKind.NOT_CONCERNED)),
        ("not concerned", Given(ReplyKind.NOT_CONCERNED)),
        ("c'est un autre produit : FortiManager", Given(ReplyKind.OTHER_PRODUCT, "FortiManager")),
        ("other product: FortiWeb 7000", Given(ReplyKind.OTHER_PRODUCT, "FortiWeb 7000")),
        ("je ne sais pas", Given(ReplyKind.UNKNOWN)),
        ("I don't know", Given(ReplyKind.UNKNOWN)),
        ("bonjour", None),
        ("", None),
    ],
)
def test_an_answer_is_read_or_refused(text: str, given: Given | None) -> None:
    assert read_answer(text) == given


def test_one_question_a_product_the_most_useful_first() -> None:
    found = subjects(
        [
            Undecided(("a",), "Xen", 1, "version-missing"),
            Undecided(("b",), "FortiOS", 1, "component"),
            Undecided(("c",), "fortios", 2, "version-coarse"),
            Undecided(("c",), "FortiOS", 3, "component"),
            Undecided(("d",), "", 9, "version-missing"),
        ]
    )
    assert [(each.key, each.settles, each.machines, each.wants) for each in found] == [
        ("fortios", 3, 2, Wants.VERSION),
        ("xen", 1, 1, Wants.VERSION),
    ]


def test_a_version_is_asked_for_only_where_one_is_lacking() -> None:
    typed = [Undecided(("a",), "Xen", n, "patch-unknown", "4.1") for n in range(3)]
    old = Undecided(("a",), "Xen", 9, "order-unknown", "4.1")
    short = [Undecided(("a",), "Xen", n, "version-coarse", "4") for n in range(10, 15)]
    none = Undecided(("b",), "Xen", 9, "version-missing")
    assert [each.wants for each in subjects([*typed, old])] == [Wants.CONCERNED]
    assert [each.wants for each in subjects([*typed, *short])] == [Wants.VERSION]
    assert [each.wants for each in subjects([*typed, none])] == [Wants.VERSION]


def test_nobody_is_asked_what_the_publisher_has_not_concluded() -> None:
    waiting = Undecided(("m-1",), "Moniteur Zéphyr", 1, "under-investigation", "2.0")
    other = Undecided(("m-1",), "Moniteur Zéphyr", 2, "condition-unknown", "2.0")
    assert subjects([waiting]) == []
    (asked,) = subjects([waiting, other])
    assert asked.settles == 1


def test_only_what_is_uncertain_gives_way() -> None:
    later = NOW + timedelta(days=1)
    for alerte in (True, False):
        kept = said([LESSON], VerdictKind.AFFECTED, alerte=alerte, published_at=NOW)
        assert kept is VerdictKind.AFFECTED
    silent = said([LESSON], VerdictKind.REVIEW, alerte=False, published_at=later)
    known = said([LESSON], VerdictKind.REVIEW, alerte=True, published_at=NOW)
    new = said([LESSON], VerdictKind.REVIEW, alerte=True, published_at=later)
    assert (silent, known) == (VerdictKind.NOT_AFFECTED, VerdictKind.NOT_AFFECTED)
    assert new is VerdictKind.REVIEW


def test_the_last_word_counts() -> None:
    yes = replace(LESSON, id=2, kind=ReplyKind.CONCERNED, taught_at=NOW + timedelta(days=1))
    for order in ([LESSON, yes], [yes, LESSON]):
        heard = said(order, VerdictKind.REVIEW, alerte=False, published_at=NOW)
        assert heard is VerdictKind.AFFECTED


def test_an_answer_for_a_line_is_for_no_other() -> None:
    lesson = replace(
        LESSON, kind=ReplyKind.VERSION, value="7.2.8", reach=Reach.LINE, line_id="fw-01"
    )
    assert taught(1, LINE, [lesson]).version == "7.2.8"
    assert taught(1, replace(LINE, line_id="fw-02"), [lesson]).version == ""
    assert taught(2, LINE, [lesson]).version == ""


def test_a_version_of_the_product_it_really_is() -> None:
    name = replace(LESSON, kind=ReplyKind.OTHER_PRODUCT, value="FortiManager")
    version = replace(LESSON, id=2, name="FortiManager", kind=ReplyKind.VERSION, value="7.4.1")
    told = taught(1, LINE, [version, name])
    assert (told.vendor, told.product, told.version) == ("", "FortiManager", "7.4.1")


@pytest.mark.parametrize(
    ("typed", "version", "more"),
    [("", "7.2", True), ("13.1", "13.1-49.13", True), ("13", "13.1", True),
     ("13.1", "13.10", False), ("7.2.8", "7.2.8", False), ("7.4", "7.2.8", False)],
)  # fmt: skip
def test_a_version_completes_what_is_missing_and_replaces_nothing(
    typed: str, version: str, *, more: bool
) -> None:
    assert completes(typed, version) is more
