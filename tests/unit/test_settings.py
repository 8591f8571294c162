"""Configuration: where it comes from, what overrides what, and how a mistake is said."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bot.resources import config_folder
from bot.settings import ConfigurationError, Settings, known_keys, load


def test_the_file_of_defaults_documents_every_key_with_its_default() -> None:
    text = (config_folder() / "default.toml").read_text("utf-8")
    written = Settings.model_validate(tomllib.loads(text))
    assert written == Settings()
    for key in known_keys():
        name = key.rpartition(".")[2]
        assert f"{name} =" in text or f"[{key}]" in text, key


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.toml"
    path.write_text('data_dir = "a"\n[matrix]\nuser = "@x:y"\n[email]\nport = 587\n')
    environ = {"TOCSIN_DATA_DIR": "b", "TOCSIN_EMAIL__PORT": "2525"}
    settings = load(path, environ, home=tmp_path).settings
    assert settings.data_dir == Path("b")
    assert settings.email.port == 2525
    assert settings.matrix.user == "@x:y"


def test_a_secret_can_be_read_from_a_file_and_is_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("hunter2\n")
    settings = load(None, {"TOCSIN_EMAIL__PASSWORD_FILE": str(secret)}, home=tmp_path).settings
    assert settings.email.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings)


def test_a_key_that_ends_in_file_is_itself(tmp_path: Path) -> None:
    environ = {"TOCSIN_NETWORK__CA_FILE": "/etc/ssl/internal.pem"}
    settings = load(None, environ, home=tmp_path).settings
    assert settings.network.ca_file == Path("/etc/ssl/internal.pem")


def test_a_list_is_written_with_commas_in_the_environment(tmp_path: Path) -> None:
    environ = {"TOCSIN_MATRIX__ALLOWED_SERVERS": "a.example, b.example"}
    settings = load(None, environ, home=tmp_path).settings
    assert settings.matrix.allowed_servers == ["a.example", "b.example"]


def test_the_order_of_the_files(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "tocsin").mkdir(parents=True)
    (home / "tocsin" / "tocsin.toml").write_text('language = "en"\n')
    named = tmp_path / "named.toml"
    named.write_text('log_level = "debug"\n')
    assert load(None, {}, home=home).settings.language == "en"
    assert load(None, {"TOCSIN_CONFIG": str(named)}, home=home).path == named
    assert load(named, {"TOCSIN_CONFIG": "/elsewhere"}, home=home).path == named


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("data_dri = 'x'", "unknown key data_dri; did you mean data_dir?"),
        ("[matrix]\nhomserver = 'x'", "did you mean matrix.homeserver?"),
        ("[email]\nport = 'many'", "email.port"),
        ("[email\n", "tocsin.toml"),
        ("[matrix]\nhomeserver = 'https://m.example'\nuser = 'tocsin'", "@name:server"),
        (
            "[matrix]\nhomeserver = 'https://m.example'\nuser = '@t:m.example'\npassword = 'x'",
            "pickle_key must have 16 characters",
        ),
    ],
)
def test_a_mistake_names_the_file_the_key_and_the_remedy(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "tocsin.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        load(path, {}, home=tmp_path)
    assert said in str(raised.value)
    assert "tocsin.toml" in str(raised.value)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"TOCSIN_CONFIG": "/nowhere.toml"}, "tocsin init"),
        ({"TOCSIN_DATA_DRI": "x"}, "did you mean data_dir?"),
        ({"TOCSIN_EMAIL__PASSWORD_FILE": "/nowhere"}, "/nowhere cannot be read"),
        ({"TOCSIN_DATA_DIR__X": "x", "TOCSIN_DATA_DIR": "y"}, "not a section"),
    ],
)
def test_a_mistake_in_the_environment(tmp_path: Path, environ: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(None, environ, home=tmp_path)
    assert said in str(raised.value)
