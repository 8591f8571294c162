"""The four categories of equipment, from the words people use or from the product itself.

The category decides who is asked (network engineer, biomedical engineer…), never whether
an equipment is concerned: a wrong guess costs a forward, not an alert.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from bot.domain.facility import AssetCategory
from bot.inventory.cells import fold

_WORDS: Mapping[AssetCategory, str] = {
    AssetCategory.WORKSTATION: """
        poste, postes, poste de travail, postes de travail, pc, ordinateur, ordinateurs,
        portable, ordinateur portable, pc portable, station de travail, client leger, tablette,
        workstation, laptop, desktop, computer, computers, notebook, imprimante, imprimantes,
        printer, copieur, multifonction, scanner bureautique, peripherique, ecran, bureautique,
        smartphone, mobile, telephone mobile, terminal, all in one, mini tower, tower, chariot
    """,
    AssetCategory.SERVER: """
        serveur, serveurs, server, servers, serveur physique, serveur virtuel,
        machine virtuelle, vm, virtual machine, hyperviseur, hypervisor, application,
        applications, logiciel, logiciels, software, base de donnees, sgbd, nas, san,
        baie de stockage, stockage, storage, sauvegarde, applicatif, service web, conteneur,
        container, cloud, saas, cluster, appliance, logical server, physical server
    """,
    AssetCategory.NETWORK: """
        equipement actif, equipements actifs, actif reseau, actifs reseau, reseau,
        equipement reseau, equipements reseau, materiel reseau, network, network device,
        network equipment, networking, commutateur, switch, routeur, router, pare feu, parefeu,
        firewall, borne wifi, borne wi fi, wifi, wi fi, point d acces, access point, vpn,
        concentrateur vpn, repartiteur, repartiteur de charge, load balancer, telephonie,
        telephone, telephone ip, toip, autocommutateur, pabx, ipbx, phone, phones,
        peripheral network, passerelle, proxy, onduleur, ups, pdu, camera, cameras,
        videosurveillance, controle d acces, gtb, gtc, automate, security device,
        physical switch, network switch, physical router, physical security device
    """,
    AssetCategory.BIOMEDICAL: """
        equipement biomedical, equipements biomedicaux, biomedical, biomed, dispositif medical,
        dispositifs medicaux, dm, dmdiv, dm connecte, materiel biomedical, materiel medical,
        appareil medical, imagerie, modalite, modalite d imagerie, automate de biologie,
        laboratoire, medical device, medical devices, medical equipment, moniteur, monitorage,
        respirateur, ventilateur de reanimation, pompe a perfusion, pousse seringue, perfuseur,
        echographe, scanner, irm, radiologie, table de radiologie, mammographe, defibrillateur,
        electrocardiographe, ecg, dialyse, generateur de dialyse, anesthesie, endoscopie,
        automate labo, analyseur, automate d analyse, couveuse, bistouri,
        amplificateur de brillance, mobile de radiologie
    """,
}
_CATEGORY_OF = {
    fold(word): category for category, words in _WORDS.items() for word in words.split(",")
} | {fold(category.value): category for category in _WORDS}

# tried in this order on "vendor product", both folded: the first that is found decides
_PRODUCTS: Mapping[AssetCategory, str] = {
    AssetCategory.BIOMEDICAL: r"""
        philips (?:medical|healthcare|intelli\w+|efficia|azurion|ingenia|mx\d+|epiq|affiniti),
        intellivue, intellispace, ge (?:healthcare|medical), vivid e\d+,
        (?:siemens )?healthineers, somatom, magnetom, syngo, drager, drager\w+, evita,
        infinity acute, b braun, infusomat, perfusor, fresenius kabi, agilia, baxter, becton,
        bd (?:alaris|pyxis|facs\w*), alaris, pyxis, medtronic, carefusion, hillrom, welch allyn,
        masimo, nihon kohden, mindray, benevision, spacelabs, zoll, sysmex, roche diagnostics,
        cobas, abbott, architect i\d+, beckman, biomerieux, vitek, radiometer, hologic,
        carestream, vue pacs, agfa healthcare, canon medical,
        fujifilm (?:healthcare|medical|synapse), ziehm, olympus evis, karl storz, maquet,
        getinge, gambro, nipro, varian, elekta, natus, resmed, smiths medical, medfusion
    """,
    AssetCategory.NETWORK: r"""
        forti(?:gate|os|switch|ap|wifi|proxy|mail|web|adc|manager|analyzer)\w*, cisco, catalyst,
        nexus, meraki, ios xe, ios xr, nx os, asa, firepower, juniper, junos, aruba\w*,
        procurve, netscaler, citrix (?:adc|gateway), big ip, palo alto, pan os, globalprotect,
        check point, checkpoint, gaia, sonicwall, sophos (?:firewall|xg|utm), stormshield, sns,
        pfsense, opnsense, mikrotik, routeros, ubiquiti, unifi, edgerouter, ruckus,
        extreme networks, exos, pulse (?:connect )?secure, pulse connect, ivanti connect secure,
        omnipcx, alcatel, mitel, avaya, zyxel, draytek, dlink, d link, tp link, watchguard,
        barracuda, kemp, infoblox, apc, huawei (?:s|ar|ce)\d+, desigo, scada, simatic, modicon,
        moxa, axis camera, hikvision, dahua
    """,
    AssetCategory.WORKSTATION: r"""
        windows (?:10|11|7|8|8 1|xp|vista), firefox, thunderbird, chrome, edge, safari, acrobat,
        reader, office, microsoft 365, word, excel, outlook, teams, zoom, 7 zip, winrar, vlc,
        java, jre, macos, ios, ipados, android, libreoffice, putty, notepad, filezilla,
        teamviewer, anydesk, keepass, workspace app, citrix workspace, citrix receiver, gimp,
        optiplex, latitude, thinkpad, elitebook, probook, elitedesk, taskalfa, laserjet,
        mfc \w+, flash player
    """,
    AssetCategory.SERVER: r"""
        windows server, server, esxi, vcenter, vsphere, vmware, hyper v, proxmox, linux, debian,
        ubuntu, red hat, rhel, centos, suse, sles, oracle, postgresql, mysql, mariadb, mongodb,
        sql, tomcat, apache, nginx, iis, exchange, sharepoint, gitlab, veeam, centreon, zabbix,
        nagios, jenkins, docker, kubernetes, synology, qnap, netapp, zimbra, nextcloud,
        keycloak, sap, dpi, pacs, ris
    """,
}
_PATTERNS = tuple(
    (category, re.compile(rf"\b(?:{'|'.join(map(str.strip, words.split(',')))})\b"))
    for category, words in _PRODUCTS.items()
)
DEFAULT = AssetCategory.SERVER  # an unknown software is the computer department's business


def from_word(word: str) -> AssetCategory | None:
    """Return the category that a word of the category column names, None when unknown."""
    return _CATEGORY_OF.get(fold(word))


@lru_cache(maxsize=65536)
def from_product(vendor: str, product: str) -> AssetCategory:
    """Return the likely category of a product, :data:`DEFAULT` when nothing tells."""
    text = fold(f"{vendor} {product}")
    for category, pattern in _PATTERNS:
        if category is AssetCategory.WORKSTATION and "server" in text:
            continue
        if pattern.search(text):
            return category
    return DEFAULT
