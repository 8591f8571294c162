"""The commands there are, by every name they answer to. Adding one is a file and a line."""

from __future__ import annotations

from datetime import timedelta

from bot.commands import (
    absent,
    actions,
    aide,
    alertes,
    answer,
    campagne,
    contact,
    declare,
    incident,
    lier,
    preciser,
    questions,
    silence,
    spoken,
)
from bot.commands.base import CommandBook, Entry
from bot.domain.escalation import HoursOf
from bot.domain.incident import IncidentRouting
from bot.pipeline.answer import AnswerDesk
from bot.pipeline.incident import IncidentDesk
from bot.render import Renderer


def command_book(
    renderer: Renderer,
    routing: IncidentRouting = IncidentRouting(),  # noqa: B008 - frozen
    longest_mute: timedelta = silence.LONGEST,
    hours: HoursOf | None = None,
) -> CommandBook:
    """Every command, French names first.

    Args:
        routing: where incidents are announced.
        hours: when what is opened again is reminded; a day later when they are not given.
    """
    desk = IncidentDesk(renderer, routing)
    answers = AnswerDesk(renderer, hours)
    return CommandBook(
        [
            Entry(("alertes", "alerts"), alertes.list_alerts),
            Entry(("alerte", "alert"), alertes.show_alert),
            Entry(("actions",), actions.list_actions),
            Entry(("action",), actions.show_action),
            Entry(("répondre", "repondre", "answer"), answer.answering(answers), contacts=True),
            Entry(spoken.names_of_answers(renderer), spoken.speaking(answers), contacts=True),
            Entry(("déclarer", "declarer", "declare"), declare.declaring(desk)),
            Entry(("incident", "incidents"), incident.following(desk)),
            Entry(("préciser", "preciser", "version"), preciser.complete, quiet=True),
            Entry(("questions",), questions.list_questions),
            Entry(("question",), questions.answer_question),
            Entry(("campagne", "campaign", "campagnes", "campaigns"), campagne.campaign),
            Entry(("silence", "sourdine", "mute"), silence.silencing(longest_mute)),
            Entry(("absent", "absente", "absence", "away"), absent.absent),
            Entry(("contact", "contacts"), contact.contact),
            Entry(("aide", "help"), aide.show_help),
        ],
        link=lier.link,
        renderer=renderer,
    )
