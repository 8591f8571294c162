"""Nothing makes a facility look safe by accident."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.facility import AssetCategory, BadLine, InventoryLine
from bot.domain.upload import SHARE, Change, UploadPlan, Withheld, describe, diff

lines = st.builds(
    InventoryLine,
    line_id=st.integers(0, 30).map(str),
    category=st.sampled_from(AssetCategory),
    product=st.sampled_from(["", "Tomcat", "ESXi"]),
    version=st.sampled_from(["", "1", "2"]),
    cpe=st.sampled_from(["", "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*"]),
    exposed=st.booleans(),
    quantity=st.integers(1, 3),
)
inventories = st.lists(lines, unique_by=lambda line: line.line_id)
bad_lines = st.lists(st.builds(BadLine, st.integers(2, 99), st.just("illisible")), max_size=3)


def applied(current: list[InventoryLine], plan: UploadPlan) -> dict[str, InventoryLine]:
    """The inventory once the plan is written."""
    gone = {line.line_id for line in plan.removed}
    after = {line.line_id: line for line in current if line.line_id not in gone}
    after |= {change.after.line_id: change.after for change in plan.changed}
    return after | {line.line_id: line for line in plan.added}


@given(inventories, inventories, bad_lines, st.booleans())
def test_an_upload_with_a_bad_line_removes_nothing(
    current: list[InventoryLine], incoming: list[InventoryLine], bad: list[BadLine], confirm: bool
) -> None:
    plan = diff(current, incoming, [*bad, BadLine(2, "illisible")], confirm=confirm)
    assert not plan.removed
    assert {line.line_id for line in current} <= set(applied(current, plan))
    assert not plan.complete


@given(inventories, inventories, bad_lines)
def test_without_confirmation_at_most_a_fifth_is_lost(
    current: list[InventoryLine], incoming: list[InventoryLine], bad: list[BadLine]
) -> None:
    after = applied(current, diff(current, incoming, bad))
    assert len(current) - sum(line.line_id in after for line in current) <= SHARE * len(current)
    losing = [
        line for line in current if (now := after.get(line.line_id)) and Change(line, now).loses
    ]
    assert len(losing) <= SHARE * len(current)


@given(inventories, bad_lines, st.booleans())
def test_an_upload_without_a_line_never_empties_an_inventory(
    current: list[InventoryLine], bad: list[BadLine], confirm: bool
) -> None:
    assert applied(current, diff(current, [], bad, confirm=confirm)) == {
        line.line_id: line for line in current
    }


@given(inventories, inventories, bad_lines, st.booleans())
def test_what_the_file_says_in_full_is_applied_and_what_it_leaves_is_counted(
    current: list[InventoryLine], incoming: list[InventoryLine], bad: list[BadLine], confirm: bool
) -> None:
    plan = diff(current, incoming, bad, confirm=confirm)
    after = applied(current, plan)
    held = {change.after.line_id for change in plan.withheld_changes}
    assert all(after[line.line_id] == line for line in incoming if line.line_id not in held)
    assert len(after) == plan.total
    assert bool(plan.withheld_removals or plan.withheld_changes) == bool(plan.withheld)


@given(inventories, inventories)
def test_a_confirmed_upload_without_bad_lines_makes_the_inventory_the_file(
    current: list[InventoryLine], incoming: list[InventoryLine]
) -> None:
    plan = diff(current, incoming, confirm=True)
    assert applied(current, plan) == {line.line_id: line for line in incoming or current}


@given(inventories, bad_lines)
def test_the_same_file_again_changes_nothing(
    current: list[InventoryLine], bad: list[BadLine]
) -> None:
    plan = diff(current, reversed(current), bad)
    assert plan == UploadPlan(kept=len(current), bad=len(bad))


@given(inventories, inventories, bad_lines, st.sampled_from(["fr", "en"]))
def test_what_was_not_applied_is_said(
    current: list[InventoryLine],
    incoming: list[InventoryLine],
    bad: list[BadLine],
    language: str,
) -> None:
    plan = diff(current, incoming, bad)
    sentences = describe(plan, language)
    for count in (plan.bad, len(plan.withheld_removals), len(plan.withheld_changes)):
        assert not count or any(
            f"({count})" in said or f": {count}." in said for said in sentences[1:]
        )
    assert (len(sentences) == 1) == plan.complete


def test_thirty_percent_fewer_lines_are_kept_until_somebody_confirms() -> None:
    current = [
        InventoryLine(str(n), AssetCategory.SERVER, product="Tomcat", version="9")
        for n in range(10)
    ]
    newer = [dataclasses.replace(line, version="10") for line in current[:7]]
    plan = diff(current, newer)
    assert (len(plan.changed), len(plan.removed), len(plan.withheld_removals)) == (7, 0, 3)
    assert plan.withheld == {Withheld.UNCONFIRMED}
    assert "--confirm" in describe(plan)[1]
    assert len(diff(current, newer, confirm=True).removed) == 3


def test_a_version_column_that_vanishes_empties_no_version() -> None:
    current = [
        InventoryLine(str(n), AssetCategory.SERVER, product="Tomcat", version="9")
        for n in range(10)
    ]
    plan = diff(current, [dataclasses.replace(line, version="") for line in current])
    assert not plan.changed
    assert len(plan.withheld_changes) == 10
