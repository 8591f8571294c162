"""GLPI's inventory format: JSON, one machine a document, or an array or lines of them.

Source: glpi-project/inventory_format, ``inventory.schema.json`` (``deviceid``, ``itemtype``,
``content`` with ``hardware``, ``operatingsystem``, ``softwares``, ``network_device``,
``firmwares``, ``databases_services``). Exports of GLPI's lists are CSV: see ``table.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.facility import AssetCategory, BadLine
from bot.inventory import lines
from bot.inventory.base import ColumnMapping, InventoryError, Remark, Upload
from bot.inventory.documents import read_json, text_of
from bot.inventory.machines import (
    Machine,
    Software,
    computer_category,
    machine_rows,
    system_version,
)

_CATEGORIES = {
    "networkequipment": AssetCategory.NETWORK,
    "phone": AssetCategory.NETWORK,
    "printer": AssetCategory.WORKSTATION,
}


class GlpiImporter:
    """What the GLPI agent writes with ``--local`` or ``--json``."""

    name = "glpi-json"

    def recognises(self, head: bytes) -> bool:
        """An inventory holds ``content``, and says who wrote it or of what machine."""
        return (
            head.lstrip(b"\xef\xbb\xbf \r\n\t[").startswith(b"{")
            and b'"content"' in head
            and any(
                key in head
                for key in (b'"deviceid"', b'"versionclient"', b'"hardware"', b'"accesslog"')
            )
        )

    def read(self, body: bytes, *, file: str, mapping: ColumnMapping | None = None) -> Upload:
        """Read the file; see :class:`bot.inventory.base.Importer`."""
        values = read_json(body, file=file)
        documents = values if isinstance(values, list) else [values]
        if not any(isinstance(document, dict) and "content" in document for document in documents):
            raise InventoryError(
                file,
                "aucun inventaire GLPI (clé « content »).",
                "Exportez avec glpi-agent --json --local.",
            )
        remarks: list[Remark] = []
        found = (_machine(number, document) for number, document in enumerate(documents, start=1))
        rows = machine_rows(found, remarks)
        return lines.upload(list(rows), file=file, format=self.name, remarks=remarks)


def _machine(number: int, document: Any) -> Machine | BadLine:
    content = document.get("content") if isinstance(document, dict) else None
    if not isinstance(content, dict):
        return BadLine(number, "document sans « content »")
    item = text_of(document.get("itemtype")).casefold()
    device = _section(content, "network_device")
    return _device(number, document, item, device) if device else _computer(number, document)


def _computer(number: int, document: Mapping[str, Any]) -> Machine | BadLine:
    content = document["content"]
    hardware, system = _section(content, "hardware"), _section(content, "operatingsystem")
    key = text_of(hardware.get("uuid")) or text_of(document.get("deviceid"))
    name = text_of(hardware.get("name")) or text_of(document.get("deviceid"))
    if not (key and name):
        return BadLine(number, "machine sans nom ni identifiant")
    product = text_of(system.get("full_name")) or text_of(system.get("name"))
    version, kernel = text_of(system.get("version")), text_of(system.get("kernel_version"))
    return Machine(
        key=key,
        name=name,
        category=computer_category(text_of(hardware.get("chassis_type")), product),
        product=product,
        version=system_version(product, version, kernel),
        location=text_of(document.get("tag")),
        software=tuple(_softwares(content)),
    )


def _device(
    number: int, document: Mapping[str, Any], item: str, device: Mapping[str, Any]
) -> Machine | BadLine:
    key = text_of(device.get("serial")) or text_of(document.get("deviceid"))
    name = text_of(device.get("name")) or key
    if not key:
        return BadLine(number, "équipement sans nom ni identifiant")
    firmware = text_of(device.get("firmware")) or next(
        (text_of(each.get("version")) for each in _list(document["content"], "firmwares")), ""
    )
    return Machine(
        key=key,
        name=name,
        category=_CATEGORIES.get(item, AssetCategory.NETWORK),
        vendor=text_of(device.get("manufacturer")),
        product=text_of(device.get("model")) or text_of(device.get("type")),
        version=firmware,
        location=text_of(device.get("location")),
    )


def _softwares(content: Mapping[str, Any]) -> Iterator[Software]:
    for each in _list(content, "softwares"):
        name = text_of(each.get("name"))
        if name:
            yield Software(
                name=name,
                version=text_of(each.get("version")),
                publisher=text_of(each.get("publisher")),
                origin=text_of(each.get("from")),
                kind=text_of(each.get("release_type")) or text_of(each.get("system_category")),
            )
    for each in _list(content, "databases_services"):
        yield Software(
            name=text_of(each.get("name")) or text_of(each.get("type")),
            version=text_of(each.get("version")),
            publisher=text_of(each.get("manufacturer")),
        )


def _section(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = content.get(key)
    return value if isinstance(value, dict) else {}


def _list(content: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = content.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
