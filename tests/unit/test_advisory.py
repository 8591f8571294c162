"""An advisory as JSON, and the digest that makes a revision."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from feeds.advisory import (
    Advisory,
    AdvisoryKind,
    AffectedProduct,
    Audience,
    Pap,
    Reference,
    Revision,
    Tlp,
)

texts = st.text(max_size=12)
dates = st.datetimes(timezones=st.just(UTC))
words = texts.filter(bool)
statuses = st.sampled_from(["affected", "fixed", "not_affected", "investigating"])
rows = st.builds(AffectedProduct, texts, texts, texts, texts, texts, st.booleans(), statuses, texts)
advisories = st.builds(
    Advisory,
    publisher=words,
    reference=words,
    kind=st.sampled_from(AdvisoryKind),
    title=words,
    published_at=dates,
    revised_at=dates,
    summary=texts,
    affected=st.lists(rows, max_size=3).map(tuple),
    cves=st.lists(words, max_size=3).map(tuple),
    references=st.lists(st.builds(Reference, texts, texts), max_size=2).map(tuple),
    revisions=st.lists(st.builds(Revision, dates, texts), max_size=2).map(tuple),
    tlp=st.sampled_from(Tlp),
    pap=st.none() | st.sampled_from(Pap),
    audience=st.none() | st.builds(Audience, st.just(()), st.lists(texts).map(tuple)),
    cvss=st.none() | st.floats(0, 10),
    closed_at=st.none() | dates,
    excerpt=st.booleans(),
)


@given(advisories)
def test_what_is_written_as_json_is_read_back(advisory: Advisory) -> None:
    assert Advisory.from_json(json.loads(json.dumps(advisory.to_json()))) == advisory


@given(advisories)
def test_neither_dates_nor_order_of_rows_make_a_revision(advisory: Advisory) -> None:
    later = dataclasses.replace(
        advisory,
        revised_at=datetime(2030, 1, 1, tzinfo=UTC),
        affected=advisory.affected[::-1],
        cves=advisory.cves[::-1],
        references=advisory.references[::-1],
    )
    assert later.digest() == advisory.digest()


@given(advisories, texts)
def test_any_other_word_makes_a_revision(advisory: Advisory, word: str) -> None:
    edited = dataclasses.replace(advisory, summary=f"{advisory.summary}{word}.")
    assert edited.digest() != advisory.digest()


@given(advisories, rows)
def test_one_more_row_makes_a_revision(advisory: Advisory, row: AffectedProduct) -> None:
    edited = dataclasses.replace(advisory, affected=(*advisory.affected, row))
    assert edited.digest() != advisory.digest()


def test_digest_does_not_depend_on_the_offset_a_date_is_written_in() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    paris = noon.astimezone(timezone(timedelta(hours=1)))
    made = [
        Advisory("p", "r", AdvisoryKind.AVIS, "t", day, day, revisions=(Revision(day, "v1"),))
        for day in (noon, paris)
    ]
    assert made[0].digest() == made[1].digest()
