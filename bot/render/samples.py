"""Invented views that between them walk through every branch of the templates.

They serve to check templates at start-up, and to show an author of templates the result.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from bot.domain.absence import Absence
from bot.domain.alert import AlertView, AnswerKind, AssetLine, Coverage, LotView, Why
from bot.domain.campaign import Campaign, CampaignState, CampaignText
from bot.domain.decision import (
    CategoryCount,
    Decision,
    DigestView,
    InitialStateView,
    MutedCount,
    OpenQuestion,
    Released,
)
from bot.domain.facility import AssetCategory, Contact
from bot.domain.health import AlarmView, Problem
from bot.domain.mute import Mute, MuteScope
from bot.domain.reason import Reason, ReasonCode
from bot.domain.scope import Change, Reopening
from bot.domain.silence import AuthorityCount, Silence, SilenceKind, SilencesView
from bot.domain.views import (
    AnswerPageView,
    CampaignView,
    CareImpact,
    GivenAnswer,
    IncidentReader,
    IncidentView,
    LinkAnswer,
    LinkProblem,
    LinkState,
    OfferedAnswer,
    TimelineEntry,
)
from feeds.advisory import AdvisoryKind, Pap, Reference, Tlp

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
REUNION = ZoneInfo("Indian/Reunion")
COVERAGE = Coverage(4312, 3486, 614, 212, date(2026, 3, 2))


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

DECISIONS = (
    Decision(
        title="Windows Server",
        release=date(2026, 3, 1),
        by_branch=True,
        counts=(CategoryCount(AssetCategory.SERVER, 41),),
        closes=tuple(f"CERTFR-2026-AVI-020{n}" for n in range(6)),
        reference="ACT-2026-0031",
    ),
    Decision(
        title="Citrix NetScaler",
        target="13.1-49.13",
        counts=(CategoryCount(AssetCategory.SERVER, 3), CategoryCount(AssetCategory.NETWORK, 1)),
        closes=("CERTFR-2026-AVI-9001",),
        reference="ACT-2026-0032",
        replaces="ACT-2026-0019",
        exploited=True,
        reasons=(
            Reason(ReasonCode.EXPLOITED),
            Reason(ReasonCode.END_OF_SUPPORT, on=date(2025, 10, 14)),
        ),
        late=date(2026, 3, 6),
        again=Reopening(date(2026, 3, 2), date(2026, 3, 9), 3, ("13.1-48.47",)),
    ),
    Decision(title="Échographes X", awaiting="biomedical"),
)
QUESTIONS = (OpenQuestion("Q-2026-0031", "FortiOS", 5), OpenQuestion("", "VMware ESXi", 1))
DIGEST = DigestView(
    reference="BIL-2026-0011",
    facility="CH de Démonstration",
    finess="590999017",
    starts_on=date(2026, 3, 9),
    ends_on=date(2026, 3, 15),
    decisions=DECISIONS,
    questions=QUESTIONS,
    proposed=DECISIONS[:1],
    removed=DECISIONS[1:2],
    released=(Released("CERTFR-2026-AVI-0123", "FortiOS", date(2026, 3, 12)),),
    late=1,
    fixed=7,
    set_aside=22,
    muted=MutedCount(3, date(2026, 8, 12), date(2026, 8, 12)),
    coverage=COVERAGE,
)
DIGESTS = (
    DIGEST,
    replace(
        DIGEST,
        decisions=DECISIONS * 8,
        more=3,
        ends_on=date(2026, 4, 8),
        exercise=True,
        muted=MutedCount(2, date(2026, 4, 12), date(2026, 8, 12)),
    ),
    replace(
        DIGEST, decisions=(), more=0, proposed=(), removed=(), released=(), questions=(), late=0
    ),
)
INITIAL = InitialStateView(
    reference="ETA-2026-0001",
    facility="CH de Démonstration",
    finess="590999017",
    actions=DECISIONS,
    other_actions=14,
    advisories=42,
    exploited=3,
    questions=QUESTIONS,
    coverage=COVERAGE,
)
INITIALS = (
    INITIAL,
    replace(INITIAL, actions=(), other_actions=0, questions=(), exploited=0, exercise=True),
    replace(INITIAL, actions=(), other_actions=0, advisories=0, exploited=0),
)
CAMPAIGN = CampaignView(
    reference="CMP-2026-0003",
    authority="ARS de Démonstration",
    title="Fax et téléphone : ne donnez ni information ni mot de passe",
    body="**À faire : afficher ces consignes.**\n\n1. Ne répondez pas.\n2. Rappelez.\n\nMerci.",
    answer_by=date(2026, 3, 31),
    answers=(
        OfferedAnswer("FAIT", "La consigne est affichée", "CMP-2026-0003:read"),
        OfferedAnswer("RÉPONDU", "Quelqu'un a répondu", "CMP-2026-0003:replied"),
    ),
)
DRAFT = Campaign(
    id=uuid.UUID(int=3),
    reference="CMP-2026-0003",
    authority="ars-demonstration",
    authority_name="ARS de Démonstration",
    national=False,
    text=CampaignText(
        title="Fax et téléphone", body="Rappelez.", exercise=True, every_days=7, reminders=2
    ),
    author_id=uuid.UUID(int=4),
    created_at=NOW,
    next_at=NOW,
)
CAMPAIGNS = (
    CAMPAIGN,
    replace(CAMPAIGN, answers=(), answer_by=None, reminder=1, exercise=True, body="mot " * 4_000),
)
INCIDENT = IncidentView(
    reference="INC-2026-0007",
    facility="CH de Démonstration",
    finess="974999054",
    summary="Des fichiers du serveur de partage sont illisibles, un texte demande une rançon.",
    opened_at=datetime(2026, 3, 11, 13, 5, tzinfo=REUNION),
    care=CareImpact.YES,
    declarant="RSSI de garde",
    declarant_function="RSSI",
    callback="02 62 00 00 01",
    authority="ARS La Réunion",
    nature="rançongiciel",
    qualification="grave",
    timeline=(
        TimelineEntry(datetime(2026, 3, 11, 13, 5, tzinfo=REUNION), "Incident ouvert", "RSSI"),
        TimelineEntry(datetime(2026, 3, 11, 13, 20, tzinfo=REUNION), "Partage débranché"),
        *(
            TimelineEntry(datetime(2026, 3, 11, 13, 30, tzinfo=REUNION), text, kind=kind)
            for kind, text in (
                ("declared", "Rançon"),
                ("care", "yes"),
                ("state", "contained"),
                ("room", ""),
                ("not-invited", "@a:b"),
                ("authority", ""),
                ("cert", ""),
                ("failed", "cert"),
            )
        ),
    ),
    pending=("authority",),
    by_hand=("cert",),
    alert="ALR-2026-0412",
    pap=Pap.AMBER,
)
INCIDENTS = (
    INCIDENT,
    replace(INCIDENT, reader=IncidentReader.AUTHORITY, exercise=True),
    replace(
        INCIDENT,
        reader=IncidentReader.CERT,
        care=CareImpact.UNKNOWN,
        state="contained",
        nature="",
        declarant="",
        declarant_function="",
        callback="",
        qualification="",
        timeline=(),
        pending=(),
        alert="",
        opened_at=NOW.astimezone(PARIS),
    ),
    replace(INCIDENT, care=CareImpact.NO, state="closed", number="2026-00123"),
)

SILENCES = (
    SilencesView(
        reference="SIL-ars-demonstration-20260311",
        authority="ARS de Démonstration",
        on=date(2026, 3, 11),
        silences=(
            Silence(
                SilenceKind.ALERTE,
                "CERTFR-2026-ALE-9001",
                "Vulnérabilité dans Citrix NetScaler",
                datetime(2026, 3, 6, 17, tzinfo=PARIS),
                41,
                ("CH de Démonstration", "Clinique de Démonstration"),
            ),
            Silence(
                SilenceKind.CAMPAIGN, "CMP-2026-0003", "Fax", NOW, 90, ("EHPAD",) * 60, Tlp.GREEN
            ),
            Silence(SilenceKind.ALERTE, "", "", NOW, 2, ("CH",), Tlp.RED, hidden=True),
        ),
    ),
    SilencesView(
        reference="SIL-fssi-20260311",
        authority="FSSI",
        on=date(2026, 3, 11),
        counts=(AuthorityCount("ARS de Démonstration", 41, 2), AuthorityCount("ARS", 1, 1)),
        exercise=True,
    ),
)
ALARMS = tuple(
    AlarmView(problem.value, subject, NOW, count, over, again, relapses)
    for problem in Problem
    for subject, count, over, again, relapses in (
        ("certfr", 4, False, False, 2),
        ("certfr", 4, False, True, 0),
        ("email", 0, True, False, 0),
    )
)
PAGE = AnswerPageView(
    state=LinkState.OPEN,
    reference="ALR-2026-0412",
    mailbox="ssi@ch-exemple.example",
    until=datetime(2026, 3, 25, 9, tzinfo=PARIS),
    title="Multiples vulnérabilités dans Citrix NetScaler",
    source="CERTFR-2026-AVI-9001",
    answers=(
        LinkAnswer("taken", "Je m'en occupe", style="primary"),
        LinkAnswer("planned", "Planifier…", "day"),
        LinkAnswer("fixed", "Corrigé"),
        LinkAnswer("not_concerned", "Pas concerné…", "note"),
        LinkAnswer("compromised", "Compromission trouvée : déclarer", style="danger"),
    ),
)
GIVEN = GivenAnswer("Corrigé", datetime(2026, 3, 12, 10, 4, tzinfo=PARIS))
PAGES = (
    PAGE,
    replace(PAGE, before=(replace(GIVEN, lot="serveurs"),), exercise=True),
    *(replace(PAGE, problem=problem, said="Refusé.") for problem in LinkProblem),
    replace(PAGE, title="", source="", marking=Tlp.GREEN),
    replace(PAGE, state=LinkState.USED, given=(GIVEN,), answers=()),
    replace(PAGE, lots=(("server", "serveurs"), ("network", "équipements actifs")), lot="server"),
    replace(PAGE, lots=(("server", "serveurs"),), given=(GIVEN,)),
    *(replace(PAGE, state=LinkState.USED, urgent=each) for each in ("compromised", "replied")),
    *(replace(PAGE, state=s, answers=()) for s in LinkState if s is not LinkState.OPEN),
)
MUTE = Mute(
    reference="SRD-2026-0001",
    facility_id=1,
    scope=MuteScope.PRODUCT,
    target="FortiOS",
    explicit=True,
    reason="remplacement en cours",
    last_day=date(2026, 8, 12),
    until=NOW,
    created_at=NOW,
    created_by="",
)
DISAGREEMENTS = tuple(
    SimpleNamespace(
        category=AssetCategory.SERVER,
        earlier=SimpleNamespace(person="Ingénieur réseau", kind=AnswerKind.FIXED),
        later=kind,
        state=state,
    )
    for kind, state in ((AnswerKind.TAKEN, "taken"), (AnswerKind.REOPENED, "open"))
)
ACTION = {
    "facility": "CH de Démonstration",
    "state": "taken",
    "decision": DECISIONS[1],
    "outcome": SimpleNamespace(fixed=0, removed=0, released=0),
    "replaced_by": "",
    "lots": (
        (AssetCategory.SERVER, 3, SimpleNamespace(state="planned", due=NOW.date())),
        (AssetCategory.NETWORK, 1, None),
    ),
    "machines": (SimpleNamespace(name="srv-vpn-01", version="13.1-48.47", target="13.1-49.13"),),
    "bulletins": (
        SimpleNamespace(
            reference="CERTFR-2026-AVI-9001",
            title="Multiples vulnérabilités dans NetScaler",
            alert="ALR-2026-0412",
        ),
    )
    * 21,
    "answers": (
        SimpleNamespace(
            at=NOW,
            person="RSSI de garde",
            category=AssetCategory.SERVER,
            kind=AnswerKind.PLANNED,
            note="fenêtre de maintenance",
            due=NOW.date(),
        ),
    ),
}
REPLIES: dict[str, dict[str, object]] = {
    "absence_ended": {"ended": 1},
    "absence_unknown": {"name": "Claire"},
    "absence_usage": {},
    "absences": {
        "absences": (
            Absence("a@ch.example", "A", NOW.date(), NOW.date(), "b@ch.example", "B"),
            Absence("a@ch.example", "A", NOW.date(), NOW.date()),
        )
    },
    "alerts": {"alerts": ALERTS, "total": 42, "muted": 3, "covered": ()},
    "already_open": {"incident": INCIDENT, "readable": True, "said": "Des écrans sont bleus."},
    "answer_usage": {"word": "corrigé"},
    "action": ACTION,
    "action_answered": {
        "reference": "ACT-2026-0031",
        "answer": "planned",
        "person": "RSSI de garde",
        "due": NOW.date(),
        "lots": (AssetCategory.SERVER,),
        "everything": False,
        "alerts": ("ALR-2026-0412", "ALR-2026-0413"),
        "shared": ("ACT-2026-0032",),
    },
    "actions": {"actions": DECISIONS, "total": 42, "proposed": DECISIONS[:1]},
    "actions_elsewhere": {"total": 3},
    "unknown_action": {"reference": "ACT-2026-9999"},
    "answered": {
        "reference": "ALR-2026-0412",
        "answer": "planned",
        "person": "RSSI de garde",
        "due": NOW.date(),
        "lots": (AssetCategory.SERVER,),
        "waiting": LOTS,
        "facilities": ("CH de Démonstration",) * 2,
        "forwarded": (
            SimpleNamespace(name="Maintenance", email="m@prestataire.example", machines=True),
        ),
        "refused": ("EHPAD de Démonstration",),
        "others": (AssetCategory.NETWORK,),
        "disagreements": DISAGREEMENTS,
    },
    "assessment": {
        "assessment": SimpleNamespace(
            recognised=31,
            to_complete=9,
            ended=2,
            exploited=1,
            lines=(
                SimpleNamespace(
                    label="srv-vpn-01",
                    exploited="CERTFR-2026-AVI-0123",
                    target="13.1-49.13",
                    ended=NOW.date(),
                ),
            ),
        ),
        "questions": QUESTIONS,
    },
    "assurance": {"concerned": 0, "coverage": COVERAGE},
    "bad_code": {},
    "bad_day": {"written": "31/02"},
    "campaign_answered": {
        "reference": "CMP-2026-0003",
        "word": "FAIT",
        "facilities": ("CH de Démonstration",) * 7,
    },
    "campaign_approved": {"about": DRAFT, "recipients": 42},
    "campaign_counts": {
        "about": replace(DRAFT, state=CampaignState.APPROVED, occurrence=1),
        "counts": SimpleNamespace(recipients=42, reached=40, told=39, answered=12, silent=27),
        "answers": (("La consigne est affichée", 12),),
        "silent": (SimpleNamespace(finess="290999044", name="EHPAD de Démonstration", told=False),),
    },
    "campaign_draft": {
        "about": DRAFT,
        "preview": SimpleNamespace(facilities=42, addresses={"email": 57}, unreachable=2),
        "author": "Référent SSI",
    },
    "campaign_refused": {"why": "author", "reference": "CMP-2026-0003"},
    "campaigns": {"campaigns": (DRAFT,), "total": 42},
    "compromised": {"reference": "ALR-2026-0412"},
    "confirm_several": {
        "word": "corrigé",
        "subject": "ALR-2026-0412+0413",
        "said": "serveurs",
        "facilities": ("CH de Démonstration", "EHPAD de Démonstration"),
    },
    "contact_usage": {"several": True},
    "contacts": {
        "facilities": (
            SimpleNamespace(
                name="CH de Démonstration",
                contacts=(
                    Contact("Maintenance", "prestataire", "m@x.example"),
                    Contact("B", "ssi"),
                ),
            ),
            SimpleNamespace(name="EHPAD de Démonstration", contacts=()),
        )
    },
    "declare_usage": {},
    "declared": {"incident": INCIDENT},
    "disagreement": {
        "reference": "ALR-2026-0412",
        "person": "RSSI de garde",
        "disagreements": DISAGREEMENTS,
    },
    "failed": {"trace": "0f3a"},
    "help": {},
    "history": {
        "answers": (
            SimpleNamespace(
                at=NOW,
                person="RSSI de garde",
                category=AssetCategory.SERVER,
                kind=AnswerKind.FIXED,
                note="en 13.1-49.13",
                due=None,
                contact="",
            ),
        ),
        "parts": (("", LOTS),),
    },
    "incident_noted": {"incident": INCIDENT, "entry": INCIDENT.timeline[0]},
    "incidents": {"incidents": INCIDENTS},
    "linked": {"name": "RSSI de garde", "facilities": ("CH de Démonstration",)},
    "loading": {},
    "mute_ended": {"reference": "SRD-2026-0001", "alerts": 3},
    "mute_refused": {"why": "usage", "days": 90},
    "muted": {"mutes": (MUTE,) * 2, "alerts": 3, "kept": 1, "products": ("FortiOS", "FortiWeb")},
    "mutes": {"mutes": (MUTE, replace(MUTE, scope=MuteScope.ALL)), "hidden": 1},
    "no_form": {"command": "declare"},
    "mail_no_form": {},
    "mail_not_understood": {},
    "mail_unsigned": {},
    "not_allowed": {},
    "not_forwarded": {
        "why": "no_contact",
        "reference": "ALR-2026-0412",
        "facility": "CH de Démonstration",
        "finess": "590999017",
    },
    "not_your_lots": {
        "reference": "ALR-2026-0412",
        "lots": (AssetCategory.SERVER,),
        "known": (AssetCategory.SERVER, AssetCategory.BIOMEDICAL),
    },
    "pick_one": {},
    "foreseen": {
        "foreseen": SimpleNamespace(
            done=(SimpleNamespace(name="NetScaler ADC", reference="ACT-2026-0031"),) * 12,
            removed=(SimpleNamespace(name="Zimbra", reference="ACT-2026-0032"),),
            denied=(SimpleNamespace(name="FortiOS", reference="ACT-2026-0033"),),
        )
    },
    "question": {"question": QUESTIONS[0]},
    "question_answered": {"product": "FortiOS", "kind": "version", "value": "7.2.8", "lines": 2},
    "question_closed": {"kind": "not_concerned", "person": "RSSI de garde", "on": NOW},
    "question_usage": {"question": QUESTIONS[0]},
    "questions_head": {"shown": 10, "total": 42},
    "questions": {"questions": QUESTIONS, "total": 42},
    "questions_elsewhere": {"total": 42},
    "reason": {"reason": Reason(ReasonCode.EPSS, 0.92)},
    "stranger": {},
    "unknown_alert": {"reference": "ALR-2026-9999"},
    "unknown_incident": {"reference": "INC-2026-9999"},
    "unknown_mute": {"reference": "SRD-2026-9999"},
    "unknown_question": {"reference": "QST-2026-9999"},
    "unreadable": {},
    "unknown_command": {"word": "alrte", "nearest": "alerte"},
}
"""Each reply, with the variables it is given."""
