"""« srv-vpn-04 13.1-49.13 » in an alert's thread: the missing version, once and for all."""

from __future__ import annotations

import dataclasses
import unicodedata

from bot.commands import questions
from bot.commands.alertes import permitted, written
from bot.commands.base import Reply, Setting
from bot.domain.facility import InventoryLine
from bot.domain.marking import MACHINES_FLOOR
from bot.store import Session, audit, inventory
from bot.store.alerts import Alert

SILENCE = Reply("")  # people also talk to each other in a thread


def complete(session: Session, setting: Setting) -> Reply:
    """Give a machine of the alert its version; the inventory keeps it and is judged again.

    Text that begins with the reference of a question answers it. Text that begins neither
    so nor with the name of a machine to be checked is left alone.
    """
    text = " ".join(setting.invocation.args.split())
    if questions.named(text):
        return questions.answer_question(session, setting)
    for reference in written(setting.invocation.subject):
        alert = permitted(session, setting, reference)
        found = alert and _machine(session, alert, text)
        if alert and found:
            line, version = found
            return _complete(session, setting, alert, line, version)
    return SILENCE


def _machine(session: Session, alert: Alert, text: str) -> tuple[InventoryLine, str] | None:
    """The machine ``text`` begins with, the longest name first, and what follows it."""
    lines = inventory.lines(session, sorted(alert.scope.to_check))
    for line in sorted(lines, key=lambda each: len(each.name), reverse=True):
        name = line.name or line.line_id
        rest = text[len(name) :]
        if _fold(text[: len(name)]) == _fold(name) and rest[:1] in {" ", ":"} and rest.strip(" :"):
            return line, rest.strip(" :")
    return None


def _complete(
    session: Session, setting: Setting, alert: Alert, line: InventoryLine, version: str
) -> Reply:
    changed = dataclasses.replace(line, version=version[: inventory.LONGEST_VERSION])
    inventory.write_lines(
        session, alert.facility_id, added=[], changed=[changed], removed=[], now=setting.now
    )
    audit.note(
        session,
        str(setting.person.id),
        "version.given",
        alert.reference,
        now=setting.now,
        line=line.line_id,
        version=changed.version,
    )
    readable = setting.ceiling(session, alert.facility_id) >= MACHINES_FLOOR
    machine = (line.name or line.line_id) if readable else alert.reference
    return setting.reply("completed", machine=machine, version=changed.version)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
