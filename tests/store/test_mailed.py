"""Inventories that came by mail, in rows, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.facility import Facility, FacilityKind
from bot.store import Database, Session, facilities, inventory, mailed, people
from bot.store.inventory import UploadRecord
from bot.store.mailed import MailedInventory, MailedState

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
BODY = bytes(range(256))


def sent(session: Session) -> MailedInventory:
    """An inventory that waits for its sender's word."""
    hospital = Facility("590999017", "CH", "ars-hauts-de-france", FacilityKind.CH)
    facilities.save(session, [hospital])
    found = facilities.by_finess(session, hospital.finess)
    assert found is not None
    person = people.add(session, "RSSI", "rssi@ch.example", now=NOW)
    return mailed.add(
        session,
        facility_id=found.id,
        person_id=person.id,
        sender="rssi@ch.example",
        thread="<1@ch.example>",
        filename="parc.xlsx",
        body=BODY,
        now=NOW,
    )


def test_what_waits_is_found_by_its_reference(database: Database) -> None:
    kept = database.call(sent)
    assert kept.reference == "INV-2026-0001"
    assert database.call(mailed.by_reference, kept.reference) == kept
    assert kept.body == BODY
    assert database.call(mailed.asked_since, kept.person_id, NOW) == 1
    assert database.call(mailed.asked_since, kept.person_id, NOW + HOUR) == 0
    assert database.call(mailed.unreported) == []


def test_the_file_is_kept_only_while_it_may_be_applied_again(database: Database) -> None:
    kept = database.call(sent)
    said = {"parts": [{"losses": 3}]}
    database.call(mailed.mark_applied, kept, said, again=True, now=NOW + HOUR)
    (due,) = database.call(mailed.unreported)
    assert (due.body, due.said, due.applied_at) == (BODY, said, NOW + HOUR)
    database.call(mailed.mark_applied, kept, {"parts": []}, again=False, now=NOW + 2 * HOUR)
    (due,) = database.call(mailed.unreported)
    assert due.body == b""
    database.call(mailed.mark, due, MailedState.TOLD)
    assert database.call(mailed.unreported) == []


def test_what_nobody_confirms_is_forgotten(database: Database) -> None:
    kept = database.call(sent)
    database.call(mailed.forget, before=NOW)
    assert database.call(mailed.by_reference, kept.reference) == kept
    database.call(mailed.forget, before=NOW + HOUR)
    gone = database.call(mailed.by_reference, kept.reference)
    assert gone is not None
    assert (gone.state, gone.body) == (MailedState.DROPPED, b"")


def test_a_later_upload_is_seen(database: Database) -> None:
    kept = database.call(sent)
    record = UploadRecord("autre.csv", NOW, 1, 0, 1, 0, 0)
    database.call(inventory.record_upload, kept.facility_id, record, now=NOW)
    assert not database.call(mailed.uploaded_since, kept.facility_id, NOW)
    database.call(inventory.record_upload, kept.facility_id, record, now=NOW + HOUR)
    assert database.call(mailed.uploaded_since, kept.facility_id, NOW)
