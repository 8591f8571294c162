"""Inventories in the formats of the tools that hospitals have."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from bot.domain.facility import AssetCategory, BadLine, InventoryLine
from bot.inventory.base import InventoryError, Upload
from bot.inventory.registry import read_inventory

DATA = Path(__file__).parents[1] / "data" / "inventory"
WORKSTATION, SERVER = AssetCategory.WORKSTATION, AssetCategory.SERVER
NETWORK, BIOMEDICAL = AssetCategory.NETWORK, AssetCategory.BIOMEDICAL


def read(name: str) -> Upload:
    return read_inventory((DATA / name).read_bytes(), file=name)


def told(upload: Upload) -> list[tuple[str, str, str, str, AssetCategory]]:
    return [
        (line.name, line.vendor, line.product, line.version, line.category) for line in upload.lines
    ]


def test_glpi_agent_of_a_windows_workstation() -> None:
    upload = read("glpi-computer.json")
    assert upload.format == "glpi-json"
    assert told(upload) == [
        ("ADM-PC-014", "", "Microsoft Windows 11 Professionnel", "10.0.22631.5909", WORKSTATION),
        ("ADM-PC-014", "Mozilla", "Mozilla Firefox ESR (x64 fr)", "140.3.0", WORKSTATION),
        ("ADM-PC-014", "Igor Pavlov", "7-Zip 24.09 (x64)", "24.09", WORKSTATION),
        ("ADM-PC-014", "", "Composant sans version", "", WORKSTATION),
    ]
    assert {line.location for line in upload.lines} == {"Administration"}
    assert "non repris (1)" in upload.remarks[0].text


def test_glpi_agent_of_a_debian_server_leaves_its_packages_to_its_system() -> None:
    upload = read("glpi-server.json")
    assert told(upload) == [
        ("srv-web-01", "", "Debian GNU/Linux 12 (bookworm)", "12", SERVER),
        ("srv-web-01", "GitLab, Inc.", "gitlab-ee", "18.4.2-ee.0", SERVER),
        ("srv-web-01", "PostgreSQL", "PostgreSQL", "15.10", SERVER),
    ]


def test_glpi_network_equipment() -> None:
    upload = read("glpi-network.json")
    assert told(upload) == [("sw-b-01", "Cisco", "C9200L-48P-4G", "17.9.4a", NETWORK)]
    assert upload.lines[0].line_id == "DEMOSER0001"


def test_glpi_several_machines_in_one_file() -> None:
    documents = [json.loads((DATA / name).read_bytes()) for name in (
        "glpi-computer.json", "glpi-network.json")]  # fmt: skip
    array = read_inventory(json.dumps([*documents, {}]).encode(), file="parc.json")
    assert len(array.lines) == 5
    assert array.bad == (BadLine(3, "document sans « content »"),)
    lines = b"\n".join(json.dumps(document).encode() for document in documents)
    assert read_inventory(lines, file="parc.jsonl").lines == array.lines


def test_an_upgrade_told_by_an_agent_changes_the_line() -> None:
    before = (DATA / "glpi-computer.json").read_text(encoding="utf-8")
    after = before.replace("24.09", "25.01").replace("140.3.0", "140.5.0")
    ids = [
        {line.line_id for line in read_inventory(text.encode(), file="a").lines}
        for text in (before, after)
    ]
    assert ids[0] == ids[1]


def test_glpi_list_of_computers_in_csv() -> None:
    assert told(read("glpi-computers.csv")) == [
        ("ADM-PC-014", "", "Microsoft Windows 11 Professionnel", "10.0.22631", WORKSTATION),
        ("srv-ad-01", "", "Microsoft Windows Server 2019 Standard", "10.0.17763", SERVER),
    ]


def test_glpi_list_of_software_in_csv_has_a_line_for_each_version() -> None:
    upload = read("glpi-software.csv")
    assert [(line.vendor, line.product, line.version) for line in upload.lines] == [
        ("Mozilla", "Mozilla Firefox", "140.3.0"),
        ("Mozilla", "Mozilla Firefox", "144.0.2"),
        ("Igor Pavlov", "7-Zip", "24.09"),
    ]
    assert len({line.line_id for line in upload.lines}) == 3


def test_ocs_agent() -> None:
    upload = read("ocs-agent.xml")
    assert upload.format == "ocs-xml"
    assert told(upload) == [
        ("URG-PC-007", "", "Microsoft Windows 10 Professionnel", "10.0.19045", WORKSTATION),
        ("URG-PC-007", "Google LLC", "Google Chrome", "142.0.7444.60", WORKSTATION),
    ]
    packed = zlib.compress((DATA / "ocs-agent.xml").read_bytes())
    assert read_inventory(packed, file="URG-PC-007.ocs").lines == upload.lines
    assert "00000-00000" not in repr(upload)  # licence keys are nobody's business here


def test_ocs_server_export_does_not_take_a_kernel_for_a_release() -> None:
    upload = read("ocs-computers.xml")
    system = "Debian GNU/Linux 12 (bookworm)"
    assert told(upload) == [("srv-impression", "", system, "", SERVER)]
    assert upload.lines[0].location == "Salle serveurs"
    assert [bad.number for bad in upload.bad] == [2]


def test_ocs_network_inventory() -> None:
    assert told(read("ocs-network.xml")) == [
        ("fw-01", "Fortinet", "FortiGate 100F", "v7.2.8", NETWORK)
    ]


def test_cyclonedx_json_of_a_medical_device() -> None:
    upload = read("cyclonedx.json")
    assert [(line.vendor, line.product, line.version) for line in upload.lines] == [
        ("Philips", "IntelliVue MX700", "M.04"),
        ("Microsoft", "Windows 10 IoT Enterprise LTSC", "10.0.17763.6414"),
        ("org.apache.logging.log4j", "log4j-core", "2.14.1"),
        ("", "jackson-databind", "2.13.0"),
        ("", "@angular/core", "17.0.0"),
    ]
    assert {line.category for line in upload.lines} == {BIOMEDICAL}
    assert upload.lines[1].cpe.startswith("cpe:2.3:o:microsoft:windows_10_1809")
    assert upload.lines[2].line_id.endswith("log4j/log4j-core")  # no version: it will change
    assert upload.bad == (BadLine(5, "composant sans nom"),)


def test_cyclonedx_xml() -> None:
    assert [(line.vendor, line.product, line.version) for line in read("cyclonedx.xml").lines] == [
        ("", "Portail patient", "3.2"),
        ("Apache Software Foundation", "tomcat-embed-core", "9.0.85"),
        ("", "ecj", "3.26"),
    ]


def test_mercator_one_kind_of_object() -> None:
    upload = read("mercator-workstations.json")
    assert upload.format == "mercator-json"
    assert told(upload) == [
        ("PC-COMPTA-01", "", "Windows 11 Pro 23H2", "", WORKSTATION),
        ("PC-SANS-SYSTEME", "Lenovo", "ThinkPad T14", "", WORKSTATION),
    ]
    assert upload.bad == (BadLine(3, "objet sans nom"),)


def test_mercator_several_kinds_of_objects() -> None:
    upload = read("mercator-map.json")
    assert told(upload) == [
        ("Messagerie", "zimbra", "Zimbra Collaboration", "10.1.4", SERVER),
        ("DPI Horizon", "Éditeur régional", "DPI Horizon", "", SERVER),
        ("srv-mail-01", "", "Debian 12", "", SERVER),
        ("sw-01", "", "Cisco C9200L", "", NETWORK),
        ("echo-01", "GE Healthcare", "Vivid E95", "204", BIOMEDICAL),
    ]
    assert upload.ignored == ("macro-processuses",)


def test_what_a_gmao_lists_is_biomedical_whatever_it_is_called() -> None:
    text = "Code CNEH;Désignation;Marque;Modèle\n1;Automate;Roche;cobas 8000\n;Chariot;X;Y\n"
    upload = read_inventory(text.encode(), file="gmao.csv")
    assert {line.category for line in upload.lines} == {AssetCategory.BIOMEDICAL}


def test_gmao_export_tells_the_device_from_its_system() -> None:
    upload = read("gmao.csv")
    assert upload.format == "gmao-csv"
    assert told(upload) == [
        ("Échographe cardiaque", "GE HEALTHCARE", "VIVID E95", "204", BIOMEDICAL),
        ("Échographe cardiaque", "", "Windows 10 IoT", "", BIOMEDICAL),
        ("Pompe à perfusion", "B. BRAUN", "INFUSOMAT SPACE", "", BIOMEDICAL),
        ("Automate de biochimie", "ROCHE", "COBAS 8000", "06-05", BIOMEDICAL),
    ]
    assert [line.line_id for line in upload.lines][:2] == ["BM-00412", "BM-00412/os"]


def workbook() -> bytes:
    book = Workbook()
    servers = book.active
    assert servers is not None
    servers.title = "Serveurs"
    servers.append(["Parc au 2 novembre"])
    servers.append(["Nom", "Produit", "Version", "Nombre"])
    servers.append(["srv-1", "Tomcat", 9.1, 1])
    servers["C3"].number_format = "0.00"
    servers.append(["srv-2", "ESXi", date(2026, 3, 8), 12])
    servers.append(["srv-3", "Centreon", 24, True])
    devices = book.create_sheet("Biomédical")
    devices.append(["Marque", "Modèle", "Version"])
    devices.append(["Dräger", "Evita V500", "2.60"])
    devices.append([None, None, "2.61"])
    notes = book.create_sheet("Notes")
    notes.append(["rien d'utile"])
    hidden = book.create_sheet("Ancien")
    hidden.append(["Produit"])
    hidden.append(["Windows XP"])
    hidden.sheet_state = "hidden"
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


def test_workbook_reads_each_sheet_that_has_a_header() -> None:
    upload = read_inventory(workbook(), file="parc.xlsx")
    assert upload.format == "xlsx"
    assert told(upload) == [
        ("srv-1", "", "Tomcat", "9.10", SERVER),
        ("srv-2", "", "ESXi", "", SERVER),
        ("srv-3", "", "Centreon", "24", SERVER),
        ("", "Dräger", "Evita V500", "2.60", BIOMEDICAL),
    ]
    assert upload.lines[1].quantity == 12
    assert [(bad.number, "« Biomédical »" in bad.reason) for bad in upload.bad] == [(3, True)]
    assert any("08/03/2026" in remark.text for remark in upload.remarks)
    assert "feuille « Notes »" in upload.ignored


def archive(**members: bytes) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return body.getvalue()


def test_an_archive_of_machines_is_one_inventory() -> None:
    body = archive(**{
        name: (DATA / name).read_bytes()
        for name in ("glpi-computer.json", "glpi-server.json", "ocs-agent.xml")
    }, **{"abîmé.xml": b"<REQUEST><CONTENT>"})  # fmt: skip
    upload = read_inventory(body, file="parc.zip")
    assert upload.format == "zip (glpi-json, ocs-xml)"
    assert len(upload.lines) == 9
    assert "abîmé.xml" in upload.bad[0].reason
    assert len({line.line_id for line in upload.lines}) == 9


BOMB = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>
<REQUEST><CONTENT><HARDWARE><NAME>&b;</NAME></HARDWARE></CONTENT></REQUEST>"""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (BOMB, "DOCTYPE"),
        (b"<REQUEST>" + b"<a>" * 5_000, "imbriqu"),
        (b"<REQUEST><CONTENT>", "ligne 1"),
        (b"<REQUEST><CONTENT/></REQUEST>", "aucun ordinateur"),
        (b"\x78\x9cgarbage", "zlib"),
        (zlib.compress(BOMB)[:40], "zlib"),
        (b'{"content": {"hardware": ', "ligne 1"),
        (b'{"content": ["hardware"]}', "aucune ligne utilisable"),
        (b'[{"operating_system":' + b"[" * 100_000, "JSON"),
        (b'{"bomFormat": "CycloneDX", "components": []}', "aucune ligne utilisable"),
        (b'{"workstations": 3}', "aucun objet de Mercator"),
        (workbook()[:2_000], "abîm"),
        (archive(a=b"%PDF-1"), "aucun inventaire lisible"),
        (archive(**{"a.zip": archive(b=b"Produit\nTomcat\n")}), "archive dans une archive"),
    ],
)
def test_a_damaged_export_is_refused_in_one_line(body: bytes, words: str) -> None:
    with pytest.raises(InventoryError, match=words) as refusal:
        read_inventory(body, file="export")
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).startswith("export : ")


def test_a_workbook_that_grows_without_end_is_refused_before_it_does() -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("[Content_Types].xml", "")
        with opened.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(520):
                sheet.write(bytes(1024 * 1024))
    with pytest.raises(InventoryError, match="520 Mio"):
        read_inventory(body.getvalue(), file="bombe.xlsx")


def test_the_format_can_be_chosen_and_the_nearest_is_named() -> None:
    body = b"Produit;Version\nTomcat;9\n"
    assert read_inventory(body, file="a", format="csv").lines[0].product == "Tomcat"
    with pytest.raises(InventoryError, match="ocs-xml"):
        read_inventory(body, file="a", format="ocs")


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.iterdir()))
def test_what_is_read_twice_is_the_same(name: str) -> None:
    lines: tuple[InventoryLine, ...] = read(name).lines
    assert read(name).lines == lines
    assert len({line.line_id for line in lines}) == len(lines)
