"""A file is decoded a piece at a time, and gives the lines it would give as a whole."""

from __future__ import annotations

import pytest

from bot.domain.facility import BadLine
from bot.inventory import text

LONG = text.PIECE // 20  # lines of about twenty bytes: more than a piece


def _whole(body: bytes, encoding: str) -> list[str]:
    errors = "surrogateescape" if encoding == "utf-8" else "replace"
    content = body.decode(encoding, errors).removeprefix("\ufeff")
    return content.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@pytest.mark.parametrize("shift", range(2))
@pytest.mark.parametrize(
    ("encoding", "written"),
    [("utf-8", "utf-8-sig"), ("cp1252", "cp1252"), ("utf-16", "utf-16")],
)
@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_are_those_of_the_whole_file(
    encoding: str, written: str, end: str, shift: int
) -> None:
    content = "x" * shift + end.join(f"é;équipement;{n}" for n in range(2 * LONG))
    found = text.decode(content.encode(written), file="parc.csv")
    assert found.encoding == encoding
    assert list(found) == _whole(content.encode(written), encoding)
    assert found.unended == 2 * LONG


def test_a_broken_byte_loses_its_line_alone_wherever_pieces_end() -> None:
    lines = [b"\xe9" if n % 1000 == 999 else "é;poste".encode() for n in range(2 * LONG)]
    body = b"\n".join(lines) + b"\n"
    found = text.decode(body, file="parc.csv")
    assert list(found) == _whole(body, "utf-8")
    assert found.unended == 0


def test_a_record_may_go_on_over_lines_and_a_lone_quote_loses_its_line_alone() -> None:
    lines = ["a;b", '"one', 'two";2', '"never closed;3', *["x;y"] * 30, '"z";4']
    found = list(text.records(iter(lines), ";"))
    assert found[1] == (2, ["one\ntwo", "2"])
    assert isinstance(found[2], BadLine)
    assert found[2].number == 4
    assert found[3:] == [*((number, ["x", "y"]) for number in range(5, 35)), (35, ["z", "4"])]
