"""Inventories as French spreadsheets write them, and as they break them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.facility import AssetCategory, InventoryLine
from bot.inventory.base import ColumnMapping, InventoryError, Upload
from bot.inventory.csvfile import CsvImporter
from bot.inventory.report import describe_upload

DEMO = Path(__file__).parents[2] / "config" / "demo" / "inventories"
HEADER = "N° inventaire;Catégorie;Nom;Éditeur;Produit;Version;Exposé Internet;Nombre"


def read(
    text: str | bytes, encoding: str = "utf-8", mapping: ColumnMapping | None = None
) -> Upload:
    body = text if isinstance(text, bytes) else text.encode(encoding)
    return CsvImporter().read(body, file="parc.csv", mapping=mapping)


def only(text: str) -> InventoryLine:
    (line,) = read(text).lines
    return line


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "cp850", "utf-16", "utf-16-le"]
)
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_way_to_write_a_table_gives_the_same_lines(
    encoding: str, separator: str, end: str
) -> None:
    rows = [HEADER, "A1;Serveur;srv-été;Citrix;NetScaler ADC;NS13.1: Build 48.47;oui;3", ""]
    read_back = read(end.join(rows).replace(";", separator), encoding)
    assert read_back.lines == (
        InventoryLine(
            "A1", AssetCategory.SERVER, "srv-été", "Citrix", "NetScaler ADC",
            "NS13.1: Build 48.47", exposed=True, quantity=3,
        ),
    )  # fmt: skip
    assert not read_back.bad
    assert not read_back.ignored


@pytest.mark.parametrize(
    ("name", "count", "encoding"),
    [
        ("590999017", 52, "cp1252"),
        ("620999029", 20, "utf-8"),
        ("690999032", 13, "utf-8"),
        ("974999054", 14, "utf-16"),
        ("2A0999066", 11, "utf-8"),
    ],
)
def test_the_demonstration_is_read_whole(name: str, count: int, encoding: str) -> None:
    upload = read((DEMO / f"{name}.csv").read_bytes())
    assert (len(upload.lines), upload.encoding) == (count, encoding)
    assert not upload.bad
    assert not upload.unknown_categories


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("NOM DE MACHINE;Produit", "name"),
        ("hostname;Software", "name"),
        ("Système d’exploitation;Fabricant", "maker"),
        ("version_firmware;modèle", "version"),
        ("  Emplacement ;Désignation", "location"),
        ("Quantité;Product Name", "quantity"),
    ],
)
def test_headers_are_known_in_both_languages(header: str, field: str) -> None:
    upload = read(f"{header}\na;b\n")
    assert field in upload.mapping.columns


def test_titles_above_the_header_are_passed_over() -> None:
    upload = read(f"Parc au 02/11/2026;;;;;;;\n;;;;;;;\n{HEADER}\nA1;;;;Tomcat;9.0.85;;\n")
    assert [line.product for line in upload.lines] == ["Tomcat"]
    bad = read(f"Parc;;;;;;;\n{HEADER}\nA1;;;;;;;2\nA2;;;;Tomcat;9;;\n").bad
    assert [line.number for line in bad] == [3]


def test_excel_s_separator_line_is_obeyed() -> None:
    assert only("sep=|\nProduit|Version\nTomcat, le vrai|9.0.85\n").product == "Tomcat, le vrai"


def test_a_bad_line_hides_no_other() -> None:
    upload = read(
        f"{HEADER}\n"
        "A1;Serveur;s1;Apache;Tomcat;9.0.85;non;1\n"
        "A2;Serveur;s2;Apache;Tomcat;9.0;85;non;1\n"
        ";;;;;;oui;\n"
        "\n"
        'A3;Serveur;"s3;Apache;Tomcat;9.0.86;non;1\n'
        "A4;Serveur;s4;Apache;Tom\x00\x01cat;9.0.87;non;1\n"
        "A5;Serveur;s5;Apache;Tomcat;9.0.88;non;1\n"
    )
    assert [line.line_id for line in upload.lines] == ["A1", "A5"]
    assert [bad.number for bad in upload.bad] == [3, 4, 6, 7]
    assert "séparateur" in upload.bad[0].reason
    assert "guillemet" in upload.bad[2].reason


def test_one_wrongly_encoded_line_leaves_the_accents_of_the_others() -> None:
    rows = [HEADER.encode(), "A1;;é;;Tomcat;1;;".encode(), "A2;;é;;Tomcat;1;;".encode("cp1252")]
    upload = read(b"\n".join([*rows, b""]))
    assert [line.name for line in upload.lines] == ["é"]
    assert [bad.number for bad in upload.bad] == [3]


def test_a_quoted_cell_may_hold_separators_quotes_and_line_ends() -> None:
    line = only('Nom;Produit;Version\n"a;b ""c""\nd";Tomcat;"9.0.85"\n')
    assert (line.name, line.version) == ('a;b "c" d', "9.0.85")


def test_an_inch_mark_is_no_quote() -> None:
    assert only('Nom;Produit\nécran 24" Dell;Moniteur\n').name == 'écran 24" Dell'


def test_a_file_cut_in_a_line_says_so() -> None:
    upload = read(f"{HEADER}\nA1;Serveur;s1;Apache;Tomcat;9.0.85;non;1\nA2;Serveur;s2;Ap")
    assert [line.line_id for line in upload.lines] == ["A1"]
    assert "coupée" in upload.bad[0].reason


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "vide"),
        (b"\xff\xfe\x00\x00", "vide"),
        (b"PK\x03\x04rest of a workbook", "ZIP"),
        (b"%PDF-1.7 ...", "PDF"),
        (bytes(range(256)) * 40, "illisibles"),
        (b"<html><body>maintenance</body></html>", "page web"),
        (b"{}", "JSON"),
        (b"[]", "JSON"),
        (b'[\n {"name": "srv-01"}\n]\n', "JSON"),
        (b"Col A;Col B\n1;2\n3;4\n", "Col A"),
        (b"Nom;Version\nsrv;1\nsrv2;2\n", "aucune colonne ne dit quel est le produit"),
        (b"Produit;Version\n;1\n", "aucune ligne utilisable"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(body: bytes, words: str) -> None:
    with pytest.raises(InventoryError, match=words) as refusal:
        read(body)
    assert str(refusal.value).startswith("parc.csv : ")
    assert "\n" not in str(refusal.value)
    assert refusal.value.remedy


def test_the_refusal_names_the_columns_found_known_and_expected() -> None:
    with pytest.raises(InventoryError) as refusal:
        read("Nom;Date d'achat\nsrv;2020\nsrv2;2021\n")
    assert "« Nom » (Nom)" in str(refusal.value)
    assert "« Date d'achat »" in str(refusal.value)
    assert "Modèle, Désignation" in str(refusal.value)


def test_what_was_read_is_said_in_french() -> None:
    upload = read("Nom;Logiciel;Version\npc-1;Firefox;145\npc-2;Fire")
    said = describe_upload(upload)
    assert "Colonnes : Nom = « Nom », Produit = « Logiciel », Version = « Version »." in said
    assert said[-1].endswith("le fichier est-il complet ?")


def test_a_chosen_column_wins_and_its_absence_is_an_error() -> None:
    mapping = ColumnMapping({"product": "Truc", "version": "V."}, fixed=True)
    upload = read("Truc;V.;Produit\nTomcat;9.0.85;autre\n", mapping=mapping)
    assert (upload.lines[0].product, upload.lines[0].version) == ("Tomcat", "9.0.85")
    assert upload.ignored == ("Produit",)
    assert ColumnMapping.from_json(upload.mapping.to_json()) == upload.mapping
    with pytest.raises(InventoryError, match=r"« V\. ».*« Version ».*manque"):
        read("Truc;Vers\nTomcat;9.0.85\n", mapping=mapping)
    with pytest.raises(InventoryError, match="Le plus proche est « version »"):
        read("Truc;V.\na;b\n", mapping=ColumnMapping({"versoin": "V."}))


def test_a_list_of_products_needs_no_header() -> None:
    upload = read("Windows Server 2019, build 17763\nFirefox ESR 140.3\n\nFortiGate 7.4.9; site 2")
    assert [line.product for line in upload.lines] == [
        "Windows Server 2019, build 17763",
        "Firefox ESR 140.3",
        "FortiGate 7.4.9; site 2",
    ]
    assert upload.mapping.free_text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ('="07.10"', "07.10"),
        ("'9.0", "9.0"),
        ("9,2", "9.2"),
        ("n/a", ""),
        ("#N/A", ""),
        (" 13.1   48.47 ", "13.1 48.47"),
        ("janv-17", ""),
        ("12/03/2026", ""),
        ("2021-05", "2021-05"),
        ("May 2024", "May 2024"),
    ],
)
def test_what_a_spreadsheet_does_to_a_version(typed: str, kept: str) -> None:
    upload = read(f"Produit;Version\nTomcat;{typed}\n")
    assert upload.lines[0].version == kept
    assert bool(upload.remarks) == (typed in {"janv-17", "12/03/2026"})


def test_doubts_are_kept_on_the_safe_side_and_said() -> None:
    upload = read(f"{HEADER}\nA1;Bidule;s;;Tomcat;9;peut-être;zéro\n")
    line = upload.lines[0]
    assert line.exposed
    assert line.quantity == 1
    assert line.category is AssetCategory.SERVER
    assert upload.unknown_categories == (("Bidule", 1),)
    assert [remark.number for remark in upload.remarks] == [2, 2]


@pytest.mark.parametrize(
    ("product", "category"),
    [
        ("Windows 11 Entreprise", AssetCategory.WORKSTATION),
        ("Windows Server 2022", AssetCategory.SERVER),
        ("FortiGate 100F", AssetCategory.NETWORK),
        ("Philips IntelliVue MX700", AssetCategory.BIOMEDICAL),
        ("Firefox ESR", AssetCategory.WORKSTATION),
        ("Échographe GE Healthcare", AssetCategory.BIOMEDICAL),
        ("Logiciel inconnu", AssetCategory.SERVER),
    ],
)
def test_the_product_suggests_its_category(product: str, category: AssetCategory) -> None:
    assert only(f"Produit;Version\n{product};1\n").category is category


def test_a_model_names_what_a_designation_describes() -> None:
    line = only("Code équipement;Désignation;Marque;Modèle\nE1;Échographe;GE;Vivid E95\n")
    assert (line.product, line.name) == ("Vivid E95", "Échographe")
    assert line.category is AssetCategory.BIOMEDICAL


def test_an_upgrade_keeps_the_line_and_the_order_of_the_file_does_not_matter() -> None:
    before = read("Nom;Produit;Version\na;Tomcat;9.0.85\nb;Tomcat;9.0.85\n;7-Zip;1\n;7-Zip;2\n")
    after = read("Nom;Produit;Version\n;7-Zip;2\nb;Tomcat;9.0.99\n;7-Zip;1\na;Tomcat;9.0.85\n")
    assert {line.line_id for line in before.lines} == {line.line_id for line in after.lines}
    assert len({line.line_id for line in before.lines}) == 4


def test_the_products_of_one_machine_share_its_number_without_being_lost() -> None:
    upload = read(
        "N° inventaire;Produit;Version\nPC1;Firefox;145\nPC1;7-Zip;24\nPC1;7-Zip;24\nPC2;7-Zip;9\n"
    )
    assert len({line.line_id for line in upload.lines}) == len(upload.lines) == 3
    assert upload.copies == 1
    assert "PC1" in {line.line_id for line in upload.lines}


@pytest.mark.parametrize(
    ("typed", "product", "quantity"),
    [
        ("Windows 10 22H2 x 140 postes", "Windows 10 22H2", 140),
        ("Firefox 145.0, 12 PC", "Firefox 145.0", 12),
        ("Windows 11 (2140 postes)", "Windows 11", 2140),
        ("3 x PC Windows 11 23H2", "Windows 11 23H2", 3),
        ("12 postes sous Windows 10", "Windows 10", 12),
        ("2x Synology DS920+", "Synology DS920+", 2),
        ("3Com Switch 4210", "3Com Switch 4210", 1),
        ("7-Zip 23", "7-Zip 23", 1),
        ("Windows 10 x 64", "Windows 10 x 64", 1),
        ("Catalyst 2960 X 48", "Catalyst 2960 X 48", 1),
        ("Windows Server 2019", "Windows Server 2019", 1),
    ],
)
def test_a_line_in_words_may_say_how_many(typed: str, product: str, quantity: int) -> None:
    line = only(f"Équipement\n{typed}\n")
    assert (line.product, line.quantity) == (product, quantity)


def test_an_id_that_somebody_typed_like_one_that_is_made_loses_no_line() -> None:
    rows = "N° inventaire;Produit;Version\nPC1;Firefox;145\nPC1;7-Zip;24\n"
    made = next(line.line_id for line in read(rows).lines if "/" in line.line_id)
    upload = read(f"{rows}{made};Tomcat;9\n")
    assert len({line.line_id for line in upload.lines}) == len(upload.lines) == 3
