"""An inventory that came by mail: read, previewed or applied, confirmed, reported.

A sender's address can be forged. Without the signed reference of one of our mails nothing is
written: the registered address gets a preview, and only its answer applies the file. What a
signed mail would take away beyond the rule of uploads waits for the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.domain.facility import Facility
from bot.domain.people import Person
from bot.domain.upload import UploadPlan, Withheld, describe
from bot.inventory.base import ColumnMapping, InventoryError, Upload
from bot.inventory.members import names_owners, read_members
from bot.inventory.registry import read_inventory
from bot.inventory.report import describe_upload
from bot.pipeline.foresee import Foreseen, Foresight
from bot.pipeline.inventory import upload_inventory
from bot.store import Session, audit, columns, facilities, mailed, speakers
from bot.store.mailed import MailedInventory, MailedState

LARGEST_FILE = 10 * 1024 * 1024  # bytes: what most relays let through
WAITS = timedelta(days=7)  # for a confirmation; then the file is forgotten
FINESS = re.compile(r"\b[0-9][0-9AB][0-9]{7}\b", re.IGNORECASE)
DAY = timedelta(days=1)
UNCONFIRMED = 5  # previews to one person a day
PASTED = "message"  # what a list written in the mail is called
SENTENCES = 12  # of what was read, shown for each facility


@dataclass(frozen=True, slots=True)
class MailedFile:
    """A file of a mail, or the list written in it."""

    name: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail with an inventory.

    Args:
        words: where the FINESS number of the facility may stand: subject and text.
        signed: the mail answers one of ours, whose Message-ID nobody can guess.
        cut: the mail was longer than what is read of one.
    """

    person: Person
    sender: str
    thread: str
    words: str
    files: Sequence[MailedFile]
    signed: bool
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What to reply: a template of ``templates/reply``, empty when the report will say it.

    ``about`` is the reference that an answer to the reply confirms.
    """

    template: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""
    facility_id: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What the file changes at one facility, as it is told."""

    facility: Facility
    sentences: Sequence[str]
    losses: int = 0  # what is not applied until somebody confirms


class WhoseInventoryError(Exception):
    """The sender speaks for several facilities, and the mail names none."""


class InventoryDesk:
    """Takes inventories out of mails, inside a transaction of the caller's."""

    def __init__(self, foresight: Foresight, *, language: str = "fr") -> None:
        self._foresight = foresight
        self._language = language

    def receive(self, session: Session, sent: Sent, *, now: datetime) -> Heard | None:
        """Apply a signed mail's inventory, or preview another's; never raises for its content.

        None when so many wait for a confirmation that one more is not answered: somebody
        may be writing under the person's address.
        """
        own = self._own(session, sent.person, now)
        if not own:
            return Heard("not_allowed")
        if refused := _unfit(sent):
            return refused
        file = sent.files[0]
        try:
            parts = _read(session, file, own, sent.person, sent.words)
        except InventoryError as error:
            return Heard("inventory_mail_refused", {"why": "unreadable", "error": str(error)})
        except WhoseInventoryError:
            names = [(each.finess, each.name) for each in own.values()]
            return Heard("inventory_mail_whose", {"facilities": names})
        if not sent.signed and self._too_many(session, sent.person, now):
            return None
        kept = mailed.add(
            session,
            facility_id=parts[0][0].id,
            person_id=sent.person.id,
            sender=sent.sender,
            thread=sent.thread,
            filename=file.name,
            body=file.body,
            now=now,
        )
        audit.note(
            session, str(sent.person.id), "inventory.mailed", kept.reference, now=now,
            signed=sent.signed, facilities=[owner.finess for owner, _ in parts],
        )  # fmt: skip
        if sent.signed:
            self._apply(session, kept, parts, confirm=False, now=now)
            return Heard(about=kept.reference, facility_id=kept.facility_id)
        return self._preview(session, kept, parts, now)

    def confirm(
        self, session: Session, reference: str, person: Person, *, yes: bool, now: datetime
    ) -> Heard:
        """Apply what was previewed, or withheld; or drop it."""
        kept = mailed.by_reference(session, reference)
        if kept is None or kept.person_id != person.id:
            return Heard("inventory_mail_over", {"why": "unknown"})
        if not kept.body:
            return Heard("inventory_mail_over", {"why": "over"})
        if not yes:
            mailed.mark(session, kept, MailedState.DROPPED)
            audit.note(session, str(person.id), "inventory.dropped", reference, now=now)
            return Heard("inventory_mail_over", {"why": "dropped"})
        own = self._own(session, person, now)
        file = MailedFile(kept.filename, kept.body)
        try:
            parts = _read(session, file, own, person, "", chosen=kept.facility_id)
        except (InventoryError, WhoseInventoryError):
            return Heard("not_allowed")  # it was read before: somebody's role is over
        since = kept.applied_at or kept.received_at
        if any(mailed.uploaded_since(session, owner.id, since) for owner, _ in parts):
            mailed.mark(session, kept, MailedState.DROPPED)
            return Heard("inventory_mail_over", {"why": "newer"})
        audit.note(session, str(person.id), "inventory.confirmed", reference, now=now)
        self._apply(session, kept, parts, confirm=True, now=now)
        return Heard(about=reference, facility_id=kept.facility_id)

    @staticmethod
    def _too_many(session: Session, person: Person, now: datetime) -> bool:
        return mailed.asked_since(session, person.id, now - DAY) >= UNCONFIRMED

    @staticmethod
    def _own(session: Session, person: Person, now: datetime) -> dict[int, Facility]:
        """The facilities that a person may upload for, members of a GHT by its head included."""
        speaker = speakers.of_person(session, person, now=now)
        return facilities.by_ids(session, speaker.facilities)

    def _preview(
        self,
        session: Session,
        kept: MailedInventory,
        parts: Sequence[tuple[Facility, Upload]],
        now: datetime,
    ) -> Heard:
        told: list[Part] = []
        for owner, upload in parts:
            plan = self._upload(session, kept, owner, upload, confirm=True, dry_run=True, now=now)
            read = describe_upload(upload)[:SENTENCES]
            lost = len(plan.removed) + sum(change.loses for change in plan.changed)
            told.append(Part(owner, (*read, *describe(plan, self._language)), lost))
        variables = {
            "file": kept.filename,
            "reference": kept.reference,
            "parts": told,
            "days": WAITS.days,
        }
        return Heard("inventory_mail_preview", variables, kept.reference, kept.facility_id)

    def _apply(
        self,
        session: Session,
        kept: MailedInventory,
        parts: Sequence[tuple[Facility, Upload]],
        *,
        confirm: bool,
        now: datetime,
    ) -> None:
        said: list[dict[str, Any]] = []
        for owner, upload in parts:
            plan = self._upload(session, kept, owner, upload, confirm=confirm, now=now)
            foreseen = self._foresight.of(session, owner.id, plan, dated=now)
            read = describe_upload(upload)[:SENTENCES]
            said.append(
                {
                    "facility": owner.id,
                    "sentences": [*read, *describe(plan, self._language)],
                    "losses": _losses(plan),
                    "foreseen": _kept(foreseen),
                }
            )
        again = any(each["losses"] for each in said)
        mailed.mark_applied(session, kept, {"parts": said}, again=again, now=now)

    def _upload(
        self,
        session: Session,
        kept: MailedInventory,
        owner: Facility,
        upload: Upload,
        *,
        confirm: bool,
        dry_run: bool = False,
        now: datetime,
    ) -> UploadPlan:
        return upload_inventory(
            session,
            owner,
            upload,
            filename=kept.filename,
            dated=kept.received_at,
            confirm=confirm,
            dry_run=dry_run,
            now=now,
        )


def _unfit(sent: Sent) -> Heard | None:
    """Why a mail's files cannot be read as one inventory."""
    if sent.cut or any(len(file.body) > LARGEST_FILE for file in sent.files):
        limit = {"why": "large", "error": str(LARGEST_FILE // 2**20)}
        return Heard("inventory_mail_refused", limit)
    if len(sent.files) > 1:
        names = ", ".join(file.name for file in sent.files)
        return Heard("inventory_mail_refused", {"why": "several", "error": names})
    return None


def _read(
    session: Session,
    file: MailedFile,
    own: Mapping[int, Facility],
    person: Person,
    words: str,
    *,
    chosen: int | None = None,
) -> list[tuple[Facility, Upload]]:
    """What the file says of each facility that it speaks of.

    Raises:
        InventoryError: the file cannot be used; nothing of it was kept.
        WhoseInventoryError: nobody knows whose it is.
    """
    by_finess = {each.finess: each for each in own.values()}
    if names_owners(file.body, file=file.name):
        parts = read_members(file.body, file=file.name, members=by_finess)
        return [(by_finess[finess], upload) for finess, upload in parts.items()]
    owner = own.get(chosen) if chosen else _whose(by_finess, person, words)
    if owner is None:
        raise WhoseInventoryError
    known = columns.chosen(session, owner.id)
    mapping = ColumnMapping(known) if known else None
    return [(owner, read_inventory(file.body, file=file.name, mapping=mapping))]


def _whose(by_finess: Mapping[str, Facility], person: Person, words: str) -> Facility | None:
    """The facility that the mail names, else the only one of its sender."""
    named = {number.upper() for number in FINESS.findall(words)} & by_finess.keys()
    if len(named) == 1:
        return by_finess[named.pop()]
    roles = person.facilities()
    held = [each for each in by_finess.values() if each.id in roles] or list(by_finess.values())
    return held[0] if len(held) == 1 and not named else None


def _losses(plan: UploadPlan) -> int:
    """What a confirmation would apply: an unreadable line or an empty file never is."""
    if plan.withheld & {Withheld.BAD_LINES, Withheld.EMPTY}:
        return len(plan.withheld_changes)
    return len(plan.withheld_removals) + len(plan.withheld_changes)


def _kept(foreseen: Foreseen) -> dict[str, list[list[str]]]:
    """What is kept of a forecast until the report is written: names and references."""
    return {
        kind: [[action.name, action.reference] for action in found]
        for kind, found in (
            ("done", foreseen.done),
            ("removed", foreseen.removed),
            ("denied", foreseen.denied),
        )
    }
