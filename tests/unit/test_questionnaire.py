"""The ten questions and what their answers declare."""

from __future__ import annotations

import pytest

from bot.domain.facility import AssetCategory, Function
from bot.domain.questionnaire import (
    DeclaredQuestion,
    UnknownAnswerError,
    declared_functions,
    declared_lines,
)
from bot.inventory.base import InventoryError
from bot.inventory.questionnaire import read_answers, read_questionnaire
from bot.resources import config_folder


@pytest.fixture(scope="module")
def questions() -> dict[str, DeclaredQuestion]:
    path = config_folder() / "declaration.toml"
    read = read_questionnaire(path.read_text("utf-8"), file=path.name)
    return {question.key: question for question in read}


def test_there_are_ten_and_every_choice_is_read_by_all_its_names(
    questions: dict[str, DeclaredQuestion],
) -> None:
    assert len(questions) == 10
    for question in questions.values():
        for choice in question.choices:
            for name in (choice.key, *choice.labels.values()):
                assert question.read(name) is choice
    assert questions["vpn"].read("1").key == "fortinet"
    assert questions["workstations"].read("7").product == "Windows 7"


def test_another_product_is_kept_as_typed(questions: dict[str, DeclaredQuestion]) -> None:
    (line,) = declared_lines(questions["dpi"], [questions["dpi"].read("Mon DPI à moi")])
    assert (line.product, line.category, line.version) == (
        "Mon DPI à moi", AssetCategory.SERVER, "",
    )  # fmt: skip
    assert declared_lines(questions["dpi"], [questions["dpi"].read("papier")]) == []
    with pytest.raises(UnknownAnswerError, match="oui, non"):
        questions["fax"].read("parfois")
    with pytest.raises(UnknownAnswerError):
        questions["vpn"].read("42")


def test_no_answer_takes_a_facility_out_of_what_it_was_told(
    questions: dict[str, DeclaredQuestion],
) -> None:
    yes, no = questions["fax"].choices
    assert declared_functions((), [yes]) == ()
    assert declared_functions((), [no]) == ()
    known = (Function.ACCUEIL,)
    assert declared_functions(known, [yes]) == (Function.ACCUEIL, Function.FAX)
    assert declared_functions((*known, Function.FAX), [no]) == known
    assert declared_functions((Function.FAX,), [no]) == (Function.FAX,)


@pytest.mark.parametrize("text", ["vpn = 3", 'vpn = ["a", 1]', "vpn ="])
def test_a_wrong_file_of_answers_is_named(text: str) -> None:
    with pytest.raises(InventoryError, match=r"reponses\.toml"):
        read_answers(text, file="reponses.toml")


def test_a_question_without_its_text_names_the_file() -> None:
    with pytest.raises(InventoryError, match=r"declaration\.toml"):
        read_questionnaire('[[question]]\nkey = "vpn"\n', file="declaration.toml")
