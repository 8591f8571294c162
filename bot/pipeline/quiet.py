"""When a destination is told, given the hours at which its people are not to be interrupted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.escalation import HoursOf
from bot.domain.mute import Mute
from bot.domain.quiet import QuietHours
from bot.domain.routing import Subscription
from bot.pipeline.concern import Concern
from bot.pipeline.mute import while_muted
from bot.store.alerts import Alert
from feeds.advisory import AdvisoryKind


@dataclass(frozen=True, slots=True)
class Hush:
    """Says when each destination is told of what is written ``now``, and what is not told.

    ``usual``: the quiet hours of destinations that have none of their own; ``mutes``, by
    facility. An *alerte* is told now, whatever they say.
    """

    usual: QuietHours
    hours: HoursOf
    subscribed: Mapping[int, Sequence[Subscription]]
    mutes: Mapping[int, Sequence[Mute]]
    now: datetime

    def held(self, alert: Alert, concern: Concern) -> Alert:
        """An alert about to be written, held by a mute of its facility if there is one."""
        return while_muted(alert, concern, self.mutes, self.now)

    def until(self, concern: Concern, subscription: Subscription) -> datetime:
        """When a destination is told of a concern."""
        if concern.revision.advisory.kind is AdvisoryKind.ALERTE:
            return self.now
        quiet = self.usual if subscription.quiet is None else subscription.quiet
        return quiet.end_after(self.now, self.hours(concern.facility))

    def heard_at(self, concern: Concern) -> datetime:
        """When the last destination of the facility is told: silence is counted from there."""
        everywhere = self.subscribed.get(concern.facility.id, ())
        return max((self.until(concern, each) for each in everywhere), default=self.now)
