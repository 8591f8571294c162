"""Invented views that between them walk through every branch of the templates.

They serve to try templates before anybody is sent a message, and to show an author of
templates the result.
"""

from bot.render.samples.alerts import ALERT, ALERTS, NAMELESS, PEOPLE, SHARED
from bot.render.samples.authorities import ALARMS, SILENCES
from bot.render.samples.campaigns import CAMPAIGN, CAMPAIGNS
from bot.render.samples.common import NOW
from bot.render.samples.digests import DECISIONS, DIGEST, DIGESTS, INITIAL, INITIALS
from bot.render.samples.incidents import INCIDENT, INCIDENTS
from bot.render.samples.pages import PAGES
from bot.render.samples.replies import REPLIES

__all__ = [
    "ALARMS",
    "ALERT",
    "ALERTS",
    "CAMPAIGN",
    "CAMPAIGNS",
    "DECISIONS",
    "DIGEST",
    "DIGESTS",
    "INCIDENT",
    "INCIDENTS",
    "INITIAL",
    "INITIALS",
    "NAMELESS",
    "NOW",
    "PAGES",
    "PEOPLE",
    "REPLIES",
    "SHARED",
    "SILENCES",
]
