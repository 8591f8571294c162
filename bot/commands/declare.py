"""``!declare``: open an incident at once, and say what is done and what awaits."""

from __future__ import annotations

import dataclasses

from bot.commands.alertes import permitted, written
from bot.commands.base import Command, FieldKind, Form, FormField, Reply, Setting
from bot.domain.facility import Facility
from bot.domain.incident import (
    Declaration,
    Incident,
    Written,
    bounded,
    may_declare,
    read_declaration,
)
from bot.domain.people import DECLARING
from bot.domain.reference import ALERT, combine
from bot.domain.views import CareImpact
from bot.pipeline.incident import CEILING, Declared, IncidentDesk
from bot.pipeline.incident_view import incident_view
from bot.store import Session, audit, facilities, incidents

USAGE_WORDS = frozenset({"aide", "help", "?"})
OFFERED = 100  # facilities in a list, Slack's limit; beyond, the number is asked for


def declaring(desk: IncidentDesk) -> Command:
    """The command that declares through ``desk``."""

    def declare(session: Session, setting: Setting) -> Reply:
        """Open an incident for a facility of the caller, or ask what is missing.

        What follows the command is declared at once, before anything is asked: whether
        care is affected is *unknown* until somebody says.
        """
        said = setting.invocation.args.strip()
        if said.casefold() in USAGE_WORDS:
            return setting.reply("declare_usage", prefix=setting.invocation.prefix)
        read = _about(session, setting, read_declaration(said))
        fields = setting.invocation.fields
        known = _where(session, setting, fields.get("facility") or read.finess, read.alert)
        if not known:
            return refused(session, setting)
        what = bounded(fields.get("what", "")) or read.what
        if len(known) > 1:
            return Reply("", form=_form(setting, read, what, known))
        if not what:
            return _asked(session, setting, read, known)
        declaration = Declaration(
            facility_id=known[0].id,
            what=what,
            care=read_care(fields.get("care", "")),
            exercise=read.exercise,
            another=read.another,
            alert=read.alert,
        )
        done = desk.declare(session, declaration, setting.person, now=setting.now)
        return _said(session, setting, done, what, ask_care="care" not in fields)

    return declare


def proposed(session: Session, setting: Setting, references: str) -> Form | None:
    """The form to declare what these alerts led to; None for whom may not."""
    read = _about(session, setting, Written("", alert=references))
    known = _where(session, setting, "", read.alert) if read.alert else []
    return _form(setting, read, "", known) if known else None


def care_field(setting: Setting) -> FormField:
    """The question whether care is affected."""
    words = setting.renderer.words(setting.invocation.language).forms["declare"]
    options = tuple((care.value, words[care.value]) for care in CareImpact)
    return FormField("care", words["care"], FieldKind.CHOICE, options)


def read_care(value: str) -> CareImpact:
    """What a form says; unknown for anything else."""
    return CareImpact(value) if value in set(CareImpact) else CareImpact.UNKNOWN


def refused(session: Session, setting: Setting) -> Reply:
    """Say no, and keep that it was asked."""
    audit.note(
        session,
        str(setting.person.id),
        "refused.role",
        setting.invocation.name,
        now=setting.now,
        place=setting.invocation.place.address,
    )
    return dataclasses.replace(setting.reply("not_allowed"), private=True)


def may_be_read(session: Session, setting: Setting, incident: Incident) -> bool:
    """Whether the place the person speaks in may hear of the incident."""
    place = setting.invocation.place
    if setting.ceiling(session, incident.facility_id) >= CEILING:
        return True
    return place.address == incident.room and setting.invocation.confidential


def _about(session: Session, setting: Setting, read: Written) -> Written:
    """With the alert named, else the thread's; only those of the caller's own facilities."""
    subject = setting.invocation.subject
    named = read.alert or (subject if subject.startswith(ALERT) else "")
    mine = [each for each in written(named) if permitted(session, setting, each)]
    return dataclasses.replace(read, alert=combine(mine))


def _where(session: Session, setting: Setting, finess: str, alert: str) -> list[Facility]:
    """The facilities this may be about: the one named, those of the alert, this room's, or
    all one declares for."""
    if finess:
        named = facilities.by_finess(session, "".join(finess.split()).upper())
        return [named] if named and may_declare(setting.person, named.id) else []
    own = setting.person.facilities(DECLARING)
    here = own & set(setting.facility_ids)
    alerted = [permitted(session, setting, each) for each in written(alert)]
    here = own & {each.facility_id for each in alerted if each} or here
    found = facilities.by_ids(session, here or own)
    return sorted(found.values(), key=lambda facility: facility.name)


def _asked(session: Session, setting: Setting, read: Written, known: list[Facility]) -> Reply:
    """The form; an incident that is open already is proposed before anybody fills it in."""
    if not read.another:
        (facility,) = known
        opened = incidents.open_at(session, facility.id, exercise=read.exercise)
        if opened:
            return _said(session, setting, Declared(opened[0], new=False), "", ask_care=False)
    return Reply("", form=_form(setting, read, "", known))


def _form(setting: Setting, read: Written, what: str, known: list[Facility]) -> Form:
    words = setting.renderer.words(setting.invocation.language).forms["declare"]
    asked = [FormField("what", words["what"], FieldKind.TEXT, value=what), care_field(setting)]
    if len(known) > OFFERED:
        asked.insert(0, FormField("facility", words["finess"], FieldKind.TEXT))
    elif len(known) > 1:
        options = tuple((facility.finess, facility.name) for facility in known)
        asked.insert(0, FormField("facility", words["facility"], FieldKind.CHOICE, options))
    flags = ["exercice"] * read.exercise + ["nouveau"] * read.another
    finess = [known[0].finess] if len(known) == 1 else []
    alert = [read.alert] if read.alert and "," not in read.alert else []
    return Form(
        command="declare",
        title=words["title"],
        submit=words["submit"],
        fields=tuple(asked),
        context=" ".join([*flags, *finess, *alert]),
    )


def _said(
    session: Session, setting: Setting, done: Declared, what: str, *, ask_care: bool
) -> Reply:
    language, prefix = setting.invocation.language, setting.invocation.prefix
    view = incident_view(session, done.incident, setting.renderer, language=language)
    if not done.new:
        readable = may_be_read(session, setting, done.incident)
        said = "" if what == done.incident.what else what
        return setting.reply(
            "already_open", incident=view, readable=readable, said=said, prefix=prefix
        )
    reply = setting.reply("declared", incident=view, prefix=prefix)
    if not ask_care:
        return reply
    words = setting.renderer.words(language).forms["declare"]
    form = Form(
        command="incident",
        title=words["title"],
        submit=words["submit"],
        fields=(care_field(setting),),
        context=done.incident.reference,
    )
    return dataclasses.replace(reply, form=form)
