"""The commands there are, by every name they answer to. Adding one is a file and a line."""

from __future__ import annotations

from datetime import timedelta

from bot.commands import (
    aide,
    alertes,
    answer,
    campagne,
    declare,
    incident,
    lier,
    preciser,
    questions,
    silence,
)
from bot.commands.base import CommandBook, Entry
from bot.domain.incident import IncidentRouting
from bot.pipeline.incident import IncidentDesk
from bot.render import Renderer


def command_book(
    renderer: Renderer,
    routing: IncidentRouting = IncidentRouting(),  # noqa: B008 - frozen
    longest_mute: timedelta = silence.LONGEST,
) -> CommandBook:
    """Every command, French names first. ``routing`` says where incidents are announced."""
    desk = IncidentDesk(renderer, routing)
    return CommandBook(
        [
            Entry(("alertes", "alerts"), alertes.list_alerts),
            Entry(("alerte", "alert"), alertes.show_alert),
            Entry(("répondre", "repondre", "answer"), answer.answer),
            Entry(("déclarer", "declarer", "declare"), declare.declaring(desk)),
            Entry(("incident", "incidents"), incident.following(desk)),
            Entry(("préciser", "preciser", "version"), preciser.complete, quiet=True),
            Entry(("questions",), questions.list_questions),
            Entry(("question",), questions.answer_question),
            Entry(("campagne", "campaign", "campagnes", "campaigns"), campagne.campaign),
            Entry(("silence", "sourdine", "mute"), silence.silencing(longest_mute)),
            Entry(("aide", "help"), aide.show_help),
        ],
        link=lier.link,
        renderer=renderer,
    )
