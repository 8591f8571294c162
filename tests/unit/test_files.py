"""Offline reading: files, folders, archives, and everything that is not a bulletin."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feeds.advisory import Advisory, Tlp
from feeds.errors import (
    DocumentTooLargeError,
    MalformedDocumentError,
    SourceUnavailableError,
)
from feeds.files import FileSource, open_path
from feeds.formats import parse_any
from feeds.limits import Limits
from feeds.source import Document

DATA = Path(__file__).resolve().parent.parent / "data"
NOW = datetime(2026, 3, 15, 7, 0, tzinfo=UTC)


def read(
    path: Path, limits: Limits | None = None
) -> tuple[list[Advisory], list[MalformedDocumentError]]:
    """Ingest a path; return what was read and what was not."""
    source = FileSource(path, lambda: NOW, limits or Limits(), Tlp.GREEN)
    results = [
        result
        for document in open_path(path, fetched_at=NOW, limits=source.limits)
        for result in source.parse(document)
    ]
    return (
        [result for result in results if isinstance(result, Advisory)],
        [result for result in results if isinstance(result, MalformedDocumentError)],
    )


def test_compressed_lines_read_like_plain_ones(tmp_path: Path) -> None:
    plain = DATA / "certfr" / "bulletins.jsonl"
    packed = tmp_path / "bulletins.jsonl.zst"
    half = len(plain.read_bytes()) // 2
    frames = [plain.read_bytes()[:half], plain.read_bytes()[half:]]
    packed.write_bytes(b"".join(zstandard.compress(frame) for frame in frames))
    assert read(packed)[0] == read(plain)[0]
    assert [error.item for error in read(packed)[1]] == [error.item for error in read(plain)[1]]


def test_lines_come_in_chunks_that_know_their_line_numbers(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    bulletin = (DATA / "certfr" / "CERTFR-2026-AVI-0301.json").read_bytes().replace(b"\n", b"")
    path.write_bytes((bulletin + b"\n") * 2000 + b"{\n")
    documents = list(open_path(path, fetched_at=NOW))
    assert len(documents) > 2
    assert max(len(document.body) for document in documents) < 2 * 1024 * 1024
    advisories, [error] = read(path)
    assert len(advisories) == 2000
    assert error.item == "line 2001"


def test_one_unreadable_file_of_a_folder_hides_no_other(tmp_path: Path) -> None:
    for name in ("CERTFR-2026-ALE-002.json", "CERTFR-2026-ALE-003.json"):
        (tmp_path / name).write_bytes((DATA / "certfr" / name).read_bytes())
    (tmp_path / "cut.json.zst").write_bytes(zstandard.compress(b"x" * 999)[:-4])
    (tmp_path / "page.xml").write_bytes((DATA / "rss" / "maintenance.html").read_bytes())
    (tmp_path / "note.txt").write_text("not for Tocsin")
    advisories, errors = read(tmp_path)
    assert len(advisories) == 2
    assert [error.source for error in errors] == ["cut.json.zst", "page.xml"]


def test_archive(tmp_path: Path) -> None:
    path = tmp_path / "bulletins.tar.xz"
    with tarfile.open(path, "w:xz") as archive:
        archive.add(DATA / "certfr" / "CERTFR-2026-ALE-002.json", "a/one.json")
    assert [advisory.reference for advisory in read(path)[0]] == ["CERTFR-2026-ALE-002"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the document is empty"),
        (b"<!doctype html><html></html>", "a web page (HTML)"),
        (b'{"reference": "CERTFR-2026-AVI', "not JSON, or cut short"),
        ('{"title": "é"}'.encode("latin-1"), "wrong encoding: byte 11 is not UTF-8"),
        (b'{"a": 1}', "JSON of no known format (CERT-FR, STIX, CSAF); it holds a"),
        (b"<root/>", "neither RSS nor Atom"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\x00\x01\x02\x03", "neither XML nor JSON"),
    ],
)
def test_what_is_no_bulletin_says_why(tmp_path: Path, body: bytes, reason: str) -> None:
    path = tmp_path / "document.json"
    path.write_bytes(body)
    advisories, errors = read(path)
    assert not advisories
    assert reason in errors[0].reason
    assert errors[0].source == "document.json"


def test_xml_bomb_is_refused_unread(tmp_path: Path) -> None:
    bomb = (DATA / "rss" / "bomb.xml").read_text()
    for name, encoding in (("plain.xml", "utf-8"), ("wide.xml", "utf-16")):
        (tmp_path / name).write_bytes(
            bomb.replace('"1.0"?', f'"1.0" encoding="{encoding}"?').encode(encoding)
        )
    advisories, errors = read(tmp_path)
    assert not advisories
    assert len(errors) == 2
    assert all("declares XML entities" in error.reason for error in errors)


def test_a_document_of_100_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.json.zst"
    path.write_bytes(zstandard.compress(b" " * 100_000_000))
    with pytest.raises(DocumentTooLargeError, match=r"big.json.zst: longer than 32 MiB"):
        read(path)


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "line.jsonl"
    path.write_bytes(b"x" * 3_000_000)
    with pytest.raises(DocumentTooLargeError, match="line 1 is over 2 MiB"):
        read(path, Limits(document_bytes=2 * 1024 * 1024))


def test_cut_compressed_file_keeps_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl.zst"
    path.write_bytes(zstandard.compress((DATA / "certfr" / "bulletins.jsonl").read_bytes())[:-9])
    with pytest.raises(SourceUnavailableError, match="cut short"):
        read(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match=r"absent.json: No such file"):
        read(tmp_path / "absent.json")


async def test_a_file_is_a_source_that_moves_no_cursor() -> None:
    source = FileSource(DATA / "certfr" / "feed.xml", lambda: NOW)
    documents = [document async for document in source.fetch({})]
    assert [document.cursor for document in documents] == [None]
    assert len(list(source.parse(documents[0]))) == 4


def documents_of(path: Path) -> Iterator[Document]:
    """The documents of a path, one at a time."""
    yield from open_path(path, fetched_at=NOW)


@pytest.mark.corpus
def test_the_whole_corpus_is_read_in_little_memory(shared_data: Path) -> None:
    count = 0
    for document in documents_of(shared_data / "certfr-avis.jsonl.zst"):
        assert len(document.body) < 2 * 1024 * 1024
        parsed = list(FileSource(shared_data, lambda: NOW).parse(document))
        assert all(isinstance(result, Advisory) for result in parsed)
        count += len(parsed)
    assert count == 16_538


@given(st.sampled_from([b"", b"{", b"[", b"<", b"<?xml version='1.0'?><rss>"]), st.binary())
def test_no_bytes_stop_the_reading(start: bytes, rest: bytes) -> None:
    results = list(parse_any(Document("d", "d", start + rest, NOW), tlp=Tlp.GREEN))
    assert results


BULLETIN = json.loads((DATA / "certfr" / "CERTFR-2026-AVI-0301.json").read_text())
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(BULLETIN)), json_values, max_size=3))
def test_no_wrong_value_stops_the_reading_or_cannot_be_stored(changed: dict[str, object]) -> None:
    body = json.dumps({**BULLETIN, **changed}).encode()
    results = list(parse_any(Document("d", "d", body, NOW), tlp=Tlp.GREEN))
    assert results
    for result in results:
        if isinstance(result, Advisory):
            stored = json.dumps(result.to_json(), ensure_ascii=False)
            assert "\0" not in stored.encode().decode()


def test_what_no_database_stores_is_taken_out() -> None:
    changed = {"title": "a\0b", "summary": "x\ud800y"}
    [advisory] = parse_any(
        Document("d", "d", json.dumps({**BULLETIN, **changed}).encode(), NOW), tlp=Tlp.GREEN
    )
    assert isinstance(advisory, Advisory)
    assert (advisory.title, advisory.summary) == ("ab", "x?y")


def test_a_number_of_five_thousand_digits_is_told() -> None:
    [error] = parse_any(Document("d", "d", b'{"a": ' + b"1" * 5000 + b"}", NOW), tlp=Tlp.GREEN)
    assert isinstance(error, MalformedDocumentError)
    assert "not JSON" in error.reason
