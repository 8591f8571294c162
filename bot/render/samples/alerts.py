"""Alerts: sure and doubtful, of machines and of people, first told and told again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from bot.domain.alert import AlertView, AssetLine, Coverage, LotView, Why
from bot.domain.facility import AssetCategory
from bot.domain.reason import Reason, ReasonCode
from bot.domain.scope import Change, Reopening
from bot.render.samples.common import COVERAGE, NOW, PARIS
from feeds.advisory import AdvisoryKind, Pap, Reference, Tlp


def _machine(number: int, version: str, category: AssetCategory) -> AssetLine:
    return AssetLine(f"srv-vpn-{number:02}", "Citrix NetScaler", version, category)


ALERT = AlertView(
    reference="ALR-2026-0412",
    facility="CH de Démonstration",
    finess="590999017",
    publisher="certfr",
    advisory="CERTFR-2026-AVI-9001",
    kind=AdvisoryKind.AVIS,
    title="Multiples vulnérabilités dans Citrix NetScaler",
    url="https://www.cert.ssi.gouv.fr/avis/CERTFR-2026-AVI-9001/",
    summary="Deux vulnérabilités permettent de lire des données et d'arrêter le service.",
    tlp=Tlp.CLEAR,
    published_at=NOW,
    product="Citrix NetScaler",
    target="13.1-49.13",
    affected=tuple(_machine(n, "13.1-48.47", AssetCategory.SERVER) for n in (1, 2, 3)),
    to_check=(_machine(4, "", AssetCategory.SERVER),),
    why=(Why("range", "versions 13.1.x antérieures à 13.1-49.13"),),
    risks=("Atteinte à la confidentialité des données", "Déni de service à distance"),
    cves=("CVE-2026-99011", "CVE-2026-99012"),
    references=(Reference("Bulletin de l'éditeur", "https://editeur.example/securite/9001"),),
    urgency_reasons=(Reason(ReasonCode.EXPLOITED), Reason(ReasonCode.EXPOSED)),
    exploited=True,
    coverage=COVERAGE,
    next_step=datetime(2026, 3, 12, 9, tzinfo=PARIS),
    next_contact="suppleant",
)
LOTS = (
    LotView(AssetCategory.SERVER, "open"),
    LotView(AssetCategory.WORKSTATION, "cleared"),
    *(
        LotView(AssetCategory.BIOMEDICAL, state, "RSSI de garde", NOW, "note", due)
        for state, due in (
            ("open", None),
            ("taken", None),
            ("forwarded", None),
            ("planned", NOW.date()),
            ("fixed", None),
        )
    ),
)
MANY = replace(
    ALERT,
    affected=tuple(_machine(n, "9.1", c) for n, c in enumerate([*AssetCategory] * 5)),
    to_check=tuple(_machine(n, "", AssetCategory.NETWORK) for n in range(24)),
    cves=tuple(f"CVE-2026-{n:05}" for n in range(12)),
    advice=("Restreindre l'accès à l'interface d'administration.",),
    revised=True,
    change=Change(
        1,
        2,
        former_target="13.1-49.10",
        newly_exploited=True,
        reworded=True,
        again=Reopening(date(2026, 3, 2), date(2026, 3, 9), 3, ("13.1-48.47",)),
    ),
    next_step=datetime(2026, 3, 20, 9, 30, tzinfo=PARIS),
    urgency_reasons=(
        Reason(ReasonCode.ALERTE),
        Reason(ReasonCode.RANSOMWARE),
        Reason(ReasonCode.EPSS, 0.92),
        Reason(ReasonCode.BIOMEDICAL),
        Reason(ReasonCode.END_OF_SUPPORT, on=date(2025, 10, 14)),
        Reason(ReasonCode.CVSS, 9.8),
    ),
    pap=Pap.AMBER,
    lots=LOTS,
    exercise=True,
)
NAMELESS = replace(
    ALERT,
    product="",
    target="",
    affected=(AssetLine("", "Citrix NetScaler", "", AssetCategory.NETWORK, quantity=2),),
    to_check=(),
    url="",
    references=(Reference("Sans adresse", ""),),
    coverage=Coverage(),
    next_step=None,
)
UNDECIDED = replace(ALERT, affected=(), target="", next_step=NOW, next_contact="")
DECLARED = replace(
    ALERT, affected=(), to_check=(), why=(), next_step=datetime(2026, 3, 15, 9, tzinfo=PARIS)
)
PEOPLE = AlertView(
    reference="ALR-2026-0413",
    facility="EHPAD de Démonstration",
    finess="290999044",
    publisher="certsante",
    advisory="CERT-SANTE-2018-07",
    kind=AdvisoryKind.BULLETIN,
    title="Fax frauduleux",
    url="",
    summary=(
        "Des fraudeurs envoient des fax pour obtenir des informations. "
        "Rien à vérifier sur vos ordinateurs."
    ),
    tlp=Tlp.CLEAR,
    published_at=NOW,
    advice=(
        "Ne répondez à aucun fax qui demande des informations.",
        "Rappelez à un numéro que vous connaissez, jamais celui du fax.",
        "Affichez la consigne jointe à l'accueil et au secrétariat.",
    ),
    functions=("fax", "accueil", "secretariat", "direction"),
    next_step=datetime(2026, 3, 16, 9, tzinfo=PARIS),
    next_contact="direction",
)
SHARED = replace(
    ALERT,
    reference="ALR-2026-0412+0414",
    facility="CH de Démonstration, Clinique de Démonstration",
    affected=tuple(
        replace(machine, facility=owner)
        for owner in ("CH de Démonstration", "Clinique de Démonstration")
        for machine in ALERT.affected
    ),
)
ALERTS = (
    ALERT,
    SHARED,
    MANY,
    NAMELESS,
    UNDECIDED,
    DECLARED,
    PEOPLE,
    replace(PEOPLE, exercise=True),
)
