"""Replies to commands: each with the variables it is given."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

from bot.domain.absence import Absence
from bot.domain.alert import AnswerKind
from bot.domain.campaign import CampaignState
from bot.domain.facility import AssetCategory, Contact
from bot.domain.mute import Mute, MuteScope
from bot.domain.reason import Reason, ReasonCode
from bot.render.samples.alerts import ALERTS, LOTS
from bot.render.samples.campaigns import DRAFT
from bot.render.samples.common import COVERAGE, NOW
from bot.render.samples.digests import DECISIONS, QUESTIONS
from bot.render.samples.incidents import INCIDENT, INCIDENTS

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
REPORTED = SimpleNamespace(
    facility=SimpleNamespace(name="CH de Démonstration", finess="590999017"),
    sentences=("40 ligne(s) lue(s), format xlsx, encodage utf-8.",),
    losses=12,
    assessment=SimpleNamespace(recognised=31, to_complete=9, ended=2, exploited=1, lines=()),
    readable=True,
    questions=QUESTIONS,
    asked=42,
    foreseen=SimpleNamespace(
        done=(SimpleNamespace(name="NetScaler ADC", reference="ACT-2026-0031"),),
        removed=(SimpleNamespace(name="Zimbra", reference="ACT-2026-0032"),),
        denied=(SimpleNamespace(name="FortiOS", reference="ACT-2026-0033"),),
    ),
)
REPLIES: dict[str, dict[str, object]] = {
    "absence_ended": {"ended": 1},
    "absence_unknown": {"name": "L'atelier"},
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
    "inventory_mail_over": {"why": "newer"},
    "inventory_mail_preview": {
        "file": "parc.xlsx",
        "reference": "INV-2026-0003",
        "days": 7,
        "parts": (
            SimpleNamespace(
                facility=SimpleNamespace(name="CH de Démonstration", finess="590999017"),
                sentences=("40 ligne(s) lue(s), format xlsx, encodage utf-8.",),
                losses=12,
            ),
        )
        * 2,
    },
    "inventory_mail_refused": {"why": "unreadable", "error": "parc.xlsx: illisible. Réparez-le."},
    "inventory_mail_report": {"file": "parc.xlsx", "parts": (REPORTED, REPORTED), "sheets": 2},
    "inventory_mail_whose": {"facilities": (("590999017", "CH de Démonstration"),) * 30},
    "foreseen": {
        "foreseen": SimpleNamespace(
            done=(SimpleNamespace(name="NetScaler ADC", reference="ACT-2026-0031"),) * 12,
            removed=(SimpleNamespace(name="Zimbra", reference="ACT-2026-0032"),),
            denied=(SimpleNamespace(name="FortiOS", reference="ACT-2026-0033"),),
        )
    },
    "pick_one": {},
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
