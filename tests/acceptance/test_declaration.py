"""Declared products: asked about, told of, and never a reason to believe an old list."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.facility import Facility, Function
from bot.domain.questionnaire import DeclaredQuestion
from bot.inventory.questionnaire import read_questionnaire
from bot.pipeline.declaration import declare
from bot.resources import config_folder
from bot.store import facilities, inventory
from tests.acceptance.conftest import Town
from tests.acceptance.test_questions import bulletin, open_alerts


@pytest.fixture
def questionnaire() -> list[DeclaredQuestion]:
    path = config_folder() / "declaration.toml"
    return read_questionnaire(path.read_text("utf-8"), file=path.name)


def answer(
    town: Town, facility: Facility, questionnaire: list[DeclaredQuestion], **said: str
) -> None:
    """Declare, as of now."""
    town.application.database.call(declare, facility, questionnaire, said, now=town.clock())


async def test_a_bulletin_on_a_declared_product_is_to_be_checked(
    town: Town, questionnaire: list[DeclaredQuestion]
) -> None:
    home = town.facility(functions=(Function.ACCUEIL,))
    answer(town, home, questionnaire, vpn="fortinet", fax="oui")
    await town.publish(bulletin(town, 9001))
    assert [(each.assets_affected, each.assets_to_check) for each in open_alerts(town)] == [(0, 1)]
    kept = town.application.database.call(facilities.by_finess, home.finess)
    assert kept is not None
    assert kept.functions == (Function.ACCUEIL, Function.FAX)


def test_a_declaration_does_not_date_a_list_again(
    town: Town, questionnaire: list[DeclaredQuestion]
) -> None:
    home = town.facility()
    town.has(home, ("srv", "Windows Server 2019", ""))
    uploaded = town.clock().date()
    town.clock.now += timedelta(days=200)
    answer(town, home, questionnaire, vpn="fortinet")
    covered = town.application.database.call(inventory.coverage, [home.id])[home.id]
    assert (covered.total, covered.uploaded_on) == (2, uploaded)


def test_nothing_declared_is_no_inventory(
    town: Town, questionnaire: list[DeclaredQuestion]
) -> None:
    home = town.facility()
    answer(town, home, questionnaire, vpn="aucun", fax="oui")
    covered = town.application.database.call(inventory.coverage, [home.id])[home.id]
    assert (covered.total, covered.uploaded_on) == (0, None)
