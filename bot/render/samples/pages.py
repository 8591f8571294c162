"""The page that takes answers, in each of its states."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.views import AnswerPageView, GivenAnswer, LinkAnswer, LinkProblem, LinkState
from bot.render.samples.common import PARIS
from feeds.advisory import Tlp

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
