"""A block rendered once a key: the same words for the same key, and other ones for another."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from bot.render.environment import environment
from bot.render.foreign import Syntax
from bot.render.words import load_words
from bot.resources import templates_folder


def render(tmp_path: Path, source: str, *given: dict[str, object]) -> list[str]:
    (tmp_path / "t.j2").write_text(source)
    words = load_words(templates_folder(), "en")
    template = environment(tmp_path, Syntax.HTML, words).get_template("t.j2")
    return [template.render(values) for values in given]


def test_only_the_key_decides_what_the_block_says(tmp_path: Path) -> None:
    source = "{% once a %}{{ a }}{{ b }}{% endonce %}{{ b }}"
    made = render(
        tmp_path, source, {"a": "<1>", "b": "x"}, {"a": "<1>", "b": "y"}, {"a": 2, "b": "y"}
    )
    assert made == ["&lt;1&gt;xx", "&lt;1&gt;xy", "2yy"]


def test_two_places_do_not_share_a_key(tmp_path: Path) -> None:
    source = "{% once a %}1{% endonce %}\n{% once a %}2{% endonce %}"
    assert render(tmp_path, source, {"a": 1}, {"a": 1}) == ["12", "12"]


def test_an_unknown_name_in_a_key_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UndefinedError, match="nowhere"):
        render(tmp_path, "{% once nowhere %}x{% endonce %}", {})
