"""End of support is said when it is certain, and only then."""

from __future__ import annotations

from datetime import date

import pytest

from bot.domain.matching import InventoryProduct, Matcher
from bot.domain.support import EndsOfSupport
from bot.inventory.base import InventoryError
from bot.inventory.support import read_ends
from bot.resources import config_folder
from feeds.products import Catalogue, read_builtin

TODAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def ends() -> EndsOfSupport:
    table = config_folder() / "end_of_support.toml"
    read = read_ends(table.read_text("utf-8"), file=table.name)
    return EndsOfSupport(Matcher(Catalogue(read_builtin(config_folder()))), read)


@pytest.mark.parametrize(
    ("vendor", "product", "version", "on"),
    [
        ("Microsoft", "Windows 7 Professionnel", "6.1.7601", date(2020, 1, 14)),
        ("Microsoft", "Windows Server 2012 R2", "6.3.9600", date(2023, 10, 10)),
        ("Microsoft", "Windows Server 2008 R2 Standard", "", date(2020, 1, 14)),
        ("Microsoft", "Windows 10 Version 22H2", "10.0.19045.6456", date(2025, 10, 14)),
        ("Microsoft", "Exchange Server 2019", "CU14", date(2025, 10, 14)),
        ("Microsoft", "SQL Server 2012", "", date(2022, 7, 12)),
        ("VMware", "ESXi", "7.0.3", date(2025, 10, 2)),
        ("VMware", "ESXi", "6.7.0", date(2022, 10, 15)),
        ("Fortinet", "FortiOS", "6.4.15", date(2024, 9, 30)),
        ("Fortinet", "FortiGate 100F", "v7.0.17", date(2025, 9, 30)),
        ("Citrix", "NetScaler ADC", "13.0-92.31", date(2024, 7, 15)),
        ("", "CentOS", "7.9", date(2024, 6, 30)),
        ("", "Debian", "10.13", date(2024, 6, 30)),
        ("", "PostgreSQL", "11.22", date(2023, 11, 9)),
        ("Apache", "Tomcat", "8.5.100", date(2024, 3, 31)),
        ("", "PHP", "7.4.33", date(2022, 11, 28)),
    ],
)
def test_what_is_over_is_said(
    ends: EndsOfSupport, vendor: str, product: str, version: str, on: date
) -> None:
    found = ends.ended(InventoryProduct(vendor, product, version), TODAY)
    assert found is not None
    assert found.on == on


@pytest.mark.parametrize(
    ("vendor", "product", "version"),
    [
        ("Microsoft", "Windows 10 LTSC", ""),
        ("Microsoft", "Windows 10 Enterprise LTSC 2021", "10.0.19044"),
        ("Microsoft", "Windows 11 Entreprise 23H2", "10.0.22631.5909"),
        ("Microsoft", "Windows Server 2019 Standard", "10.0.17763.7314"),
        ("Microsoft", "SQL Server 2016", ""),
        ("VMware", "ESXi", "8.0 Update 3 build-24414501"),
        ("VMware", "ESXi", ""),
        ("Fortinet", "FortiGate 600F", "FortiOS v7.4.9"),
        ("Citrix", "NetScaler ADC", "NS13.1: Build 48.47"),
        ("", "PostgreSQL", "15.10"),
        ("Apache", "Tomcat", "9.0.85"),
        ("", "Boîtier gris", "7.0"),
        ("Microsoft", "Exchange Server", "15.02.2562.037"),  # Subscription Edition
        ("MongoDB", "PHP Driver", "7.0.12"),
    ],
)
def test_what_is_not_or_not_for_sure_is_not_said(
    ends: EndsOfSupport, vendor: str, product: str, version: str
) -> None:
    assert ends.ended(InventoryProduct(vendor, product, version), TODAY) is None


@pytest.mark.parametrize("text", ["[Microsoft", '[Microsoft]\nsource = ""', "Microsoft = 1"])
def test_a_wrong_table_names_the_file(text: str) -> None:
    with pytest.raises(InventoryError, match=r"ends\.toml"):
        read_ends(text, file="ends.toml")
