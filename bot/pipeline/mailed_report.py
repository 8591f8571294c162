"""What an inventory that came by mail reveals, told once the bulletins were held against it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.decision import OpenQuestion
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.facility import Facility
from bot.domain.marking import MACHINES_FLOOR
from bot.domain.message import Attachment, Message
from bot.domain.support import EndsOfSupport
from bot.inventory.report import write_sheet
from bot.pipeline import questions
from bot.pipeline.assess import Assessment, assess_stored, note_of
from bot.pipeline.mailed import WAITS
from bot.render import Renderer
from bot.store import Session, facilities, mailed, outbox, subscriptions
from bot.store.mailed import MailedInventory, MailedState
from feeds.advisory import Tlp

ASKED = 20  # questions of each facility that the report lists
LARGEST_SHEETS = 4 * 1024 * 1024  # characters: relays refuse mails of about 10 MB
TRACE = 32  # characters


@dataclass(frozen=True, slots=True)
class Named:
    """An action as the report names it."""

    name: str
    reference: str


@dataclass(frozen=True, slots=True)
class ForeseenActions:
    """What the upload made of actions, as :class:`bot.pipeline.foresee.Foreseen` said."""

    done: tuple[Named, ...] = ()
    removed: tuple[Named, ...] = ()
    denied: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Reported:
    """One facility of the report. Where the mailbox may not read what a facility runs, only
    numbers are told."""

    facility: Facility
    sentences: tuple[str, ...]
    losses: int
    assessment: Assessment
    readable: bool
    questions: tuple[OpenQuestion, ...] = ()
    asked: int = 0
    foreseen: ForeseenActions = field(default_factory=ForeseenActions)


def write_reports(
    session: Session,
    renderer: Renderer,
    ends: EndsOfSupport,
    *,
    now: datetime,
    language: str,
    floor: Tlp = MACHINES_FLOOR,
) -> int:
    """Write what is due to senders, and forget old files; return how many were written."""
    mailed.forget(session, before=now - WAITS)
    waiting = mailed.unreported(session)
    if not waiting:
        return 0
    unread = {id_ for id_, _ in facilities.changed(session)}
    written = []
    for kept in waiting:
        parts = kept.said["parts"]
        owners = facilities.by_ids(session, [part["facility"] for part in parts])
        if unread & owners.keys():
            continue  # bulletins are being held against it
        told = [
            _reported(session, ends, kept, owners[part["facility"]], part, now, floor)
            for part in parts
        ]
        written.append(_delivery(renderer, kept, told, language, floor))
        mailed.mark(session, kept, MailedState.TOLD)
    return outbox.enqueue(session, written, now=now)


def _reported(
    session: Session,
    ends: EndsOfSupport,
    kept: MailedInventory,
    owner: Facility,
    part: Mapping[str, Any],
    now: datetime,
    floor: Tlp,
) -> Reported:
    to = Address.mailbox(kept.sender)
    readable = subscriptions.ceiling_of(session, to, owner.id) >= floor
    open_ = questions.waiting(session, owner.id, now=now)
    asked = tuple(OpenQuestion(q.reference, q.name, q.settles, q.wants.value) for q in open_)
    return Reported(
        facility=owner,
        sentences=tuple(part["sentences"]),
        losses=part["losses"],
        assessment=assess_stored(session, ends, owner.id, today=now.date()),
        readable=readable,
        questions=asked[:ASKED] if readable else (),
        asked=len(asked),
        foreseen=_foreseen(part["foreseen"]),
    )


def _foreseen(kept: Mapping[str, Any]) -> ForeseenActions:
    named = {kind: tuple(Named(*pair) for pair in found) for kind, found in kept.items()}
    return ForeseenActions(**named)


def _delivery(
    renderer: Renderer,
    kept: MailedInventory,
    told: list[Reported],
    language: str,
    floor: Tlp,
) -> NewDelivery:
    """The report, in the thread of the mail that brought the inventory."""
    sheets = tuple(_sheet(renderer, each, language) for each in told if each.readable)
    if sum(len(sheet.content) for sheet in sheets) > LARGEST_SHEETS:
        sheets = ()
    text, html = renderer.reply(
        "inventory_mail_report",
        language=language,
        file=kept.filename,
        parts=told,
        sheets=len(sheets),
    )
    named = any(each.readable for each in told)
    message = Message(
        subject=renderer.words(language).phrases["inventory_subject"],
        text=text,
        html=html,
        marking=floor if named else Tlp.CLEAR,
        attachments=sheets,
        thread=kept.thread,
        language=language,
    )
    content = f"{kept.reference} {kept.applied_at}"
    return NewDelivery(
        kind=DeliveryKind.REPLY,
        subject_id=uuid.uuid5(uuid.NAMESPACE_URL, content),
        subject=kept.reference,
        to=Address.mailbox(kept.sender),
        message=message,
        trace_id=content[:TRACE],
        facility_id=kept.facility_id,
        content=content,
    )


def _sheet(renderer: Renderer, told: Reported, language: str) -> Attachment:
    """The facility's inventory, with what is to be completed beside each line."""
    words = renderer.words(language).phrases
    lines = told.assessment.lines
    notes = {each.line.line_id: note for each in lines if (note := note_of(each, words))}
    sheet = write_sheet((each.line for each in lines), notes).decode("utf-8")
    name = words["sheet_name"].format(finess=told.facility.finess)
    return Attachment(name, "text/csv", sheet)
