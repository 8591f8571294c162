"""An answered question is not asked again, and undoing an answer restores what was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.facility import AssetCategory, Facility, FacilityKind, InventoryLine
from bot.domain.matching import Verdict, VerdictKind
from bot.domain.question import Given, ReplyKind
from bot.pipeline.questions import answer, undo, waiting
from bot.store import Database, Session, advisories, facilities, inventory, verdicts
from bot.store.migrate import upgrade
from feeds.advisory import Advisory, AdvisoryKind

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PRODUCTS = ("FortiOS", "Citrix NetScaler", "xen")

machines = st.lists(
    st.tuples(
        st.sampled_from(PRODUCTS),
        st.sampled_from(("", "7", "7.2", "13.1-49")),
        st.sampled_from(("version-missing", "version-coarse", "component")),
    ),
    min_size=1,
    max_size=6,
)
answers = st.sampled_from(
    [
        Given(ReplyKind.VERSION, "7.2.8"),
        Given(ReplyKind.CONCERNED),
        Given(ReplyKind.NOT_CONCERNED, reason="absent"),
        Given(ReplyKind.OTHER_PRODUCT, "Autre chose"),
        Given(ReplyKind.UNKNOWN),
    ]
)


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    made = Database("sqlite://")
    upgrade(made)
    yield made
    made.dispose()


class _Undone(Exception):  # noqa: N818 - ends an example, and its transaction with it
    """Gives the database back as it was."""


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(owned=machines, given_=answers)
def test_answered_once_is_not_asked_again_and_undone_is(
    database: Database, owned: list[tuple[str, str, str]], given_: Given
) -> None:
    def world(session: Session) -> None:
        facility_id = _hospital(session, owned)
        before = inventory.current(session, facility_id)
        asked = waiting(session, facility_id, now=NOW)
        assert len({question.key for question in asked}) == len(asked)
        first = asked[0]
        settled = answer(session, first, given_, by="operator", now=NOW)
        again = waiting(session, facility_id, now=NOW)
        assert first.key not in {question.key for question in again}
        undo(session, settled.lesson, by="operator", now=NOW)
        assert inventory.current(session, facility_id) == before
        reopened = waiting(session, facility_id, now=NOW)
        assert [each.reference for each in reopened] == [each.reference for each in asked]
        raise _Undone

    with pytest.raises(_Undone):
        database.call(world)


def _hospital(session: Session, owned: list[tuple[str, str, str]]) -> int:
    """A facility whose every machine some bulletin may concern."""
    hospital = Facility("590999017", "CH", "ars-hauts-de-france", FacilityKind.CH)
    facilities.save(session, [hospital])
    found = facilities.by_finess(session, hospital.finess)
    assert found is not None
    lines = [
        InventoryLine(f"m{n}", AssetCategory.SERVER, f"m{n}", "", product, version)
        for n, (product, version, _) in enumerate(owned)
    ]
    inventory.write_lines(session, found.id, added=lines, changed=[], removed=[], now=NOW)
    bulletin = Advisory(
        publisher="CERT-FR",
        reference="CERTFR-2026-AVI-9001",
        kind=AdvisoryKind.AVIS,
        title="Vulnérabilités",
        published_at=NOW,
        revised_at=NOW,
    )
    advisories.store(session, [bulletin], trace_id="trace", now=NOW)
    revision = advisories.by_reference(session, bulletin.reference)
    assert revision is not None
    reasons = {(product, version): reason for product, version, reason in owned}
    verdicts.write(
        session,
        [
            (revision.id, id_, Verdict(VerdictKind.REVIEW, reasons[(each.product, each.version)]))
            for id_, each in inventory.products_after(session, 0)
        ],
    )
    return found.id
