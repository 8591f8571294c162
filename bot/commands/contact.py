"""``!contact prestataire maintenance@exemple.fr Nom``: whom a facility can count on."""

from __future__ import annotations

import re

from bot.commands.base import Reply, Setting
from bot.domain.facility import CONTACT_ROLES, Contact, Facility
from bot.domain.people import DECLARING
from bot.domain.wording import fold
from bot.store import Session, audit, contacts, facilities
from feeds.advisory import Tlp

MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
MARKING = re.compile(r"\bTLP:?([A-Za-z+]+)\b", re.IGNORECASE)
FINESS = re.compile(r"(?<!\w)(?:\d{9}|2[AB]\d{7})(?!\w)", re.IGNORECASE)
REMOVE = frozenset({"retirer", "supprimer", "enlever", "remove"})
HIGHEST = Tlp.AMBER  # of somebody who may be outside the facility


def contact(session: Session, setting: Setting) -> Reply:
    """List the contacts of a facility, add one, or take one out.

    Only those who may declare an incident there change them: whoever is a contact is told
    of alerts, and may answer them.
    """
    text = setting.invocation.args.strip()
    named = FINESS.search(text)
    own = setting.person.facilities(DECLARING)
    known = facilities.by_ids(session, own)
    here = [each for id_, each in known.items() if id_ in setting.facility_ids]
    if named:
        here = [each for each in known.values() if each.finess == named[0].upper()]
        text = text.replace(named[0], " ").strip()
    if not here:
        return setting.reply("not_allowed")
    if not text:
        return setting.reply("contacts", facilities=here)
    if len(here) > 1:
        return setting.reply("contact_usage", several=True)
    return _change(session, setting, here[0], text)


def _change(session: Session, setting: Setting, facility: Facility, text: str) -> Reply:
    word, _, rest = text.partition(" ")
    mail = MAIL.search(rest)
    if mail is None or fold(word) not in CONTACT_ROLES | REMOVE:
        return setting.reply("contact_usage", several=False)
    email = mail[0].casefold()
    if fold(word) in REMOVE:
        contacts.remove(session, facility.id, email)
        action = "contact.removed"
    else:
        marking = MARKING.search(rest)
        ceiling = min(Tlp.read(marking[1]), HIGHEST) if marking else Tlp.GREEN
        name = MARKING.sub("", MAIL.sub("", rest)).strip(" \t<>()[],;:")
        added = Contact(" ".join(name.split())[:120], fold(word), email, ceiling=ceiling)
        contacts.add(session, facility.id, added)
        action = "contact.added"
    audit.note(
        session,
        setting.speaker.actor,
        action,
        facility.finess,
        now=setting.now,
        role=fold(word),
        email=email,
    )
    known = facilities.by_ids(session, [facility.id])[facility.id]
    return setting.reply("contacts", facilities=[known])
