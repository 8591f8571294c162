"""Mercator's cartography, as its REST API gives it: JSON.

One kind of object (``GET /api/workstations``: an array, or ``{"data": [...]}``), or several
under the names of their endpoints (``{"workstations": [...], "logical-servers": [...]}``).
Source: dbarzin/mercator, ``routes/api.php``, ``docs/vulnerabilities.fr.md`` (fields ``vendor``,
``product``, ``version``) and the models' ``operating_system``. Its ``.xlsx`` exports are read as
workbooks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.facility import AssetCategory, BadLine
from bot.inventory import lines
from bot.inventory.base import ColumnMapping, InventoryError, Upload
from bot.inventory.categories import from_word
from bot.inventory.documents import read_json, text_of
from bot.inventory.lines import Row

CATEGORIES = {
    "workstations": AssetCategory.WORKSTATION,
    "peripherals": AssetCategory.WORKSTATION,
    "logical-servers": AssetCategory.SERVER,
    "physical-servers": AssetCategory.SERVER,
    "storage-devices": AssetCategory.SERVER,
    "applications": AssetCategory.SERVER,
    "application-modules": AssetCategory.SERVER,
    "databases": AssetCategory.SERVER,
    "containers": AssetCategory.SERVER,
    "network-switches": AssetCategory.NETWORK,
    "physical-switches": AssetCategory.NETWORK,
    "routers": AssetCategory.NETWORK,
    "physical-routers": AssetCategory.NETWORK,
    "wifi-terminals": AssetCategory.NETWORK,
    "security-devices": AssetCategory.NETWORK,
    "physical-security-devices": AssetCategory.NETWORK,
    "phones": AssetCategory.NETWORK,
}
_SOFTWARE = {"applications", "application-modules"}  # the name is the product's


class MercatorImporter:
    """Objects of Mercator that are equipment or software; the others are left out."""

    name = "mercator-json"

    def recognises(self, head: bytes) -> bool:
        """JSON of objects that have Mercator's keys."""
        return head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"[", b"{")) and any(
            key in head
            for key in (b'"operating_system"', b'"bay_id"', b'"building_id"', b'"site_id"',
                        b'"security_need_c"', b'"entity_resp_id"', b'"address_ip"',
                        *(f'"{endpoint}"'.encode() for endpoint in CATEGORIES))
        )  # fmt: skip

    def read(self, body: bytes, *, file: str, mapping: ColumnMapping | None = None) -> Upload:
        """Read the file; see :class:`bot.inventory.base.Importer`."""
        values = read_json(body, file=file)
        groups = _groups(values)
        if not groups:
            raise InventoryError(
                file,
                "aucun objet de Mercator reconnu.",
                f"Attendus, un tableau ou un objet dont les clés sont : {', '.join(CATEGORIES)}.",
            )
        ignored = (
            tuple(key for key in values if _endpoint(key) not in CATEGORIES and key != "data")
            if isinstance(values, dict)
            else ()
        )
        return lines.upload(list(_rows(groups)), file=file, format=self.name, ignored=ignored)


def _groups(values: object) -> dict[str, list[Any]]:
    """The arrays of objects by endpoint; the endpoint is empty when the file does not say."""
    if isinstance(values, list):
        return {"": values}
    if not isinstance(values, dict):
        return {}
    groups = {}
    for key, value in values.items():
        objects = value.get("data") if isinstance(value, dict) else value
        endpoint = "" if key == "data" else _endpoint(key)
        if isinstance(objects, list) and (not endpoint or endpoint in CATEGORIES):
            groups[endpoint] = objects
    return groups


def _endpoint(key: str) -> str:
    return key.removeprefix("/api/").replace("_", "-").strip("/")


def _rows(groups: Mapping[str, list[Any]]) -> Iterator[Row | BadLine]:
    number = 0
    for endpoint, objects in groups.items():
        for each in objects:
            number += 1
            if not isinstance(each, dict) or not text_of(each.get("name")):
                yield BadLine(number, "objet sans nom")
            elif not each.get("deleted_at"):
                yield from _object(number, endpoint, each)


def _object(number: int, endpoint: str, values: Mapping[str, Any]) -> Iterator[Row]:
    name, kind = text_of(values.get("name")), text_of(values.get("type"))
    system = text_of(values.get("operating_system"))
    product = text_of(values.get("product")) or (name if endpoint in _SOFTWARE else "")
    category = CATEGORIES.get(endpoint) or from_word(kind)
    if from_word(kind) is AssetCategory.BIOMEDICAL:
        category = AssetCategory.BIOMEDICAL
    key = text_of(values.get("id"))
    row = Row(
        number,
        id=f"{endpoint}/{key}".removeprefix("/") if key else "",
        name=name,
        vendor=text_of(values.get("vendor")) or text_of(values.get("editor")),
        product=product,
        version=text_of(values.get("version")),
        default=category,
    )
    if system:
        yield row._replace(
            id=f"{row.id}/os" if product and row.id else row.id,
            vendor="",
            product=system,
            version="" if product else row.version,
        )
    if product:
        yield row
    elif not system:  # a switch often has nothing but a type, which holds its model
        yield row._replace(
            vendor=row.vendor or text_of(values.get("manufacturer")),
            product=text_of(values.get("model")) or kind,
        )
