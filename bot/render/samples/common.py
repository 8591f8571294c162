"""What several samples share: a moment, its time zones, what an inventory could tell."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from bot.domain.alert import Coverage

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
REUNION = ZoneInfo("Indian/Reunion")
COVERAGE = Coverage(4312, 3486, 614, 212, date(2026, 3, 2))
