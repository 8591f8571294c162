"""Finds ``templates/`` and ``config/`` wherever Tocsin runs from.

In a wheel they are ``bot/_data/templates`` and ``bot/_data/config``; in a checkout, and in
an editable install of it, they are the folders beside ``bot/``.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


class MissingResourceError(Exception):
    """A folder that Tocsin ships with is not where it can be; the message names the places."""


def templates_folder(package: Path = PACKAGE) -> Path:
    """The folder of the message templates.

    Raises:
        MissingResourceError: the installation is incomplete.
    """
    return _folder("templates", package)


def config_folder(package: Path = PACKAGE) -> Path:
    """The folder of the shipped configuration: defaults, catalogues, demonstration.

    Raises:
        MissingResourceError: the installation is incomplete.
    """
    return _folder("config", package)


def _folder(name: str, package: Path) -> Path:
    """The folder ``name`` of the wheel, else of the checkout around ``package``.

    A folder of that name beside an installed package is somebody else's (site-packages):
    only a ``pyproject.toml`` beside it makes a checkout.
    """
    installed = package / "_data" / name
    checkout = package.parent / name
    if installed.is_dir():
        return installed
    if checkout.is_dir() and (package.parent / "pyproject.toml").is_file():
        return checkout
    raise MissingResourceError(
        f"{name}/ was found neither in {installed} nor in {checkout}: reinstall Tocsin"
    )
