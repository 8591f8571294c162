"""Facilities, their authorities and their FINESS numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.facility import (
    BadLine,
    Facility,
    FacilityKind,
    FinessError,
    Function,
    check_finess,
    luhn_sum,
)
from bot.inventory.authorities import Authorities, AuthoritiesError
from bot.inventory.base import InventoryError
from bot.inventory.facilities import FacilityUpload, read_facilities
from bot.inventory.finess import read_extract

CONFIG = Path(__file__).parents[2] / "config"
EXTRACT = (
    "finess;etalab;94;2026-11-10\n"
    "structureet;590999017;590999025;CHU DEMO;CENTRE HOSPITALIER  UNIVERSITAIRE DEMO;;;1;R;DES;;;"
    "350;59;NORD;59000 DEMO;0300000000;;355;Centre Hospitalier (C.H.);1102;Centres Hospitaliers\n"
    "structureet;590999018;590999025;FAUX;;;;;;;;;350;59;NORD;;;;355;Centre;;\n"
    "structureet;2A0999066;;CH MAQUIS;;;;;;;;;4;2A;CORSE DU SUD;;;;355;Centre Hospitalier;;\n"
    "geolocalisation;590999017;700000.1;7050000.2;1,ATLASANTE\n"
)


@pytest.fixture(scope="module")
def authorities() -> Authorities:
    return Authorities.read((CONFIG / "authorities.toml").read_text(encoding="utf-8"))


def read(rows: str, authorities: Authorities, extract: str = "") -> FacilityUpload:
    return read_facilities(
        rows.encode(),
        file="facilities.csv",
        authorities=authorities,
        extract=read_extract(extract.encode("latin-1"), file="finess.csv") if extract else {},
    )


def only(rows: str, authorities: Authorities) -> Facility:
    upload = read(rows, authorities)
    assert not upload.bad
    (facility,) = upload.facilities
    return facility


def test_the_table_of_authorities_is_the_country_s(authorities: Authorities) -> None:
    ars = [each for each in authorities if each.kind == "ars"]
    departments = [code for each in authorities for code in each.departments]
    assert len(ars) == 18
    assert len(departments) == len(set(departments))
    metropolitan = {f"{n:02d}" for n in range(1, 96)} - {"20"} | {"2A", "2B"}
    assert metropolitan | {"9A", "9B", "9C", "9D", "9F", "9J"} <= set(departments)
    assert {"fssi", "cert-sante", "service-de-sante-des-armees"} <= set(authorities.by_code)
    assert not any(each.mailbox for each in authorities)


def test_the_demonstration_facilities_are_read(authorities: Authorities) -> None:
    body = (CONFIG / "demo" / "facilities.csv").read_bytes()
    upload = read_facilities(body, file="facilities.csv", authorities=authorities)
    assert not upload.bad
    assert not upload.ignored
    chu, littoral, clinic, ehpad, ocean, maquis = upload.facilities
    assert chu.ght_head
    assert chu.ght == littoral.ght
    assert chu.ose
    assert clinic.kind is FacilityKind.CLINIQUE
    assert Function.FAX in ehpad.functions
    assert ocean.time_zone == "Indian/Reunion"
    assert (maquis.finess, maquis.authority) == ("2A0999066", "ars-corse")
    assert [contact.role for contact in chu.contacts][:3] == ["rssi", "suppleant", "direction"]
    assert chu.contacts[0].email == "rssi@chu-demonstration-nord.example"
    assert chu.contacts[0].phone == "03 00 00 00 01"
    assert chu.contacts[0].name == "RSSI du GHT"
    assert [contact.rank for contact in ehpad.contacts] == [1, 2]


def test_english_headers(authorities: Authorities) -> None:
    facility = only(
        "Facility,FINESS number,Kind,Dept,GHT head\nDemo,974 999 054,hospital,9D,yes\n", authorities
    )
    assert facility.kind is FacilityKind.CH
    assert facility.ght_head


def test_an_overseas_number_without_its_department_is_not_guessed(
    authorities: Authorities,
) -> None:
    (bad,) = read("FINESS;Nom\n974999054;Demo\n", authorities).bad
    assert "donnez l'autorité" in bad.reason


def test_the_authority_and_the_time_zone_follow_the_department(authorities: Authorities) -> None:
    facility = only("FINESS;Nom;Département\n974999054;Demo;974\n", authorities)
    assert (facility.department, facility.authority) == ("9D", "ars-la-reunion")
    assert facility.time_zone == "Indian/Reunion"
    army = only("FINESS;Nom;Type;Département\n974999054;Demo;HIA;9D\n", authorities)
    assert (army.authority, army.time_zone) == ("service-de-sante-des-armees", "Indian/Reunion")


def test_the_finess_extract_completes_the_table(authorities: Authorities) -> None:
    upload = read("FINESS\n590999017\n2A0999066\n", authorities, EXTRACT)
    assert [(f.name, f.authority, f.kind) for f in upload.facilities] == [
        ("CENTRE HOSPITALIER UNIVERSITAIRE DEMO", "ars-hauts-de-france", FacilityKind.CH),
        ("CH MAQUIS", "ars-corse", FacilityKind.CH),
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("590999018;Démo;;;;", "clé de contrôle"),
        ("059099901;Démo;;;;", "clé"),
        ("59099901;Démo;;;;", "zéro de tête"),
        ("5A0999017;Démo;;;;", "des chiffres"),
        ("590999017;;;;;", "nom manque"),
        ("590999017;Démo;ARS Bretgne;;;", "ars-bretagne"),
        ("590999017;Démo;;EPHAD;;", "ehpad"),
        ("590999017;Démo;;;cuisine;", "fonction"),
        ("590999017;Démo;;;;Jean sans adresse", "sans courriel"),
    ],
)
def test_a_wrong_line_is_named_and_hides_no_other(
    row: str, words: str, authorities: Authorities
) -> None:
    header = "FINESS;Nom;Autorité;Type;Fonctions;RSSI"
    upload = read(f"{header}\n{row}\n620999029;Bon;;CH;accueil;a@b.example\n", authorities)
    assert [facility.name for facility in upload.facilities] == ["Bon"]
    ((number, reason),) = [(bad.number, bad.reason) for bad in upload.bad]
    assert number == 2
    assert words in reason


@given(st.integers(0, 10**8 - 1), st.sampled_from("0123456789"))
def test_a_mistyped_digit_is_seen(number: int, wrong: str) -> None:
    body = f"{number:08d}"
    finess = next(f"{body}{key}" for key in "0123456789" if luhn_sum(f"{body}{key}") % 10 == 0)
    assert check_finess(f" {finess[:3]} {finess[3:]}") == finess
    for position in range(9):
        typed = finess[:position] + wrong + finess[position + 1 :]
        if typed != finess:
            with pytest.raises(FinessError):
                check_finess(typed)


@pytest.mark.parametrize("finess", ["2A0999066", "2a0999066"])
def test_corsican_numbers_hold_a_letter(finess: str) -> None:
    assert check_finess(finess) == "2A0999066"


@pytest.mark.parametrize("finess", ["2C0999066", "A20999066", "2AA999066", "", "²20999066"])
def test_a_letter_elsewhere_is_refused(finess: str) -> None:
    with pytest.raises(FinessError):
        check_finess(finess)


def test_a_number_given_twice_is_said(authorities: Authorities) -> None:
    upload = read("FINESS;Nom\n590999017;A\n590999017;B\n", authorities)
    assert [facility.name for facility in upload.facilities] == ["A"]
    assert upload.bad == (BadLine(3, "le FINESS 590999017 est déjà plus haut"),)


def test_a_table_without_finess_says_what_was_found_and_expected(authorities: Authorities) -> None:
    with pytest.raises(InventoryError, match=r"Nom, Ville.*finess, name, authority"):
        read("Nom;Ville\nA;B\n", authorities)
    with pytest.raises(InventoryError, match="finess;etalab"):
        read_extract(b"nom;ville\n", file="finess.csv")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("[a\n", "line 1"),
        ('[a]\nname = "A"\nkind = "ars"\ndepartements = []\n', "did you mean departments"),
        ('[a]\nname = "A"\nkind = "royaume"\n', "royaume"),
        ('[a]\nname = "A"\nkind = "ars"\ntime_zone = "Europe/Pari"\n', "Europe/Pari"),
        ('[a]\nname = "A"\nkind = "ars"\nlocal_holidays = { "13-40" = "x" }\n', r"\[a\]"),
        ("a = 1\n", r"\[a\]"),
        ('[a]\nkind = "ars"\n', "name"),
    ],
)
def test_a_wrong_table_of_authorities_is_refused(table: str, words: str) -> None:
    with pytest.raises(AuthoritiesError, match=words):
        Authorities.read(table)
