"""Renders views into messages: the form that the destination's ceiling allows, in its syntax."""

from __future__ import annotations

from pathlib import Path

from bot.domain.alert import AlertView
from bot.domain.clock import Clock, system_clock
from bot.domain.marking import MACHINES_FLOOR, Form, passage
from bot.domain.message import ChannelName, Message
from bot.render.answers import alert_choices, taken_only
from bot.render.compose import Composer
from bot.resources import templates_folder
from feeds.advisory import Tlp


class Renderer:
    """Renders every kind of message in every language, from one folder of templates.

    Args:
        templates: folder of templates; None is the one Tocsin ships with.
        clock: for "demain 9 h".

    Raises:
        TemplateError: the words or the style sheet cannot be read.
    """

    def __init__(self, templates: Path | None = None, *, clock: Clock = system_clock) -> None:
        self._composer = Composer(templates or templates_folder(), clock)

    def alert(
        self,
        view: AlertView,
        *,
        channel: ChannelName,
        ceiling: Tlp,
        floor: Tlp = MACHINES_FLOOR,
    ) -> Message:
        """Render an alert for a destination: whole, as counts, or as a notice.

        Args:
            ceiling: the highest marking the destination may receive.
            floor: the least marking of a message that names equipment.

        Raises:
            TemplateError: a template is wrong; the message names it and the variable.
        """
        may = passage(view.tlp, ceiling, names_machines=view.names_machines, floor=floor)
        words = self._composer.words(view.language)
        if may.form is Form.NOTICE:
            return self._notice(view.reference, view.language, view.exercise, channel, "alerte")
        full = may.form is Form.FULL
        return self._composer.message(
            "alert" if full else "reduced",
            {"alert": view},
            language=view.language,
            channel=channel,
            marking=may.marking,
            command=f"alerte {view.reference}",
            exercise=view.exercise,
            choices=alert_choices(view, words) if full else taken_only(view.reference, words),
        )

    def _notice(
        self, reference: str, language: str, exercise: bool, channel: ChannelName, command: str
    ) -> Message:
        """ "A protected message awaits you": nothing else is said, and it may go anywhere."""
        return self._composer.message(
            "notice",
            {"reference": reference, "command": command},
            language=language,
            channel=channel,
            marking=Tlp.CLEAR,
            command=f"{command} {reference}",
            exercise=exercise,
        )
