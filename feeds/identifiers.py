"""What tells a product apart besides its name: purl, model numbers, SKUs, serial numbers.

Source: OASIS CSAF 2.0, section 3.1.3.3 (``product_identification_helper``); package-url/purl-spec.
Hashes and SBOM addresses are left: they name files, and inventories hold none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

PURL, MODEL, SERIAL = "purl:", "model:", "serial:"  # how an identifier begins
MOST = 50  # identifiers of one product: some documents list serial numbers by thousands
IS_PURL = re.compile(r"pkg:[a-z][a-z0-9.+-]*/\S+", re.IGNORECASE)


def read_identifiers(helper: Mapping[str, Any]) -> tuple[str, ...]:
    """The identifiers of a product, each once: ``purl:pkg:npm/lodash``, ``model:M3290A``.

    Model numbers and SKUs are both what a nameplate or an order says. One with a wildcard is
    left: it does not decide. Serial numbers, of which one says that they matter, are cut short.
    """
    return tuple(dict.fromkeys(_identifiers(helper)))[:MOST]


def _identifiers(helper: Mapping[str, Any]) -> Iterator[str]:
    for purl in (helper.get("purl"), *helper.get("purls", ())):
        if purl and IS_PURL.fullmatch(str(purl)):
            yield f"{PURL}{purl_name(str(purl))}"
    for key in ("model_numbers", "skus"):
        for number in helper.get(key, ()):
            if number and not set("*?") & set(str(number)):
                yield f"{MODEL}{str(number).strip()}"
    for number in helper.get("serial_numbers", ()):
        yield f"{SERIAL}{str(number).strip()}"


def purl_name(purl: str) -> str:
    """A package without its version, its qualifiers and its subpath, in lower case.

    Some registries tell capitals apart; nobody has met two packages that only differ by them
    in a hospital. Underscores are hyphens, as PyPI has it.
    """
    path = purl.split("#")[0].split("?")[0]
    before, at, after = path.rpartition("@")
    name = before if at and "/" not in after else path
    return unquote(name).casefold().replace("_", "-").rstrip("/")
