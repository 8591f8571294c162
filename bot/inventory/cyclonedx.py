"""CycloneDX software bills of materials, JSON or XML: what a product or a device is made of.

Source: CycloneDX 1.2 to 1.6, ``components`` (nested) and ``metadata.component``. Read value by
value: a component that does not follow the schema is one bad line, not a refused file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from bot.domain.facility import AssetCategory, BadLine
from bot.inventory import lines
from bot.inventory.base import ColumnMapping, InventoryError, Upload
from bot.inventory.categories import from_product
from bot.inventory.documents import child, read_json, read_xml, text_of
from bot.inventory.lines import Row

DEEPEST = 20  # components one in another
LONGEST_PURL = 256  # characters, the width of its column in the store: half a purl is another one


class CycloneDxImporter:
    """A bill of materials; its subject is the first line, each component one more."""

    name = "cyclonedx"

    def recognises(self, head: bytes) -> bool:
        """``bomFormat`` in JSON, the namespace in XML."""
        return b'"CycloneDX"' in head or b"cyclonedx.org/schema/bom" in head

    def read(self, body: bytes, *, file: str, mapping: ColumnMapping | None = None) -> Upload:
        """Read the file; see :class:`bot.inventory.base.Importer`."""
        xml = body.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
        bom: Any = _bom(read_xml(body, file=file)) if xml else read_json(body, file=file)
        if not isinstance(bom, dict) or bom.get("bomFormat") != "CycloneDX":
            raise InventoryError(
                file, "pas un SBOM CycloneDX.", "Exportez-le en CycloneDX, JSON ou XML."
            )
        return lines.upload(list(_rows(bom)), file=file, format=self.name)


def _rows(bom: Mapping[str, Any]) -> Iterator[Row | BadLine]:
    metadata = bom.get("metadata")
    subject = metadata.get("component") if isinstance(metadata, dict) else None
    root = subject if isinstance(subject, dict) else {}
    name = " ".join(filter(None, (text_of(root.get("name")), text_of(root.get("version")))))
    category = from_product(_vendor(root), text_of(root.get("name")))
    device = category if category is AssetCategory.BIOMEDICAL else None
    everything = (
        [root, *_flat(bom.get("components"), 0)] if root else _flat(bom.get("components"), 0)
    )
    for number, component in enumerate(everything, start=1):
        if not isinstance(component, dict) or not text_of(component.get("name")):
            yield BadLine(number, "composant sans nom")
            continue
        yield _row(number, component, name, text_of(root.get("name")), device)


def _row(
    number: int,
    component: Mapping[str, Any],
    subject: str,
    subject_name: str,
    category: AssetCategory | None,
) -> Row:
    product, group = text_of(component.get("name")), text_of(component.get("group"))
    purl = text_of(component.get("purl")).split("?")[0].split("#")[0]
    before, at, after = purl.rpartition("@")
    identity = before if at and "/" not in after else purl
    return Row(
        number,
        id=f"{subject_name}/{identity or f'{group}/{product}'}",
        name=subject,
        vendor=_vendor(component),
        product=product,
        version=text_of(component.get("version")),
        cpe=text_of(component.get("cpe")) or (identity if len(identity) <= LONGEST_PURL else ""),
        default=category,
    )


def _vendor(component: Mapping[str, Any]) -> str:
    for key in ("supplier", "manufacturer"):
        value = component.get(key)
        if isinstance(value, dict) and (name := text_of(value.get("name"))):
            return name
    return text_of(component.get("publisher")) or text_of(component.get("group"))


def _flat(components: object, depth: int) -> list[Any]:
    """The components and those within them, in the order of the file."""
    found: list[Any] = []
    for component in components if isinstance(components, list) else []:
        found.append(component)
        if isinstance(component, dict) and depth < DEEPEST:
            found += _flat(component.get("components"), depth + 1)
    return found


def _bom(root: Element) -> dict[str, Any]:
    """The XML form, with the keys of the JSON one."""
    if root.tag != "bom":
        return {}
    subject = root.find("metadata/component")
    return {
        "bomFormat": "CycloneDX",
        "metadata": {"component": _component(subject)} if subject is not None else {},
        "components": [_component(each) for each in root.iterfind("components/component")],
    }


def _component(element: Element) -> dict[str, Any]:
    return {
        **{
            key: child(element, key)
            for key in ("group", "name", "version", "cpe", "purl", "publisher")
        },
        "supplier": {"name": child(element, "supplier/name")},
        "manufacturer": {"name": child(element, "manufacturer/name")},
        "components": [_component(each) for each in element.iterfind("components/component")],
    }
