"""OCS Inventory's XML, which FusionInventory's and older GLPI agents write too.

Sources: ocsinventory-ng.org, "Web services" (``COMPUTERS``/``COMPUTER`` with ``HARDWARE`` and
``SOFTWARES``), and glpi-project/inventory_format, ``original.md`` and
``original-netinventory.md`` (``REQUEST``/``CONTENT``, ``DEVICE``/``INFO``). A file may be
compressed by zlib, as OCS agents write ``.ocs`` files.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from bot.domain.facility import AssetCategory, BadLine
from bot.inventory import lines
from bot.inventory.base import ColumnMapping, InventoryError, Remark, Upload
from bot.inventory.documents import child, inflate, read_xml
from bot.inventory.machines import (
    Machine,
    Software,
    computer_category,
    machine_rows,
    system_version,
)

_TYPES = {
    "PRINTER": AssetCategory.WORKSTATION,
    "COMPUTER": AssetCategory.SERVER,
    "STORAGE": AssetCategory.SERVER,
}


class OcsImporter:
    """An agent's inventory, or an export of several computers."""

    name = "ocs-xml"

    def recognises(self, head: bytes) -> bool:
        """XML that speaks of hardware or of a device's information, or a zlib stream."""
        if head.startswith((b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")):
            return True
        return head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and any(
            mark in head
            for mark in (b"<REQUEST", b"<HARDWARE", b"<COMPUTERS", b"<OCS", b"<DEVICE>")
        )

    def read(self, body: bytes, *, file: str, mapping: ColumnMapping | None = None) -> Upload:
        """Read the file; see :class:`bot.inventory.base.Importer`."""
        root = read_xml(inflate(body, file=file), file=file)
        machines = list(_machines(root))
        if not machines:
            raise InventoryError(
                file,
                "aucun ordinateur (élément HARDWARE) ni équipement (élément DEVICE).",
                "Exportez l'inventaire complet depuis OCS ou son agent (--local).",
            )
        remarks: list[Remark] = []
        rows = list(machine_rows(machines, remarks))
        return lines.upload(rows, file=file, format=self.name, remarks=remarks)


def _machines(root: Element) -> Iterator[Machine | BadLine]:
    number = 0
    device_id = child(root, "DEVICEID")
    for element in root.iter():
        if element.find("HARDWARE") is not None:
            number += 1
            yield _computer(number, element, child(element, "DEVICEID") or device_id)
        elif element.tag == "DEVICE" and element.find("INFO") is not None:
            number += 1
            yield _device(number, element)


def _computer(number: int, element: Element, device_id: str) -> Machine | BadLine:
    name = child(element, "HARDWARE/NAME")
    key = child(element, "HARDWARE/UUID") or device_id or name
    if not key:
        return BadLine(number, "machine sans nom ni identifiant (NAME, UUID, DEVICEID)")
    system = child(element, "OPERATINGSYSTEM/FULL_NAME") or child(element, "HARDWARE/OSNAME")
    windows = "windows" in system.casefold()
    # HARDWARE/OSVERSION is the build of a Windows but the kernel of a Linux
    kernel = child(element, "OPERATINGSYSTEM/KERNEL_VERSION") or child(
        element, "HARDWARE/OSVERSION"
    )
    version = child(element, "OPERATINGSYSTEM/VERSION")
    return Machine(
        key=key,
        name=name or key,
        category=computer_category(
            child(element, "HARDWARE/CHASSIS_TYPE") or child(element, "BIOS/TYPE"), system
        ),
        product=system,
        version=system_version(system, version, kernel if windows else ""),
        location=_tag(element),
        software=tuple(
            Software(
                name=child(each, "NAME"),
                version=child(each, "VERSION"),
                publisher=child(each, "PUBLISHER"),
                origin=child(each, "FROM"),
                kind=child(each, "RELEASE_TYPE"),
            )
            for each in element.iterfind("SOFTWARES")
            if child(each, "NAME")
        ),
    )


def _device(number: int, element: Element) -> Machine | BadLine:
    info = element.find("INFO")
    assert info is not None
    key = child(info, "SERIAL") or child(info, "MAC") or child(info, "NAME")
    if not key:
        return BadLine(number, "équipement sans nom, sans série et sans adresse MAC")
    kind = child(info, "TYPE").upper()
    return Machine(
        key=key,
        name=child(info, "NAME") or key,
        category=_TYPES.get(kind, AssetCategory.NETWORK),
        vendor=child(info, "MANUFACTURER"),
        product=child(info, "MODEL") or child(info, "DESCRIPTION") or kind,
        version=child(info, "FIRMWARE") or child(element, "FIRMWARES/VERSION"),
        location=child(info, "LOCATION"),
    )


def _tag(element: Element) -> str:
    """The entity the agent was given: ``ACCOUNTINFO`` with the key ``TAG``."""
    for each in element.iterfind("ACCOUNTINFO"):
        if child(each, "KEYNAME").upper() == "TAG":
            return child(each, "KEYVALUE")
    return child(element, "ACCOUNTINFO/TAG")
