"""``!absent du 12/08 au 26/08 remplaçant NOM``: who is told, and may answer, meanwhile."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.commands.base import Reply, Setting
from bot.domain.absence import Absence, read_absence
from bot.domain.answers import BadDayError
from bot.domain.wording import fold
from bot.store import Session, absences, audit, facilities, people

END_WORDS = frozenset({"fin", "non", "present", "retour", "end", "back"})
PARIS = "Europe/Paris"


def absent(session: Session, setting: Setting) -> Reply:
    """Note an absence of the person who asks, list them, or take them back."""
    text = setting.invocation.args.strip()
    email = setting.person.email.casefold()
    if fold(text) in END_WORDS:
        ended = absences.end(session, email, now=setting.now)
        audit.note(session, setting.speaker.actor, "absence.ended", email, now=setting.now)
        return setting.reply("absence_ended", ended=ended)
    if not text:
        known = absences.to_come(session, now=setting.now, emails=[email])
        return setting.reply("absences", absences=known)
    known_here = facilities.by_ids(session, setting.facility_ids)
    zone = next((each.time_zone for each in known_here.values()), PARIS)
    try:
        asked = read_absence(text, today=setting.now.astimezone(ZoneInfo(zone)).date())
    except BadDayError as error:
        return setting.reply("bad_day", written=error.written)
    if asked is None:
        return setting.reply("absence_usage")
    stand_in = (asked.name, asked.email)
    if asked.name and not asked.email:
        found = _by_name(session, setting, asked.name)
        if found is None:
            return setting.reply("absence_unknown", name=asked.name)
        stand_in = found
    noted = Absence(
        email=email,
        name=setting.person.name,
        starts_on=asked.starts_on,
        ends_on=asked.ends_on,
        substitute_email=stand_in[1],
        substitute_name=stand_in[0] or stand_in[1],
    )
    _note(session, setting, noted)
    return setting.reply("absences", absences=[noted])


def _note(session: Session, setting: Setting, noted: Absence) -> None:
    absences.add(session, noted, by=setting.speaker.actor, now=setting.now)
    audit.note(
        session,
        setting.speaker.actor,
        "absence.noted",
        noted.email,
        now=setting.now,
        substitute=noted.substitute_email,
        starts_on=noted.starts_on.isoformat(),
        ends_on=noted.ends_on.isoformat(),
    )


def _by_name(session: Session, setting: Setting, name: str) -> tuple[str, str] | None:
    """Somebody of the same facilities who has this name, alone to have it: name and address."""
    own = sorted(setting.person.facilities())
    known = {
        person.email: person.name
        for facility_id in own
        for person in people.at_facility(session, facility_id)
    }
    for facility in facilities.by_ids(session, own).values():
        known |= {c.email.casefold(): c.name for c in facility.contacts if c.email}
    known.pop(setting.person.email, None)
    found = [(said, email) for email, said in known.items() if fold(name) in fold(said)]
    return found[0] if len(found) == 1 else None
