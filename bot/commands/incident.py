"""``!incident REF``: read an incident, add to its time-line, say where it stands."""

from __future__ import annotations

from bot.commands.base import Command, Reply, Setting
from bot.commands.declare import may_be_read, read_care, refused
from bot.domain.incident import Happening, Incident, bounded, may_declare, read_state
from bot.domain.reference import INCIDENT, UnreadableReferenceError, split
from bot.domain.views import TimelineEntry
from bot.pipeline.incident import CEILING, IncidentDesk
from bot.pipeline.incident_view import incident_view
from bot.store import Session, incidents


def following(desk: IncidentDesk) -> Command:
    """The command that follows incidents through ``desk``."""

    def incident(session: Session, setting: Setting) -> Reply:
        """Show an incident; with a text, note it; with « contenu » or « clos », say so.

        In the incident's own room, or in a thread about it, its reference may be left out.
        """
        reference, text = _split(setting.invocation.args)
        found = _find(session, setting, reference)
        if found is None:
            if not reference and not text:
                return _list(session, setting)
            return setting.reply("unknown_incident", reference=reference or text)
        care = setting.invocation.fields.get("care", "")
        if care:
            return _care(session, setting, desk, found, care)
        if not text:
            return _show(session, setting, found)
        return _note(session, setting, desk, found, text)

    return incident


def _split(args: str) -> tuple[str, str]:
    """The reference that ``args`` begins with, in capitals, and what follows it."""
    word, _, rest = args.strip().partition(" ")
    try:
        references = split(word.rstrip(":,"))
    except UnreadableReferenceError:
        return "", args.strip()
    if len(references) != 1 or not references[0].startswith(INCIDENT):
        return "", args.strip()
    return references[0], rest.strip(" :,–—\n")


def _find(session: Session, setting: Setting, reference: str) -> Incident | None:
    """The incident named, else the thread's, else this room's; only one of the person's."""
    if not reference and setting.invocation.subject.startswith(INCIDENT):
        reference = setting.invocation.subject
    if reference:
        found = incidents.by_reference(session, reference)
    else:
        found = incidents.of_room(session, setting.invocation.place.address)
    if found is None or found.facility_id not in setting.person.facilities():
        return None
    return found


def _list(session: Session, setting: Setting) -> Reply:
    ids = list(setting.facility_ids)
    language = setting.invocation.language
    views = [
        incident_view(session, each, setting.renderer, language=language)
        for each in incidents.listed(session, facility_ids=ids)
        if may_be_read(session, setting, each)
    ]
    return setting.reply("incidents", incidents=views, prefix=setting.invocation.prefix)


def _show(session: Session, setting: Setting, found: Incident) -> Reply:
    """The incident as its room reads it, or a notice where it may not be said."""
    place = setting.invocation.place
    view = incident_view(session, found, setting.renderer, language=setting.invocation.language)
    ceiling = setting.ceiling(session, found.facility_id)
    if place.address == found.room and setting.invocation.confidential:
        ceiling = max(ceiling, CEILING)
    message = setting.renderer.incident(view, channel=place.channel, ceiling=ceiling)
    return Reply(message.text, message.html)


def _care(
    session: Session, setting: Setting, desk: IncidentDesk, found: Incident, care: str
) -> Reply:
    if not may_declare(setting.person, found.facility_id):
        return refused(session, setting)
    told = read_care(care)
    desk.tell_care(session, found, told, setting.person, now=setting.now)
    return _noted(session, setting, found, Happening.CARE, told.value)


def _note(
    session: Session, setting: Setting, desk: IncidentDesk, found: Incident, text: str
) -> Reply:
    state = read_state(text)
    if state is None:
        said = bounded(text)
        incidents.append(
            session, found.id, Happening.NOTE, said, person_id=setting.person.id, now=setting.now
        )
        return _noted(session, setting, found, Happening.NOTE, said)
    if not may_declare(setting.person, found.facility_id):
        return refused(session, setting)
    desk.tell_state(session, found, state, setting.person, now=setting.now)
    return _noted(session, setting, found, Happening.STATE, state.value)


def _noted(
    session: Session, setting: Setting, found: Incident, kind: Happening, text: str
) -> Reply:
    current = incidents.by_id(session, found.id)
    view = incident_view(session, current, setting.renderer, language=setting.invocation.language)
    entry = TimelineEntry(setting.now, text, setting.person.name, kind.value)
    return setting.reply("incident_noted", incident=view, entry=entry)
