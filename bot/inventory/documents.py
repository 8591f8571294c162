"""JSON and XML that strangers wrote: bounded, without entities, refused in one line."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from bot.inventory.base import InventoryError

DEEPEST = 60  # elements one in another; real exports stay under ten
LARGEST = 512 * 1024 * 1024  # bytes once decompressed


def read_json(body: bytes, *, file: str) -> Any:
    """Return the JSON values of a whole file, or of one value a line.

    Raises:
        InventoryError: not JSON; the line is named.
    """
    try:
        return json.loads(body)
    except RecursionError as error:
        raise _not(file, "JSON", "trop de niveaux imbriqués") from error
    except UnicodeDecodeError as error:
        raise _not(file, "JSON", f"octet {error.start} illisible en UTF-8") from error
    except json.JSONDecodeError as error:
        if values := _json_lines(body):
            return values
        raise _not(
            file, "JSON", f"coupé ou abîmé à la ligne {error.lineno}, colonne {error.colno}"
        ) from error


def _json_lines(body: bytes) -> list[Any]:
    """One object a line, as log shippers and scripts write; empty when it is not that."""
    lines = [line for line in body.splitlines() if line.strip()]
    if len(lines) < 2 or not all(line.lstrip().startswith(b"{") for line in lines):
        return []
    try:
        return [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        return []


def read_xml(body: bytes, *, file: str) -> Element:
    """Return the root of an XML document; names lose their namespace.

    A document type is refused whole: inventories have none, and it is where entities that
    grow without end, or read local files, are declared.

    Raises:
        InventoryError: not XML, or a document type; the line is named.
    """
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    builder = TreeBuilder()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise _not(file, "XML", "trop de niveaux imbriqués")
        builder.start(name.rpartition("}")[2], attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name.rpartition("}")[2])

    def refuse(*_: object) -> None:
        raise _not(file, "XML", f"ligne {parser.CurrentLineNumber} : déclaration DOCTYPE refusée")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        reason = f"coupé ou abîmé à la ligne {error.lineno}, colonne {error.offset + 1}"
        raise _not(file, "XML", reason) from error
    return builder.close()


def inflate(body: bytes, *, file: str) -> bytes:
    """Return the body, decompressed when it is a zlib stream (what OCS agents write).

    Raises:
        InventoryError: cut short, or larger than :data:`LARGEST` once decompressed.
    """
    if not re.match(rb"\x78[\x01\x5e\x9c\xda]", body):
        return body
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(body, LARGEST)
    except zlib.error as error:
        raise _not(file, "zlib", "flux abîmé") from error
    if not stream.eof:
        raise _not(file, "zlib", "flux coupé, ou trop grand une fois décompressé")
    return content


def text_of(value: object) -> str:
    """The text of a JSON value: nothing for null, containers and lists."""
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return ""
    return str(value)


def child(element: Element, path: str) -> str:
    """The text of a descendant, empty when there is none."""
    return (element.findtext(path) or "").strip()


def _not(file: str, what: str, reason: str) -> InventoryError:
    return InventoryError(
        file, f"{what} illisible : {reason}.", "Exportez de nouveau le fichier depuis l'outil."
    )
