"""Incidents, as each of their readers sees them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.views import CareImpact, IncidentReader, IncidentView, TimelineEntry
from bot.render.samples.common import NOW, PARIS, REUNION
from feeds.advisory import Pap

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
