"""Awareness campaigns."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date

from bot.domain.campaign import Campaign, CampaignText
from bot.domain.views import CampaignView, OfferedAnswer
from bot.render.samples.common import NOW

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
