"""Names that staff type otherwise than the bulletin: what is asked, what stays another product."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.matching import InventoryProduct, Matcher, VerdictKind
from bot.domain.matching.index import ProductIndex
from bot.domain.matching.spelling import misspelt
from bot.resources import config_folder
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct
from feeds.products import Catalogue, read_builtin

NOW = datetime(2026, 3, 2, tzinfo=UTC)
AFFECTED, REVIEW, SAFE = VerdictKind.AFFECTED, VerdictKind.REVIEW, VerdictKind.NOT_AFFECTED


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(Catalogue(read_builtin(config_folder())))


@pytest.mark.parametrize(
    ("line", "stated", "vendor", "product", "version", "expected"),
    [
        ("Contrôleur Juniper Networks Aurora versions antérieures à 5.1", "Juniper Networks",
         "Juniper", "Aurora Controller", "5.0", AFFECTED),
        ("SUSE Linux Enterprise Module for Basesystem 15-SP3", "SUSE",
         "SUSE", "Basesystem Module", "15 SP3", AFFECTED),
        ("SUSE Linux Enterprise Module for Basesystem 15-SP3", "SUSE",
         "SUSE", "Basesystem Module", "15 SP4", SAFE),
        ("macOS versions antérieures à 13.2.1", "Apple",
         "Apple", "MacBook Air (macOS)", "13.1", REVIEW),
        ("macOS versions antérieures à 13.2.1", "Apple",
         "Google", "Chrome (macOS)", "13.1", SAFE),
        ("macOS Catalina versions antérieures à 10.15.4", "Apple",
         "Apple", "macOS Mojave", "10.14.6", SAFE),
        ("Horde Groupeware versions 1.1.2 et antérieures", "Horde",
         "Horde", "Groupware", "1.0.5", REVIEW),
        ("Horde Groupeware versions 1.1.2 et antérieures", "Horde",
         "Example", "Groupware", "1.0.5", SAFE),
        ("eTrust EZ Antivirus r7", "ESET", "Computer Associates", "eTrust EZ Antivirus", "7",
         REVIEW),
        ("BIG-IP WOM versions 11.3.0 et antérieures", "F5", "F5", "BIG-IP", "11.3.0", REVIEW),
        ("Windows Server 2019 (Server Core installation)", "Microsoft",
         "Microsoft", "Windows Server 2019 Standard Core", "", AFFECTED),
        # a name that leaves words out is asked about, unless it is a product known to be another
        ("IBM QRadar SIEM versions antérieures à 7.5.0", "IBM", "IBM", "QRadar", "7.4.0", REVIEW),
        ("Nessus Agent versions antérieures à 10.8.3", "Tenable",
         "Tenable", "Nessus", "10.1", SAFE),
        ("MySQL Workbench versions antérieures à 8.0.40", "Oracle", "Oracle", "MySQL", "8.0.31",
         SAFE),
        ("Ubuntu 18.04 version HWE et OEM", "Ubuntu", "Canonical", "Ubuntu", "18.04 LTS", REVIEW),
        ("SUSE Linux Enterprise Server 11 SP4 LTSS EXTREME CORE", "SUSE",
         "SUSE", "SLES 11 SP4", "", REVIEW),
        ("Cisco Identity Services Engine RADIUS versions antérieures à 2.6", "Cisco",
         "Cisco", "ISE", "2.4", REVIEW),
        # a word on each side: asked about when what is shared names few products
        ("azl3 kata-containers 3.19.1", "Microsoft", "Microsoft", "Azure Linux 3 kata-containers",
         "3.19.1", REVIEW),
        ("SIMATIC Safety Matrix versions antérieures à 6.3", "Siemens",
         "Siemens", "SIMATIC Logon", "1.6", SAFE),
        ("VNXe MR2", "EMC", "EMC", "VNXe MR3", "", SAFE),
        ("VNXe MR2", "EMC", "EMC", "VNXe", "", REVIEW),
        # short, in full, in one word
        ("Call Management System version R15", "Avaya", "Avaya", "Avaya CMS", "15", AFFECTED),
        ("Tivoli Composite Application Manager versions antérieures à 7.2", "IBM",
         "IBM", "ITCAM", "7.1", AFFECTED),
        ("EM Base Platform versions antérieures à 10.3", "Oracle",
         "Oracle", "Enterprise Manager Base Platform", "10.2", AFFECTED),
        ("Cisco FXOS versions antérieures à 2.3.1.110", "Cisco", "Cisco", "FX-OS", "2.3.0",
         AFFECTED),
        ("JDEdwards Tools version 8.98", "Oracle", "Oracle", "JD Edwards Tools", "8.98", AFFECTED),
        ("Séries EDS-G4012 versions antérieures à 4.1.58", "Moxa", "Moxa", "EDS-G4012-8P", "4.0",
         AFFECTED),
        ("NUC Kit NUC7i7DNx et NUC7i5DNx versions antérieures à 0066", "Intel",
         "Intel", "NUC Kit NUC7i5DNHE", "0062", AFFECTED),
        ("NUC Kit NUC7i7DNx versions antérieures à 0066", "Intel",
         "Intel", "NUC Kit NUC7i5DNHE", "0062", SAFE),
        ("SIMATIC CFU PA versions antérieures à V1.2.0", "Siemens",
         "Siemens", "SIMATIC CP 1623", "0.1", SAFE),
        # the vendor's column
        ("WFBS version 10.0 SP1", "ESET",
         "Trend Micro", "Worry-Free Business Security", "10.0 SP1", REVIEW),
        ("Airwave versions antérieures à 8.3", "Aruba", "HPE", "Airwave", "8.2", AFFECTED),
        ("Foxit Reader versions antérieures à 9.5", "Foxit", "Foxitsoftware", "Reader", "9.4",
         AFFECTED),
        ("GLPI versions antérieures à 10.0.18", "GLPI", "", "Glpi-project Glpi", "10.0.8",
         AFFECTED),
        # systems in parentheses, code names
        ("Android versions antérieures à 13", "Google",
         "Samsung", "Tablette Galaxy Tab A8 (Android 12)", "", REVIEW),
        ("Android versions antérieures à 13", "Google", "Mozilla", "Firefox (Android)", "12", SAFE),
        ("macOS Big Sur versions 11.x antérieures à 11.7.3", "Apple", "Apple", "macOS", "11.6.0",
         AFFECTED),
        ("OS X Lion", "Apple", "Apple", "Mac OS X Snow Leopard", "10.6.8", SAFE),
        # software and what runs it
        ("Routeurs vEdge 5000 avec le logiciel Cisco SD-WAN versions antérieures à 19.2.2", "Cisco",
         "Cisco", "SD-WAN", "19.1.0", REVIEW),
        ("Routeurs vEdge 5000 avec le logiciel Cisco SD-WAN versions antérieures à 19.2.2", "Cisco",
         "Cisco", "SD-WAN", "19.2.2", SAFE),
        ("Routeurs vEdge 1000 avec le logiciel Cisco SD-WAN versions antérieures à 19.2.2", "Cisco",
         "Cisco", "vEdge 2000", "19.2.1", SAFE),
        ("tvOS versions antérieures à 10.2.2", "Apple", "Apple", "Apple TV 4", "10.2.1", AFFECTED),
        # order numbers, shorthand, words cut short
        ("SCALANCE XM408-8C (6GK5408-8GR00-2AM2) toutes versions", "Siemens",
         "Siemens", "6GK5408-8GR00-2AM2", "", AFFECTED),
        ("SUSE Linux Enterprise Server 15 SP6", "SUSE", "SUSE", "SLES15-SP6", "", AFFECTED),
        ("SUSE Linux Enterprise Server 15 SP6", "SUSE", "SUSE", "SLES15-SP5", "", SAFE),
        ("Intel IPP Cryptography software versions antérieures à 2021.11", "Intel",
         "Intel", "IPP Crypto", "2021.10", REVIEW),
        ("Chrome OS versions antérieures à 94.0", "Google", "Google", "Chrome", "93.0", SAFE),
        ("SCADAPack 33x versions 1.71 et antérieures", "Schneider Electric",
         "Schneider Electric", "SCADAPack 334", "1.70", AFFECTED),
        ("Adaptive Server Enterprise version 16.0", "SAP", "Sybase", "ASE", "16.0", REVIEW),
        # makers of products of one common name
        ("Elastic Endpoint Security versions 8.x antérieures à 8.3.0", "Elastic",
         "ESET", "ESET Endpoint Security", "8.1", SAFE),
        ("Elastic Endpoint Security versions 8.x antérieures à 8.3.0", "Elastic",
         "Elastic", "Endpoint Security", "8.1", AFFECTED),
        ("Pulse Connect Secure versions antérieures à 9.1", "Pulse Secure",
         "Juniper", "Pulse Connect Secure", "8.3", AFFECTED),
        # nouns put first, models cut in two, former names
        ("SonicWall FireWalls NSv 270 versions antérieures à 7.0.1-5051", "SonicWall",
         "SonicWall", "NSv 270", "7.0.1-5018", AFFECTED),
        ("Moxa AWK-3131A versions antérieures à 1.10", "Moxa",
         "Moxa", "Point d'accès Wi-Fi AWK-3131A", "1.4", AFFECTED),
        ("EDR-G903 versions antérieures à 5.7", "Moxa", "Moxa", "Routeur EDR G903", "5.6",
         AFFECTED),
        ("SAP S/4HANA versions antérieures à 108", "SAP", "SAP", "S/4 HANA", "107", AFFECTED),
        ("NPort 5100A versions antérieures à 1.6", "Moxa", "Moxa", "NPort 5150A-T", "1.4",
         AFFECTED),
        ("SMA1000 versions 12.5.0-x antérieures à 12.5.0-02283", "SonicWall",
         "SonicWall", "SMA 7210", "12.5.0-02002", AFFECTED),
        # families, tracks, platforms
        ("SAP NetWeaver AS ABAP versions 7.50", "SAP", "SAP", "NetWeaver", "7.50", REVIEW),
        ("SAP NetWeaver AS pour ABAP et ABAP Platform versions 754, 755", "SAP",
         "SAP", "ABAP Platform", "755", AFFECTED),
        ("Acrobat DC versions antérieures à 2021.005.20058", "Adobe",
         "Adobe", "Acrobat 2020", "2020.004.30005", SAFE),
        ("Acrobat DC versions antérieures à 2021.005.20058 sur Windows et macOS", "Adobe",
         "Adobe", "Acrobat DC", "2021.001.20135", AFFECTED),
        ("Power Automate pour Desktop versions antérieures à 2.51", "Microsoft",
         "Microsoft", "Power Automate Desktop", "2.50", AFFECTED),
        # numbers and letters of models
        ("Cisco 15454 SDH", "Cisco", "Cisco", "ONS 15454 SDH", "", REVIEW),
        ("FortiOS-6K7K versions 6.4.x antérieures à 6.4.13", "Fortinet",
         "Fortinet", "FortiOS-6K7K", "6.4.12", AFFECTED),
        ("Modicon M340 Ethernet TCP/IP network module BMXNOC0401", "Schneider Electric",
         "Schneider Electric", "BMXNOC0401", "", AFFECTED),
        ("TN-4900 Series versions antérieures à 3.13", "Moxa", "Moxa", "tn-4900-series", "3.1",
         AFFECTED),
        # packages, products stuck to their vendors
        ("org.alfresco:alfresco-share versions antérieures à 6.1", "",
         "Alfresco", "Alfresco Share", "6.0", AFFECTED),
        ("SAPHANA Database version 2.0", "SAP", "SAP", "HANA", "2.0", AFFECTED),
        ("SAP NetWeaver Process Integration versions 7.50", "SAP",
         "SAP", "NetWeaver PI (Process Integration)", "7.50", AFFECTED),
        ("GitLab Community Edition (CE) versions 15.11 antérieures à 15.11.2", "GitLab",
         "GitLab", "GitLab EE", "15.11.1", SAFE),
        ("F5 BIG-IP WebAccelerator versions antérieures à 10.2.0", "F5",
         "F5", "BIG-IP LTM", "10.1.0", SAFE),
        ("F5 BIG-IP WebAccelerator versions antérieures à 10.2.0", "F5",
         "F5", "BIG-IP", "10.1.0", REVIEW),
        ("Red Hat Enterprise Linux for Power, big endian 7 ppc64", "Red Hat",
         "Red Hat", "RHEL for Power, big endian", "7.4", AFFECTED),
        ("Red Hat Enterprise Linux for Power, big endian 7 ppc64", "Red Hat",
         "Red Hat", "RHEL for Power, little endian", "7.4", SAFE),
        ("SIMATIC MV550 S (6GF3550-0CD10) versions antérieures à 3.3", "Siemens",
         "Siemens", "SIMATIC MV550 H (6GF3550-0GE10)", "3.2", SAFE),
        ("SEP Windows Client versions antérieures à 14.3 RU1 MP1", "Symantec",
         "Broadcom", "Symantec Endpoint Protection Client", "14.2 RU2 MP1", AFFECTED),
    ],
)  # fmt: skip
def test_names_typed_otherwise(
    matcher: Matcher,
    line: str,
    stated: str,
    vendor: str,
    product: str,
    version: str,
    expected: VerdictKind,
) -> None:
    rows = (AffectedProduct(line, stated, ""),)
    bulletin = Advisory("test", "R-1", AdvisoryKind.AVIS, "", NOW, NOW, affected=rows)
    reading = matcher.read(bulletin)
    asset = InventoryProduct(vendor, product, version, "")
    assert matcher.judge(reading, asset).kind is expected
    index = ProductIndex(matcher)
    index.add(1, asset)
    assert [verdict.kind for _, verdict in index.judge(reading)] == [expected] * (
        expected is not SAFE
    )


def test_a_lone_letter_is_no_slip_of_another_word() -> None:
    assert not misspelt(frozenset({"x"}), frozenset({"outlook"}))
    assert misspelt(frozenset({"groupeware"}), frozenset({"groupware"}))


def test_what_a_row_is_filed_under_is_asked_about(matcher: Matcher) -> None:
    """ "Apex One Sandbox" in the column of Apex One is a part of it."""
    line = "Apex One Sandbox versions antérieures à 2.6"
    for column, expected in (("Apex One", REVIEW), ("", SAFE)):
        row = AffectedProduct(line, "Trend Micro", column)
        bulletin = Advisory("test", "R-1", AdvisoryKind.AVIS, "", NOW, NOW, affected=(row,))
        asset = InventoryProduct("Trend Micro", "Apex One", "2.4")
        assert matcher.judge(matcher.read(bulletin), asset).kind is expected
