"""The matcher on the labelled lines and on the corpus kept beside the project."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from bot.domain.matching import InventoryProduct, Matcher, VerdictKind
from bot.domain.matching.evaluation import Evaluation, read_label
from bot.domain.matching.index import ProductIndex
from bot.resources import config_folder
from feeds.advisory import Advisory, AffectedProduct
from feeds.products import Catalogue, read_builtin
from tests.bench.matching import advisories

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(Catalogue(read_builtin(config_folder())))


@pytest.fixture(scope="module")
def sample(shared_data: Path) -> list[Advisory]:
    """One advisory in ten of 2019 and later."""
    assert shared_data.is_dir()
    recent = [each for each in advisories() if each.reference[7:11] >= "2019"]
    return random.Random(2026).sample(recent, len(recent) // 10)


def test_labelled_lines(matcher: Matcher, sample: list[Advisory], shared_data: Path) -> None:
    evaluation = Evaluation()
    for line in (shared_data / "matching/dev.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        row = AffectedProduct(record["description"], record["vendor"], record["product"])
        said = matcher.read(_with(sample[0], row))
        for probe in record["probes"]:
            columns = (probe.get(each, "") for each in ("vendor", "product", "version", "cpe"))
            verdict = matcher.judge(said, InventoryProduct(*columns))
            evaluation.add(read_label(probe), verdict.kind)
    total = evaluation.total
    assert total.dangerous <= 0.01 * total.affected
    assert total.noise <= 0.02 * total.not_affected
    assert total.cost <= 0.08 * (total.affected + total.not_affected)


def test_most_rows_are_decided_and_hardly_any_is_not_understood(
    matcher: Matcher, sample: list[Advisory]
) -> None:
    readings = [matcher.read(advisory) for advisory in sample]
    rows = sum(len(advisory.affected) for advisory in sample)
    assert sum(reading.decided for reading in readings) >= 0.92 * rows
    assert sum(reading.abstained for reading in readings) <= 0.02 * rows


def test_the_index_and_the_matcher_never_disagree(matcher: Matcher, sample: list[Advisory]) -> None:
    products = [
        InventoryProduct("Microsoft", "Windows 10", "22H2"),
        InventoryProduct("Microsoft Corporation", "Windows 11 (x64)", "10.0.22631.4000"),
        InventoryProduct("", "Windows Server 2019 Standard", "10.0.17763.5000"),
        InventoryProduct("Microsoft", "Office", "2016"),
        InventoryProduct("Google", "Chrome", "120.0.6099.109"),
        InventoryProduct("", "Chrome 138.0.7204.100 (Windows)"),
        InventoryProduct("Mozilla", "Firefox ESR", "128.5"),
        InventoryProduct("Fortinet", "FortiGate 100F", "7.2.4"),
        InventoryProduct("Fortinet", "FortiOS", ""),
        InventoryProduct("", "", "", "cpe:2.3:o:juniper:junos:21.2:r3:*:*:*:*:*:*"),
        InventoryProduct("SUSE", "SLES", "15 SP5"),
        InventoryProduct("Red Hat", "RHEL 8.6"),
        InventoryProduct("VMware", "ESXi", "7.0 U3"),
        InventoryProduct("GitLab", "GitLab EE", "16.11.0"),
    ]
    index = ProductIndex(matcher)
    for number, product in enumerate(products):
        index.add(number, product)
    for advisory in sample[:300]:
        reading = matcher.read(advisory)
        told = {
            number: verdict.kind
            for number, product in enumerate(products)
            if (verdict := matcher.judge(reading, product)).kind is not VerdictKind.NOT_AFFECTED
        }
        assert {number: said.kind for number, said in index.judge(reading)} == told, advisory


def _with(advisory: Advisory, row: AffectedProduct) -> Advisory:
    """The advisory with that row only."""
    return Advisory(
        advisory.publisher,
        advisory.reference,
        advisory.kind,
        "",
        advisory.published_at,
        advisory.revised_at,
        affected=(row,),
    )
