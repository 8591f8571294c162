"""Reads the configuration: the file, then the environment; a wrong key is named with its remedy."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.settings.sections import Settings, known_keys

PREFIX = "TOCSIN_"
NESTED = "__"
FROM_FILE = "_FILE"
NOT_KEYS = frozenset({"TOCSIN_CONFIG"})


class ConfigurationError(Exception):
    """The configuration cannot be used; the message names the key and the remedy."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and the file they came from (None: defaults and environment only)."""

    settings: Settings
    path: Path | None


def load(explicit: Path | None, environ: Mapping[str, str], *, home: Path) -> Loaded:
    """Read the configuration.

    Args:
        explicit: the file of ``--config``.
        environ: the environment; ``TOCSIN_…`` variables override the file.
        home: the user's configuration folder (``~/.config``).

    Raises:
        ConfigurationError: no such file, not TOML, unknown key, wrong value, or a
            ``…_FILE`` that cannot be read.
    """
    path = _file(explicit, environ, home)
    values = _toml(path) if path else {}
    for keys, value in _overrides(environ):
        _put(values, keys, value)
    try:
        return Loaded(Settings.model_validate(values), path)
    except ValidationError as error:
        raise ConfigurationError(_explained(error, path)) from None


def _file(explicit: Path | None, environ: Mapping[str, str], home: Path) -> Path | None:
    asked = explicit or (Path(environ["TOCSIN_CONFIG"]) if environ.get("TOCSIN_CONFIG") else None)
    if asked is not None:
        if not asked.is_file():
            raise ConfigurationError(
                f"{asked}: no such file; write one with: tocsin init --write-config {asked}"
            )
        return asked
    usual = (Path("tocsin.toml"), home / "tocsin" / "tocsin.toml")
    return next((path for path in usual if path.is_file()), None)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: {error}") from error


def _overrides(environ: Mapping[str, str]) -> Iterator[tuple[list[str], str]]:
    for name, value in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in NOT_KEYS:
            continue
        key = name.removeprefix(PREFIX)
        if key.endswith(FROM_FILE) and not _is_key(key):
            key = key.removesuffix(FROM_FILE)
            value = _secret(name, Path(value))
        yield key.lower().split(NESTED), value


def _is_key(name: str) -> bool:
    return name.lower().replace(NESTED, ".") in set(known_keys())  # matches NETWORK__CA_FILE


def _secret(name: str, path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name}: {path} cannot be read: {error}") from error


def _put(values: dict[str, Any], keys: list[str], value: str) -> None:
    for key in keys[:-1]:
        inner = values.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ConfigurationError(f"{'.'.join(keys)}: {key} is a value, not a section")
        values = inner
    values[keys[-1]] = value


def _explained(error: ValidationError, path: Path | None) -> str:
    """One line a problem: where it stands, what is wrong, what was meant."""
    where = str(path) if path else "environment"
    lines = []
    for problem in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, list(known_keys()), n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            lines.append(f"{where}: unknown key {key}{hint}")
        else:
            lines.append(f"{where}: {key}: {problem['msg']}")
    return "\n".join(lines)
