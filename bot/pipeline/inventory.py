"""An inventory upload: a difference, applied with the safety rules of an upload."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime

from bot.domain.facility import Facility, InventoryLine
from bot.domain.question import Step, steps
from bot.domain.questionnaire import DECLARED
from bot.domain.upload import UploadPlan, diff
from bot.inventory.base import Upload
from bot.store import Session, lessons
from bot.store import inventory as assets
from bot.store.inventory import UploadRecord


def upload_inventory(
    session: Session,
    facility: Facility,
    upload: Upload,
    *,
    filename: str,
    dated: datetime,
    confirm: bool = False,
    dry_run: bool = False,
    now: datetime,
) -> UploadPlan:
    """Apply what the upload changes and return it; ``dry_run`` only tells.

    What people answered to questions completes the file: an answer outlives uploads.

    Args:
        dated: the day the inventory describes, which messages quote.
        confirm: losses above a fifth of the inventory are meant.
    """
    current = (
        line
        for line in assets.each_line(session, facility.id)
        if not line.line_id.startswith(DECLARED)  # no file speaks of what was declared by word
    )
    learned = lessons.of_facility(session, facility.id)
    found = ((line.line_id, steps(facility.id, line, learned)) for line in upload.lines if learned)
    taught = {line_id: done for line_id, done in found if done}
    incoming = (
        taught[line.line_id][-1].after if line.line_id in taught else line for line in upload.lines
    )
    plan = diff(current, incoming, upload.bad, confirm=confirm, settle=_with_known_version)
    if dry_run:
        return plan
    assets.write_lines(
        session,
        facility.id,
        added=plan.added,
        changed=[change.after for change in plan.changed],
        removed=[line.line_id for line in plan.removed],
        now=now,
    )
    _note_taught(session, (step for done in taught.values() for step in done))
    record = UploadRecord(
        filename=filename,
        dated=dated,
        lines=len(upload.lines),
        bad=plan.bad,
        added=len(plan.added),
        changed=len(plan.changed),
        removed=len(plan.removed),
    )
    assets.record_upload(session, facility.id, record, now=now)
    return plan


def _note_taught(session: Session, steps: Iterable[Step]) -> None:
    """Remember what answers completed in the upload, so that undoing them gives it back."""
    by_lesson: dict[int, list[Step]] = {}
    for step in steps:
        by_lesson.setdefault(step.lesson.id, []).append(step)
    for done in by_lesson.values():
        lessons.note_lines(session, done[0].lesson, [step.before for step in done])


def _with_known_version(known: InventoryLine, line: InventoryLine) -> InventoryLine:
    """A file that has no version for a machine does not erase the one somebody gave."""
    if line.version or (known.vendor, known.product) != (line.vendor, line.product):
        return line
    return dataclasses.replace(line, version=known.version)
