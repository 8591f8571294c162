"""Measure verdicts against labels that somebody wrote: how often, and how badly, wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.domain.matching.matcher import VerdictKind


@dataclass(frozen=True, slots=True)
class Label:
    """What was expected of one probe; ``also_ok`` are answers a fair scorer accepts."""

    expected: VerdictKind
    also_ok: tuple[VerdictKind, ...] = ()
    code: str = ""
    alias: bool = False


@dataclass
class Score:
    """Counts over labelled probes.

    ``dangerous``: expected affected, said not affected; ``noise``: expected not affected, said
    affected; ``cost``: said review where a decision was expected.
    """

    probes: int = 0
    affected: int = 0
    not_affected: int = 0
    right: int = 0
    dangerous: int = 0
    noise: int = 0
    cost: int = 0

    def add(self, label: Label, said: VerdictKind) -> None:
        """Count one answer."""
        right = said == label.expected or said in label.also_ok
        decided = label.expected is not VerdictKind.REVIEW
        self.probes += 1
        self.affected += label.expected is VerdictKind.AFFECTED
        self.not_affected += label.expected is VerdictKind.NOT_AFFECTED
        self.right += right
        if right or not decided:
            return
        if said is VerdictKind.REVIEW:
            self.cost += 1
        elif label.expected is VerdictKind.AFFECTED:
            self.dangerous += 1
        else:
            self.noise += 1

    def figures(self) -> dict[str, float | int | None]:
        """Shares between 0 and 1, None where there is nothing to divide by."""
        return {
            "probes": self.probes,
            "accuracy": _share(self.right, self.probes),
            "dangerous": _share(self.dangerous, self.affected),
            "noise": _share(self.noise, self.not_affected),
            "cost": _share(self.cost, self.affected + self.not_affected),
        }


@dataclass
class Evaluation:
    """Scores over all probes, by code, and of probes named by a synonym, apart."""

    total: Score = field(default_factory=Score)
    alias: Score = field(default_factory=Score)
    by_code: dict[str, Score] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)

    def add(self, label: Label | None, said: VerdictKind) -> None:
        """Count one answer; a probe without a label only counts among the answers."""
        self.answers[said] += 1
        if label is None:
            return
        self.total.add(label, said)
        self.by_code.setdefault(label.code or "-", Score()).add(label, said)
        if label.alias:
            self.alias.add(label, said)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a machine."""
        return {
            "answers": dict(sorted(self.answers.items())),
            "total": self.total.figures(),
            "alias": self.alias.figures(),
            "by_code": {code: self.by_code[code].figures() for code in sorted(self.by_code)},
        }


def read_label(probe: Mapping[str, Any]) -> Label | None:
    """The label of a probe, None when it carries none.

    Raises:
        ValueError: ``expected`` or ``also_ok`` holds something else than a verdict.
    """
    if probe.get("expected") is None:
        return None
    also: Sequence[str] = probe.get("also_ok") or ()
    if not isinstance(also, str | Sequence):
        raise ValueError(f"also_ok is a list of verdicts, not {also!r}")
    return Label(
        VerdictKind(probe["expected"]),
        tuple(VerdictKind(each) for each in ([also] if isinstance(also, str) else also)),
        str(probe.get("code", "")),
        bool(probe.get("alias", False)),
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
