"""What the coverage says of a machine never contradicts what is told of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.alert import Coverage
from bot.pipeline.questions import waiting
from bot.store import inventory, recognition
from feeds.advisory import AdvisoryKind
from tests.acceptance.bulletins import fortios
from tests.acceptance.conftest import Town

ROW = "Stormshield Network Security versions antérieures à 4.8.5"


@pytest.mark.parametrize(
    ("product", "version", "row"),
    [
        ("Stormshield SN310", "4.3.20", ROW),  # hardware, told of by its firmware
        ("Stormshield SN310", "4.9.0", ROW),  # and judged to be up to date
        ("Philips CX50", "Windows XP", "Windows XP"),  # its system, where its version should be
    ],
)
@pytest.mark.parametrize("inventory_first", [True, False])
async def test_what_is_told_of_is_recognised(
    town: Town, product: str, version: str, row: str, *, inventory_first: bool
) -> None:
    made = town.facility()
    bulletin = fortios(town.clock() + timedelta(days=1), AdvisoryKind.AVIS, row=row)
    if inventory_first:
        town.has(made, ("m-1", product, version))
        await town.application.match()
        await town.publish(bulletin)
    else:
        await town.publish(bulletin)
        town.has(made, ("m-1", product, version))
        await town.application.match()
    database = town.application.database
    covered: Coverage = database.call(inventory.coverage, [made.id])[made.id]
    assert (covered.total, covered.unrecognised) == (1, 0)
    assert database.call(recognition.unrecognised, made.id, limit=9) == []
    assert database.call(waiting, made.id, now=town.clock()) == []
