"""The shipped folders are found in a checkout and in a wheel, and nowhere by chance."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.resources import MissingResourceError, config_folder, templates_folder
from tests.conftest import ROOT


def test_a_checkout_uses_the_folders_beside_the_package() -> None:
    assert templates_folder() == ROOT / "templates"
    assert config_folder() == ROOT / "config"


def test_a_wheel_uses_its_own_data(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "bot"
    (package / "_data" / "templates").mkdir(parents=True)
    assert templates_folder(package) == package / "_data" / "templates"


def test_somebody_elses_folder_beside_an_installed_package_is_not_ours(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "bot"
    package.mkdir(parents=True)
    (tmp_path / "site-packages" / "templates").mkdir()
    with pytest.raises(MissingResourceError, match="reinstall Tocsin"):
        templates_folder(package)
