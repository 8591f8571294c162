"""Digests and first pictures, with the decisions and questions they hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.domain.decision import (
    CategoryCount,
    Decision,
    DigestView,
    InitialStateView,
    MutedCount,
    OpenQuestion,
    Released,
)
from bot.domain.facility import AssetCategory
from bot.domain.reason import Reason, ReasonCode
from bot.domain.scope import Reopening
from bot.render.samples.common import COVERAGE

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
