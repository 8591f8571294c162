"""What authorities are told of silences, and operators of Tocsin itself."""

from __future__ import annotations

from datetime import date, datetime

from bot.domain.health import AlarmView, Problem
from bot.domain.silence import AuthorityCount, Silence, SilenceKind, SilencesView
from bot.render.samples.common import NOW, PARIS
from feeds.advisory import Tlp

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
