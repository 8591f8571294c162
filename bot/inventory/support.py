"""Reads ``config/end_of_support.toml``."""

from __future__ import annotations

import tomllib
from datetime import date

from bot.domain.support import SupportEnd
from bot.inventory.base import InventoryError

REMEDY = "Comparez avec le fichier livré."


def read_ends(text: str, *, file: str) -> list[SupportEnd]:
    """The dates of a table of ends of support.

    Raises:
        InventoryError: not TOML, or a section is not ``source`` and ``lines`` of dates.
    """
    try:
        sections = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InventoryError(file, f"ce n'est pas du TOML : {error}.", REMEDY) from error
    found: list[SupportEnd] = []
    for vendor, section in sections.items():
        lines = section.get("lines") if isinstance(section, dict) else None
        if not isinstance(lines, dict) or not all(isinstance(on, date) for on in lines.values()):
            raise InventoryError(
                file, f"[{vendor}] n'a pas de [{vendor}.lines] fait de dates.", REMEDY
            )
        source = str(section.get("source", ""))
        found += [SupportEnd(vendor, line, on, source) for line, on in lines.items()]
    return found
