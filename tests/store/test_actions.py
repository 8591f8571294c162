"""Actions on both engines: rows, what they close, what is answered, what becomes of machines."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.action import Action, ActionState, Demand, Member, Outcome
from bot.domain.alert import AlertState, AnswerKind, Urgency
from bot.domain.delivery import Address
from bot.domain.facility import AssetCategory, Facility, FacilityKind, InventoryLine
from bot.domain.matching import VerdictKind
from bot.domain.message import ChannelName
from bot.domain.routing import Rhythm
from bot.domain.scope import Reopening, Scope
from bot.store import (
    Database,
    Session,
    action_answers,
    action_lists,
    actions,
    advisories,
    alerts,
    facilities,
    inventory,
    lots,
    people,
    subscriptions,
)
from bot.store.alerts import Alert
from bot.store.lots import NewLot
from feeds.advisory import Advisory, AdvisoryKind, Tlp

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SERVER = AssetCategory.SERVER


@pytest.fixture
def facility(database: Database) -> int:
    """A facility with two servers of a product, and two bulletins with their alerts."""

    def prepare(session: Session) -> int:
        made = Facility("590999017", "CH", "ars-hauts-de-france", FacilityKind.CH)
        facilities.save(session, [made])
        owner = facilities.by_finess(session, made.finess)
        assert owner is not None
        inventory.write_lines(
            session,
            owner.id,
            added=[
                InventoryLine(f"srv-{n}", SERVER, f"srv-{n}", "", "FortiOS", "7.2.8")
                for n in (1, 2)
            ],
            changed=[],
            removed=[],
            now=NOW,
        )
        people.add(session, "RSSI", "rssi@ch.example", now=NOW)
        advisories.store(session, [_bulletin(1), _bulletin(2)], trace_id="trace", now=NOW)
        return owner.id

    return database.call(prepare)


def _bulletin(number: int) -> Advisory:
    return Advisory(
        publisher="CERT-FR",
        reference=f"CERTFR-2026-AVI-900{number}",
        kind=AdvisoryKind.AVIS,
        title="Vulnérabilité",
        published_at=NOW + timedelta(days=number),
        revised_at=NOW,
    )


def _alert(session: Session, facility_id: int, number: int) -> Alert:
    revision = advisories.by_reference(session, f"CERTFR-2026-AVI-900{number}")
    assert revision is not None
    made = Alert(
        id=uuid.UUID(int=number),
        reference=f"ALR-2026-000{number}",
        advisory_id=revision.advisory_id,
        facility_id=facility_id,
        revision_id=revision.id,
        state=AlertState.OPEN,
        urgency=Urgency.DIGEST,
        reasons=(),
        verdict=VerdictKind.AFFECTED,
        headline="FortiOS",
        target="7.2.12",
        assets_affected=2,
        assets_to_check=0,
        scope=Scope(),
        match_digest=Scope().digest,
        opened_at=NOW,
        changed_at=NOW,
        trace_id="trace",
    )
    alerts.add(session, [made])
    lots.add(session, [NewLot(made.id, SERVER)])
    return made


def _action(session: Session, facility_id: int, *told: Alert) -> Action:
    (product,) = [id_ for id_, _ in inventory.products_after(session, 0)]
    (reference,) = actions.take_references(session, 1, now=NOW)
    made = Action(
        id=uuid.uuid4(),
        reference=reference,
        facility_id=facility_id,
        product="fortios",
        track="update",
        name="FortiOS",
        state=ActionState.OPEN,
        urgency=Urgency.DIGEST,
        exploited=False,
        release="",
        needs={product: "7.2.12"},
        counts={SERVER: 2},
        opened_at=NOW,
        changed_at=NOW,
    )
    actions.add(session, [made])
    demand = Demand(product, SERVER, "7.2.12", 2)
    actions.add_members(
        session,
        {made.id: [Member(each.advisory_id, (demand,), "", each.id) for each in told]},
    )
    return made


def test_an_action_is_read_as_it_was_written(database: Database, facility: int) -> None:
    def work(session: Session) -> None:
        alert = _alert(session, facility, 1)
        made = _action(session, facility, alert)
        again = Reopening(date(2026, 3, 2), date(2026, 4, 2), 3, ("7.2.8",))
        kept = replace(
            made, reopened=again, outcome=Outcome(1, 2, 3), release="2026-03", exploited=True
        )
        actions.save(session, [kept])
        assert actions.by_reference(session, made.reference.lower()) == kept
        assert actions.of_alerts(session, [alert.id]) == [kept]
        (member,) = actions.members(session, [made.id])[made.id].values()
        assert member.demands[0].target == "7.2.12"
        (closed,) = action_lists.closes(session, [made.id])
        assert (closed.reference, closed.alert) == ("CERTFR-2026-AVI-9001", "ALR-2026-0001")

    database.call(work)


def test_actions_are_found_by_product_or_by_what_they_close(
    database: Database, facility: int
) -> None:
    def work(session: Session) -> None:
        alert = _alert(session, facility, 1)
        made = _action(session, facility, alert)

        def touching(products: list[str], advisory_ids: list[int], *, known: bool) -> list[Action]:
            return actions.touching(
                session,
                products=products,
                advisory_ids=advisory_ids,
                facility_ids=[facility],
                known=known,
            )

        assert touching(["fortios"], [], known=False) == [made]
        assert touching(["autre"], [alert.advisory_id], known=True) == [made]
        assert touching(["autre"], [alert.advisory_id], known=False) == []
        actions.save(session, [replace(made, state=ActionState.DONE)])
        assert touching(["fortios"], [alert.advisory_id], known=True) == []

    database.call(work)


def test_an_action_follows_the_alerts_it_closes(database: Database, facility: int) -> None:
    def work(session: Session) -> None:
        first, second = _alert(session, facility, 1), _alert(session, facility, 2)
        made = _action(session, facility, first, second)
        person = people.by_email(session, "rssi@ch.example")
        assert person is not None

        def answer(alert: Alert, kind: AnswerKind, due: date | None = None) -> ActionState:
            lots.record_answer(
                session, alert.id, [SERVER], person_id=person.id, kind=kind, due=due, now=NOW
            )
            found = actions.by_reference(session, made.reference)
            assert found is not None
            return found.state

        assert answer(first, AnswerKind.FIXED) is ActionState.OPEN
        assert answer(second, AnswerKind.PLANNED, date(2026, 12, 12)) is ActionState.TAKEN
        (lot,) = action_answers.lots(session, [made.id])[made.id]
        assert (lot.state, lot.due) == ("planned", date(2026, 12, 12))
        assert answer(second, AnswerKind.FIXED) is ActionState.DONE

    database.call(work)


def test_answers_follow_one_another_and_the_last_is_the_state(
    database: Database, facility: int
) -> None:
    def work(session: Session) -> None:
        made = _action(session, facility, _alert(session, facility, 1))
        person = people.by_email(session, "rssi@ch.example")
        assert person is not None
        for number, kind in enumerate((AnswerKind.TAKEN, AnswerKind.FIXED)):
            made = action_answers.record_answer(
                session,
                made,
                [SERVER],
                person_id=person.id,
                kind=kind,
                now=NOW + timedelta(minutes=number),
            )
        assert made.state is ActionState.DONE
        said = action_answers.answers(session, made.id)
        assert [each.kind for each in said] == [AnswerKind.TAKEN, AnswerKind.FIXED]
        action_answers.reopen_lots(session, made.id)
        (lot,) = action_answers.lots(session, [made.id])[made.id]
        assert lot.state == "open"

    database.call(work)


def test_a_removed_machine_is_told_from_an_upgraded_one(database: Database, facility: int) -> None:
    def work(session: Session) -> None:
        (product,) = [id_ for id_, _ in inventory.products_after(session, 0)]
        inventory.write_lines(
            session,
            facility,
            added=[],
            changed=[InventoryLine("srv-1", SERVER, "srv-1", "", "FortiOS", "7.2.12")],
            removed=["srv-2"],
            now=NOW + timedelta(days=1),
        )
        left = action_lists.machines_left(session, [facility], [product], since=NOW)
        assert left == {(facility, product): (0, 1)}

    database.call(work)


def test_what_was_told_is_told_once_for_each_destination(database: Database, facility: int) -> None:
    def work(session: Session) -> None:
        made = _action(session, facility)
        for room in ("!a:x", "!b:x"):
            subscriptions.subscribe(
                session,
                facility,
                Address(ChannelName.MATRIX, room),
                ceiling=Tlp.AMBER,
                rhythm=Rhythm.WEEKLY,
                language="fr",
                now=NOW,
            )
        one, other = [each.id for each in subscriptions.by_facility(session)[facility]]
        for _ in range(2):
            action_lists.mark_told(session, one, [(made.id, "late 2026-03-01")])
        assert action_lists.told(session, one, [made.id]) == {(made.id, "late 2026-03-01")}
        assert action_lists.told(session, other, [made.id]) == set()

    database.call(work)
