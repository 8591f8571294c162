"""``!corrigé ALR-2026-0412 serveurs``: an answer as a command, to one alert or to many.

A bulletin's reference answers in each facility where the person may: it is asked whether
that is meant, unless « tout le GHT » says so, and the facilities are named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.commands import actions
from bot.commands.answer import record
from bot.commands.base import Command, Reply, Setting
from bot.commands.given import Given
from bot.domain.alert import AnswerKind
from bot.domain.lots import read_lots, split_lots, with_lots
from bot.domain.message import Choice
from bot.domain.reference import combine, split
from bot.domain.wording import composed, fold, read_wording
from bot.pipeline.answer import AnswerDesk, of_advisory
from bot.render import Renderer
from bot.render.words import LANGUAGES
from bot.store import Session, advisories, alerts, facilities
from bot.store.alerts import Alert

NAMED = re.compile(r"\bALR-\d{4}-\d{1,9}(?:\+\d{1,9})*", re.IGNORECASE)
WHOLE_GHT = re.compile(
    r"\b(?:dans |pour |in )?(?:tout le|tous les (?:etablissements|membres) du|the whole) ght\b"
)
PUBLISHED = re.compile(r"(?<!\S)(?=\S*\d)[A-Za-z][\w.]*(?:-[\w.]+)+")  # of a publisher


@dataclass(frozen=True, slots=True)
class _Meant:
    """The alerts somebody means; ``sure`` unless a bulletin stands for several facilities."""

    alerts: Sequence[Alert]
    sure: bool
    rest: str  # what was said beside the references


def names_of_answers(renderer: Renderer) -> list[str]:
    """The first words of every answer, with and without accents: the names of the command."""
    words = [
        answer["word"].split()[0].casefold()
        for language in LANGUAGES
        for answer in renderer.words(language).answers.values()
    ]
    aliases = ["prévu", "planifié", "pris", "taken"]
    aliases += [renderer.words(language).phrases["confirm"] for language in LANGUAGES]
    every = [form for word in [*words, *aliases] for form in (word, fold(word))]
    return [word for word in dict.fromkeys(every) if re.fullmatch(r"[^\W\d_][\w-]*", word)]


def speaking(desk: AnswerDesk) -> Command:
    """The command that answers in words: its name is the first of them."""

    def spoken(session: Session, setting: Setting) -> Reply:
        asked = setting.invocation
        if actions.NAMED.search(asked.args) or actions.NAMED.fullmatch(asked.subject):
            return _to_actions(session, setting, desk)
        meant = _meant(session, setting, composed(f"{asked.name} {asked.args}"))
        found = _wording(setting, meant.rest)
        if found is None:
            return setting.reply("unknown_command", word=asked.name, nearest="aide")
        kind, said = found
        if not meant.alerts and (asked.subject or NAMED.search(asked.args)):
            reference = asked.subject or asked.args
            return setting.reply("unknown_alert", reference=split_lots(reference)[0])
        if not meant.alerts:
            return setting.reply("answer_usage", word=asked.name)
        named, note = read_lots(said)
        if not named and not NAMED.search(asked.args):
            named = split_lots(asked.subject)[1]
        subject = combine([alert.reference for alert in meant.alerts])
        if len({alert.facility_id for alert in meant.alerts}) > 1 and not meant.sure:
            return _confirm(session, setting, meant, kind, said)
        given = Given(subject, AnswerKind(kind), note, named)
        return record(session, setting, desk, given)

    return spoken


def _to_actions(session: Session, setting: Setting, desk: AnswerDesk) -> Reply:
    """An answer to the actions named, or to the one that the thread is about."""
    asked = setting.invocation
    text = composed(f"{asked.name} {asked.args}")
    named = [each for found in actions.NAMED.findall(text) for each in split(found)]
    found = _wording(setting, " ".join(actions.NAMED.sub(" ", text).split()))
    if found is None:
        return setting.reply("unknown_command", word=asked.name, nearest="aide")
    lots, note = read_lots(found[1])
    subject = combine(named) if named else asked.subject
    given = Given(subject, AnswerKind(found[0]), note, lots)
    return actions.answer(session, setting, desk, given)


def _meant(session: Session, setting: Setting, text: str) -> _Meant:
    """The alerts that ``text`` names, or else those the thread is about."""
    text = text.strip()
    folded = fold(text)
    ght = WHOLE_GHT.search(folded)
    if ght is not None:
        text = f"{text[: ght.start()]} {text[ght.end() :]}"
    written = [each for found in NAMED.findall(text) for each in split(found)]
    rest = " ".join(NAMED.sub(" ", text).split())
    named = [a for each in written if (a := alerts.by_reference(session, each))]
    bulletins: list[Alert] = []
    for reference in PUBLISHED.findall(rest) if not written else []:
        if (revision := advisories.by_reference(session, reference)) is not None:
            bulletins += of_advisory(session, revision.advisory_id, setting.speaker.facilities)
            rest = " ".join(rest.replace(reference, " ").split())
    found = named or bulletins or _of_thread(session, setting)
    if ght is not None:
        known = {id_: None for alert in found for id_ in [alert.advisory_id]}
        found = [a for id_ in known for a in of_advisory(session, id_, setting.speaker.facilities)]
    mine = [a for a in found if setting.speaker.may_answer(a.facility_id, a.reference)]
    return _Meant(mine, sure=ght is not None or not bulletins, rest=rest)


def _of_thread(session: Session, setting: Setting) -> list[Alert]:
    subject, _ = split_lots(setting.invocation.subject)
    if not NAMED.fullmatch(subject):
        return []
    return [a for each in split(subject) if (a := alerts.by_reference(session, each))]


def _wording(setting: Setting, text: str) -> tuple[str, str] | None:
    """The kind of answer that ``text`` begins with, and what follows; in any language."""
    said_as: list[tuple[str, str]] = [
        (wording, kind)
        for language in LANGUAGES
        for kind, answer in setting.renderer.words(language).answers.items()
        for wording in (answer["word"], answer["label"])
    ]
    said_as += [(kind.value, kind.value) for kind in AnswerKind]
    said_as += [
        (renderer_words.phrases["confirm"], AnswerKind.FIXED.value)
        for renderer_words in map(setting.renderer.words, LANGUAGES)
    ]
    said_as += [("planifié", AnswerKind.PLANNED.value), ("pris", AnswerKind.TAKEN.value)]
    return read_wording(text, said_as)


def _confirm(session: Session, setting: Setting, meant: _Meant, kind: str, said: str) -> Reply:
    """Name the facilities, and ask to say it again with the references."""
    subject = combine([alert.reference for alert in meant.alerts])
    owners = facilities.by_ids(session, {alert.facility_id for alert in meant.alerts})
    words = setting.renderer.words(setting.invocation.language)
    answer = words.answers[kind]
    named, note = read_lots(said)
    reply = setting.reply(
        "confirm_several",
        prefix=setting.invocation.prefix,
        word=answer["word"],
        subject=subject,
        said=said,
        facilities=[owners[id_].name for id_ in sorted(owners)],
    )
    again = Choice(answer["word"], answer["label"], f"{with_lots(subject, named)}:{kind}")
    return Reply(reply.text, reply.html, choices=() if note else (again,))
