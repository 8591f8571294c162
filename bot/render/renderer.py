"""Renders views into messages: the form that the destination's ceiling allows, in its syntax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.domain.alert import AlertView
from bot.domain.clock import Clock, system_clock
from bot.domain.decision import DigestView, InitialStateView
from bot.domain.health import AlarmView
from bot.domain.marking import (
    COUNTS_FLOOR,
    MACHINES_FLOOR,
    USUAL_PAP,
    Form,
    Passage,
    message_marking,
    passage,
)
from bot.domain.message import Attachment, ChannelName, Choice, Message
from bot.domain.reference import ALERT, CAMPAIGN, INCIDENT
from bot.domain.silence import SilencesView
from bot.domain.views import CampaignView, IncidentView
from bot.render.answers import (
    alert_choices,
    campaign_choices,
    forward_choices,
    taken_only,
)
from bot.render.compose import Composer
from bot.render.foreign import Syntax
from bot.render.words import Words
from bot.resources import templates_folder
from feeds.advisory import Pap, Tlp

_WORDS = {ALERT: "alerte", CAMPAIGN: "campagne", INCIDENT: "incident"}  # commands to read one


class Renderer:
    """Renders every kind of message in every language, from one folder of templates.

    Args:
        templates: folder of templates; None is the one Tocsin ships with.
        clock: for "demain 9 h".
        mailbox: whether replies to mails are read; mails promise it only then.
        answers_at: where the page that takes answers is served
            (``https://tocsin.ght.example``); empty: nowhere, and no mail has a link to it.

    Raises:
        TemplateError: the words or the style sheet cannot be read.
    """

    def __init__(
        self,
        templates: Path | None = None,
        *,
        clock: Clock = system_clock,
        mailbox: bool = False,
        answers_at: str = "",
    ) -> None:
        self._composer = Composer(
            templates or templates_folder(), clock, mailbox=mailbox, answers_at=answers_at
        )

    @property
    def composer(self) -> Composer:
        """What fills the templates."""
        return self._composer

    def alert(
        self,
        view: AlertView,
        *,
        channel: ChannelName,
        ceiling: Tlp,
        floor: Tlp = MACHINES_FLOOR,
        pap: Pap | None = None,
        link: bool = False,
    ) -> Message:
        """Render an alert for a destination: whole, as counts, or as a notice.

        Args:
            ceiling: the highest marking the destination may receive.
            floor: the least marking of a message that names equipment.
            pap: the highest PAP it may receive; None is the usual one of the channel.
            link: whether a mail holds the link to the page that takes answers.

        Raises:
            TemplateError: a template is wrong; the message names it and the variable.
        """
        machines = not view.about_functions
        may = _passage(view, channel, ceiling, names_machines=machines, floor=floor, pap=pap)
        words = self._composer.words(view.language)
        about = _about(view, channel, "alerte", link=link, pap=view.pap)
        if may.form is Form.NOTICE:
            return self._notice(about)
        if may.form is Form.REDUCED:
            choices = taken_only(view, words)
            return self._make("reduced", {"alert": view}, about, may.marking, choices)
        message = self._make(
            "alert", {"alert": view}, about, may.marking, alert_choices(view, words)
        )
        if view.about_functions and channel is ChannelName.EMAIL:
            return replace(message, attachments=(self._poster(view, words),))
        return message

    def forward(
        self,
        view: AlertView,
        *,
        channel: ChannelName,
        ceiling: Tlp,
        contact: str,
        note: str = "",
        floor: Tlp = MACHINES_FLOOR,
    ) -> Message:
        """Render what a prestataire needs of an alert: what to do, and how to answer.

        It names machines where the ceiling allows, and counts them elsewhere; never more
        than the bulletin itself may be told is decided before.

        Raises:
            TemplateError: a template is wrong.
        """
        whole = message_marking(view.tlp, names_machines=True, floor=floor)
        named = whole <= ceiling and view.names_machines
        marking = whole if named else max(view.tlp, COUNTS_FLOOR)
        words = self._composer.words(view.language)
        about = _about(view, channel, "alerte")
        given = {"alert": view, "contact": contact, "note": note, "named": named}
        return self._make("forward", given, about, marking, forward_choices(view, words))

    def digest(
        self,
        view: DigestView,
        *,
        channel: ChannelName,
        ceiling: Tlp,
        floor: Tlp = MACHINES_FLOOR,
        pap: Pap | None = None,
    ) -> Message:
        """Render a digest. It says where a facility is weak: marked like machine names.

        Raises:
            TemplateError: a template is wrong.
        """
        may = _passage(view, channel, ceiling, names_machines=True, floor=floor, pap=pap)
        about = _about(view, channel, "alertes", pap=view.pap)
        if may.form is Form.FULL:
            return self._make("digest", {"digest": view}, about, may.marking)
        waiting = len(view.decisions) + view.more + len(view.proposed) + len(view.questions)
        return self._counts(about, may, waiting, view.late)

    def initial_state(
        self,
        view: InitialStateView,
        *,
        channel: ChannelName,
        ceiling: Tlp,
        floor: Tlp = MACHINES_FLOOR,
        pap: Pap | None = None,
    ) -> Message:
        """Render the one message of day one, marked like machine names.

        Raises:
            TemplateError: a template is wrong.
        """
        may = _passage(view, channel, ceiling, names_machines=True, floor=floor, pap=pap)
        about = _about(view, channel, "alertes", pap=view.pap)
        if may.form is Form.FULL:
            return self._make("initial", {"initial": view}, about, may.marking)
        waiting = len(view.actions) + view.other_actions
        return self._counts(about, may, waiting, 0, first=True)

    def campaign(
        self, view: CampaignView, *, channel: ChannelName, ceiling: Tlp, link: bool = False
    ) -> Message:
        """Render an awareness campaign, whole or as a notice.

        Raises:
            TemplateError: a template is wrong.
        """
        about = _about(view, channel, "campagne", link=link)
        choices = campaign_choices(view, self._composer.words(view.language))
        message = self._whole_or_notice("campaign", view, about, ceiling, choices)
        return replace(message, awareness=True)

    def incident(self, view: IncidentView, *, channel: ChannelName, ceiling: Tlp) -> Message:
        """Render an incident for the facility's room or for an authority's mailbox.

        Raises:
            TemplateError: a template is wrong.
        """
        about = _about(view, channel, "incident")
        return self._whole_or_notice("incident", view, about, ceiling)

    def silences(self, view: SilencesView, *, channel: ChannelName, ceiling: Tlp) -> Message:
        """Render what an authority is told of silences.

        Raises:
            TemplateError: a template is wrong.
        """
        about = _about(view, channel, "alertes", pap=view.pap)
        return self._whole_or_notice("silences", view, about, ceiling)

    def notice(self, reference: str, *, channel: ChannelName, language: str) -> Message:
        """Render what goes in place of a message that its destination may not receive any more.

        Raises:
            TemplateError: a template is wrong.
        """
        word = _WORDS.get(reference[:3].upper(), "alertes")
        return self._notice(_About(reference, language, channel, False, word))

    def page(self, name: str, /, *, language: str, **variables: object) -> str:
        """Render the page ``page/<language>/<name>.j2``: a whole HTML document.

        Raises:
            TemplateError: no such page, or the template is wrong.
        """
        return self._composer.page(name, language, variables)

    @property
    def page_style(self) -> str:
        """The style sheet that pages hold, as it stands in them."""
        return self._composer.style("page/page.css")

    def alarm(
        self, view: AlarmView, *, channel: ChannelName, language: str, thread: str = ""
    ) -> Message:
        """Render what the operator is told of Tocsin itself; it names no facility.

        Args:
            thread: receipt of the alarm, for its end.

        Raises:
            TemplateError: a template is wrong.
        """
        message = self._composer.message(
            "alarm",
            {"alarm": view},
            language=language,
            channel=channel,
            marking=Tlp.GREEN,
            command="aide",
        )
        return replace(message, thread=thread)

    def words(self, language: str) -> Words:
        """The vocabulary of a language: labels of forms, names of roles."""
        return self._composer.words(language)

    def reply(self, name: str, /, *, language: str, **variables: object) -> tuple[str, str]:
        """Render the reply ``reply/<language>/<name>.j2``, which is written in Markdown.

        ``prefix`` ("!" or "/") is "!" unless given.

        Returns:
            The plain text and the HTML.

        Raises:
            TemplateError: no such reply, or the template is wrong.
        """
        return self._composer.reply(name, language, variables)

    def _make(
        self,
        kind: str,
        variables: Mapping[str, object],
        about: _About,
        marking: Tlp,
        choices: Sequence[Choice] = (),
    ) -> Message:
        message = self._composer.message(
            kind,
            variables,
            language=about.language,
            channel=about.channel,
            marking=marking,
            command=about.command,
            exercise=about.exercise,
            choices=choices,
            link=about.link,
        )
        return replace(message, pap=about.pap) if about.pap and kind != "notice" else message

    def _whole_or_notice(
        self,
        kind: str,
        view: CampaignView | IncidentView | SilencesView,
        about: _About,
        ceiling: Tlp,
        choices: Sequence[Choice] = (),
    ) -> Message:
        """A message that has no reduced form, under the marking of its view."""
        if view.tlp > ceiling:
            return self._notice(about)
        return self._make(kind, {kind: view}, about, view.tlp, choices)

    def _notice(self, about: _About) -> Message:
        """ "A protected message awaits you": nothing else is said, and it may go anywhere."""
        given = {"reference": about.reference, "command": about.command}
        return self._make("notice", given, about, Tlp.CLEAR)

    def _counts(
        self, about: _About, may: Passage, decisions: int, late: int, *, first: bool = False
    ) -> Message:
        """A digest, or the first picture, below the ceiling: how many decisions, and where."""
        if may.form is Form.NOTICE:
            return self._notice(about)
        given = {
            "reference": about.reference,
            "decisions": decisions,
            "late": late,
            "first": first,
        }
        return self._make("counts", given, about, may.marking)

    def _poster(self, view: AlertView, words: Words) -> Attachment:
        """The page to print and display, for a bulletin that concerns people."""
        page = self._composer.render(
            f"poster/{words.language}/html.j2", Syntax.HTML, words.language, {"alert": view}
        )
        return Attachment(words.phrases["poster_name"], "text/html", page)


@dataclass(frozen=True, slots=True)
class _About:
    """What every form of one message has in common; ``word`` is the command to read it."""

    reference: str
    language: str
    channel: ChannelName
    exercise: bool
    word: str
    link: bool = False
    pap: Pap | None = None

    @property
    def command(self) -> str:
        """What to type to read the message elsewhere, without the prefix."""
        return self.word if self.word == "alertes" else f"{self.word} {self.reference}"


_Marked = AlertView | DigestView | InitialStateView
_View = _Marked | CampaignView | IncidentView | SilencesView


def _about(
    view: _View, channel: ChannelName, word: str, *, link: bool = False, pap: Pap | None = None
) -> _About:
    return _About(view.reference, view.language, channel, view.exercise, word, link, pap)


def _passage(
    view: _Marked,
    channel: ChannelName,
    ceiling: Tlp,
    *,
    names_machines: bool,
    floor: Tlp,
    pap: Pap | None,
) -> Passage:
    """What the destination may read of it; without ``pap``, what its channel usually may."""
    return passage(
        view.tlp,
        ceiling,
        names_machines=names_machines,
        floor=floor,
        pap=view.pap or Pap.CLEAR,
        pap_ceiling=USUAL_PAP[channel] if pap is None else pap,
    )
