"""One message out of the templates of its kind: subject, text, HTML or blocks, within limits."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from bot.domain.answer_link import PATH
from bot.domain.clock import Clock
from bot.domain.marking import subject_may_speak
from bot.domain.message import ChannelName, Choice, Message
from bot.render.answers import slack_answers
from bot.render.environment import environment
from bot.render.errors import TemplateError, located
from bot.render.foreign import Syntax, trusted
from bot.render.limits import MAIL_CHARACTERS, SLACK_TEXT, cut, fit_matrix, fit_slack
from bot.render.mail import load_styles, with_page_headings, with_styles, without_classes
from bot.render.markdown import to_html, to_text
from bot.render.words import LANGUAGES, Words, load_words
from feeds.advisory import Tlp

MAX_SUBJECT = 180  # characters; most clients show fewer
# what a template can do wrong: a filter that is given something else raises as Python does
WRONG_TEMPLATE = (
    jinja2.TemplateError, TypeError, LookupError, AttributeError, ValueError, AssertionError,
)  # fmt: skip
HEADING = re.compile(r"<h1>(.*?)</h1>", re.DOTALL)
MANY_BLANKS = re.compile(r"\n\s*\n\s*\n")


class Composer:
    """Holds the compiled templates, and makes messages of them.

    Raises:
        TemplateError: the words or the style sheet cannot be read.
    """

    def __init__(
        self, templates: Path, clock: Clock, *, mailbox: bool = False, answers_at: str = ""
    ) -> None:
        self.templates = templates
        self._mailbox = mailbox
        self._answers_at = answers_at
        self._link_place = secrets.token_hex(16)  # which no bulletin can guess and print
        self._clock = clock
        self._styles = load_styles(templates)
        self._words = {language: load_words(templates, language) for language in LANGUAGES}
        self._environments = {
            (syntax, language): environment(templates, syntax, words)
            for language, words in self._words.items()
            for syntax in Syntax
        }

    def words(self, language: str) -> Words:
        """The vocabulary of ``language``; French for one that has none."""
        return self._words.get(language, self._words[LANGUAGES[0]])

    def environment(self, syntax: Syntax, language: str) -> jinja2.Environment:
        """The environment of one syntax and language."""
        return self._environments[syntax, self.words(language).language]

    def render(
        self, template: str, syntax: Syntax, language: str, variables: Mapping[str, Any]
    ) -> str:
        """Render one template.

        Args:
            template: path below the folder of templates, ``alert/fr/text.j2``.

        Raises:
            TemplateError: no such template, or it is wrong.
        """
        try:
            made = self.environment(syntax, language).get_template(template)
            return str(made.render(variables)).strip()
        except jinja2.TemplateNotFound as error:
            missing = self.templates / (error.name or template)
            raise TemplateError(f"{missing}: no such template") from error
        except WRONG_TEMPLATE as error:
            raise TemplateError(located(error)) from error

    def message(
        self,
        kind: str,
        variables: Mapping[str, Any],
        *,
        language: str,
        channel: ChannelName,
        marking: Tlp,
        command: str,
        exercise: bool = False,
        choices: Sequence[Choice] = (),
        link: bool = False,
    ) -> Message:
        """Render the templates of ``kind`` that ``channel`` needs.

        Args:
            command: what to type to read the rest, without its prefix: ``alerte ALR-1``.
            link: whether a mail that offers answers also offers the page that takes them.

        Raises:
            TemplateError: a template is wrong.
        """
        words = self.words(language)
        prefix = "/" if channel is ChannelName.SLACK else "!"
        ending = words.phrases["shortened"].format(command=prefix + command)
        linked = link and choices and channel is ChannelName.EMAIL and self._answers_at
        place = self._link_place if linked else ""
        given = {
            **variables,
            "link": trusted(f"{self._answers_at}{PATH}{place}" if place else ""),
            "marking": marking,
            "now": self._clock(),
            "channel": channel.value,
            "prefix": trusted(prefix),
            "choices": tuple(choices),
            "exercise": exercise,
            "shortened": trusted(ending),
            "mailbox": self._mailbox,
        }
        subject = self._subject(kind, words.language, marking, given)
        text, html, blocks = self._body(kind, words, channel, given, ending, subject)
        return Message(
            subject=subject,
            text=text,
            html=html,
            blocks=tuple(blocks),
            marking=marking,
            choices=tuple(choices),
            language=words.language,
            link=place,
        )

    def page(self, name: str, language: str, variables: Mapping[str, Any]) -> str:
        """Render a page of the web, whole; its title is its first heading.

        Raises:
            TemplateError: no such page, or the template is wrong.
        """
        language = self.words(language).language
        given = {**variables, "now": self._clock()}
        body = self.render(f"page/{language}/{name}.j2", Syntax.HTML, language, given)
        page = {
            "language": language,
            "title": trusted(HEADING.findall(body)[0]),
            "body": trusted(body),
            "style": trusted(self.style("page/page.css")),
        }
        return self.render("page/layout.j2", Syntax.HTML, language, page)

    def style(self, name: str) -> str:
        """A style sheet of the templates, as it is."""
        path = self.templates / name
        try:
            return path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TemplateError(f"{path}: {error}") from error

    def reply(self, name: str, language: str, variables: Mapping[str, Any]) -> tuple[str, str]:
        """Render a reply's Markdown to plain text and HTML.

        Raises:
            TemplateError: no such reply, or the template is wrong.
        """
        language = self.words(language).language
        given = {**variables, "prefix": trusted(str(variables.get("prefix", "!")))}
        source = self.render(f"reply/{language}/{name}.j2", Syntax.MARKDOWN, language, given)
        return to_text(source), to_html(source)

    def _subject(self, kind: str, language: str, marking: Tlp, given: Mapping[str, Any]) -> str:
        """One line; a neutral one when the marking is above what a subject may say."""
        spoken = kind if subject_may_speak(marking) else "notice"
        text = self.render(f"{spoken}/{language}/subject.j2", Syntax.TEXT, language, given)
        return cut(" ".join(text.split("\n")), MAX_SUBJECT, "…").replace("\n", "")

    def _body(
        self,
        kind: str,
        words: Words,
        channel: ChannelName,
        given: Mapping[str, Any],
        ending: str,
        subject: str,
    ) -> tuple[str, str, list[dict[str, Any]]]:
        """Text, HTML and blocks: those that the channel shows."""
        language = words.language
        folder = f"{kind}/{language}"
        text = _airy(self.render(f"{folder}/text.j2", Syntax.TEXT, language, given))
        if channel is ChannelName.SLACK:
            blocks = self._blocks(f"{folder}/slack.j2", language, given)
            blocks[-1:-1] = slack_answers(given["choices"], words)
            return cut(text, SLACK_TEXT, ending), "", fit_slack(blocks, ending)
        if channel is ChannelName.CONSOLE:
            return text, "", []
        html = self.render(f"{folder}/html.j2", Syntax.HTML, language, given)
        if channel is ChannelName.MATRIX:
            return *fit_matrix(text, without_classes(html), ending), []
        page = self._page(html, subject, language)
        if len(page) > MAIL_CHARACTERS:
            page = ""
        return cut(text, MAIL_CHARACTERS, ending), page, []

    def _page(self, fragment: str, subject: str, language: str) -> str:
        """The whole HTML document of a mail."""
        body = trusted(with_page_headings(fragment))
        given = {"body": body, "subject": subject, "language": language}
        page = self.render("mail/layout.j2", Syntax.HTML, language, given)
        return with_styles(page, self._styles)

    def _blocks(
        self, template: str, language: str, given: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """The blocks of a Slack template: one JSON object a line."""
        lines = self.render(template, Syntax.SLACK, language, given).split("\n")
        try:
            blocks = [json.loads(line) for line in lines if line.strip()]
        except json.JSONDecodeError as error:
            raise TemplateError(
                f"{template}: text outside a block: {error.doc.strip()[:60]!r}"
            ) from error
        return [block for block in blocks if not _is_empty(block)]


def _airy(text: str) -> str:
    """The text with at most one empty line in a row, whatever parts a template left out."""
    return MANY_BLANKS.sub("\n\n", text)


def _is_empty(block: Mapping[str, Any]) -> bool:
    """Whether a block says nothing, which Slack refuses."""
    texts = [block["text"]] if "text" in block else block.get("elements", ())
    return bool(texts) and not any(text["text"].strip() for text in texts)
