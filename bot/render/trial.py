"""Tries every template before anybody is sent a message: see also :mod:`bot.render.check`."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from bot.domain.message import ChannelName
from bot.render import samples
from bot.render.check import faults
from bot.render.errors import TemplateError
from bot.render.renderer import Renderer
from bot.render.words import LANGUAGES
from feeds.advisory import Tlp


def try_templates(renderer: Renderer) -> None:
    """Check every template, then render each with invented views, in every channel.

    Raises:
        TemplateError: one line for each fault: file, line, and variable or field.
    """
    found = faults(renderer.composer)
    if found:
        raise TemplateError("\n".join(found))
    for language, channel in product(LANGUAGES, ChannelName):
        _try_alerts(renderer, language, channel)
        _try_messages(renderer, language, channel)
    for language in LANGUAGES:
        for page in samples.PAGES:
            renderer.page("answer", language=language, page=page, form="f")
        for name in ("unknown", "busy"):
            renderer.page(name, language=language)
    for language, (name, variables) in product(LANGUAGES, samples.REPLIES.items()):
        renderer.reply(name, language=language, **variables)


def _try_alerts(renderer: Renderer, language: str, channel: ChannelName) -> None:
    """Alerts and what a prestataire is sent of them: whole, reduced, and as a notice."""
    for view, ceiling in product(samples.ALERTS, (Tlp.RED, Tlp.GREEN, Tlp.CLEAR)):
        spoken = replace(view, language=language)
        renderer.alert(spoken, channel=channel, ceiling=ceiling)
        renderer.forward(spoken, channel=channel, ceiling=ceiling, contact="Maintenance", note="n")


def _try_messages(renderer: Renderer, language: str, channel: ChannelName) -> None:
    """Everything else that is sent."""
    for digest in samples.DIGESTS:
        renderer.digest(replace(digest, language=language), channel=channel, ceiling=Tlp.RED)
    for initial, ceiling in product(samples.INITIALS, (Tlp.RED, Tlp.GREEN)):
        renderer.initial_state(
            replace(initial, language=language), channel=channel, ceiling=ceiling
        )
    for campaign in samples.CAMPAIGNS:
        renderer.campaign(replace(campaign, language=language), channel=channel, ceiling=Tlp.RED)
    for incident in samples.INCIDENTS:
        renderer.incident(replace(incident, language=language), channel=channel, ceiling=Tlp.RED)
    for silences in samples.SILENCES:
        renderer.silences(replace(silences, language=language), channel=channel, ceiling=Tlp.RED)
    for alarm in samples.ALARMS:
        renderer.alarm(alarm, channel=channel, language=language)
