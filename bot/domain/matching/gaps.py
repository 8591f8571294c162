"""Versions between two fixed trains that no line of a bulletin names.

"versions antérieures à 8.19.8" beside "9.1.x antérieures à 9.1.8": everything up to 8.19.8 is
concerned, 9.1 is, and nobody says that 9.0 is not: publishers leave out the trains they no longer
support. Nothing is concluded: it is worth a question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.matching.bounds import Bounds
from bot.domain.matching.statements import Sentence
from feeds.affected import Grade
from feeds.names import Name
from feeds.versions import Version, read_version

_NUMBERED_OTHERWISE = frozenset({"windows", "sap", "mssql", "exchange", "suse"})


def gaps_of(sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    """A sentence, good for a review only, for each gap above a bare bound."""
    plain = [each for each in sentences if each.names and each.bounds and _is_plain(each)]
    if len(plain) < 2:
        return
    groups: dict[tuple[Name, ...], list[Sentence]] = {}
    for each in plain:
        groups.setdefault(each.names, []).append(each)
    for group in groups.values():
        if len(group) > 1 and (found := _gap(group)):
            yield found


def _is_plain(sentence: Sentence) -> bool:
    plain = not (sentence.negative or sentence.only_named or sentence.statement.fix)
    numbered = sentence.names[0].family not in _NUMBERED_OTHERWISE
    return plain and numbered and sentence.grade is Grade.DECIDED


def _gap(group: Sequence[Sentence]) -> Sentence | None:
    """The versions after the highest bare bound's train, up to the next train that is named."""
    bare = [(max(b.lt or b.le), each) for each in group for b in each.bounds if _is_bare(b)]
    if not bare:
        return None
    limit, sentence = max(bare, key=lambda pair: pair[0].key)
    starts = [start for each in group for bounds in each.bounds for start in _starts(bounds)]
    later = [start for start in starts if start.release > limit.release]
    if not later:
        return None
    nearest = min(later, key=lambda start: start.release)
    end = _next_train(limit, len(nearest.release))
    if end is None or end.release >= nearest.release:
        return None
    between = Bounds(ge=end, lt=(nearest,))
    return sentence._replace(bounds=(between,), bare=(), branch=(), between=True)


def _is_bare(bounds: Bounds) -> bool:
    return not (bounds.branches or bounds.ge or bounds.gt) and bool(bounds.lt or bounds.le)


def _starts(bounds: Bounds) -> Iterator[Version]:
    yield from bounds.branches
    lowest = bounds.ge or bounds.gt
    if lowest is not None:
        yield lowest


def _next_train(limit: Version, depth: int) -> Version | None:
    """The first version after the train of ``limit``, trains being as deep as the next one's."""
    train = limit.release[: min(depth, max(1, len(limit.release) - 1))]
    if not train:
        return None
    return read_version(".".join(map(str, (*train[:-1], train[-1] + 1))))
