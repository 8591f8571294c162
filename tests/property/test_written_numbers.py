"""Numbers in messages: written as the language groups them, on one line."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from babel.numbers import format_decimal
from hypothesis import given

from bot.render.environment import environment
from bot.render.foreign import Syntax
from bot.render.typography import NBSP
from bot.render.words import LANGUAGES, load_words
from bot.resources import templates_folder

NUMBER = {
    language: environment(
        templates_folder(), Syntax.TEXT, load_words(templates_folder(), language)
    ).filters["number"]
    for language in LANGUAGES
}


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.integers(-(10**12), 10**12) | st.integers(-2_000, 2_000))
def test_a_number_is_written_as_its_language_does(language: str, value: int) -> None:
    expected = format_decimal(value, locale=language).replace("\u202f", NBSP)
    assert NUMBER[language](value) == expected
