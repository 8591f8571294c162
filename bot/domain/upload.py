"""What an inventory upload may change, so that nothing looks safe by accident.

An upload is a difference. Additions and changes are applied; what would make equipment, or
what is known of it, disappear is applied only when it cannot be an accident.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.facility import BadLine, InventoryLine

SHARE = 0.20  # beyond this share of the inventory, a loss is confirmed by somebody


class Withheld(StrEnum):
    """Why losses were not applied."""

    BAD_LINES = "bad_lines"  # the missing equipment may be on a line that could not be read
    EMPTY = "empty"  # an upload without a line never empties an inventory
    UNCONFIRMED = "unconfirmed"  # more than a fifth would be lost and nobody confirmed it


@dataclass(frozen=True, slots=True)
class Change:
    """One line, as it was and as the upload says it is."""

    before: InventoryLine
    after: InventoryLine

    @property
    def loses(self) -> bool:
        """Whether something known is lost: product, version, CPE, exposure or the count.

        A product replaced by another loses nothing; a version that goes does, because a
        column that slipped empties all of them.
        """
        before, after = self.before, self.after
        return (
            any(
                known and not now
                for known, now in (
                    (before.product, after.product),
                    (before.version, after.version),
                    (before.cpe, after.cpe),
                    (before.vendor, after.vendor and after.product),
                    (before.exposed, after.exposed),
                )
            )
            or after.quantity == 1 < before.quantity
        )


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What to write. ``added``, ``changed`` and ``removed`` are to be applied, and only they.

    ``kept`` counts the lines the upload leaves as they are. ``withheld_removals`` and
    ``withheld_changes`` are the losses that were not applied, and ``withheld`` why; lines
    among them stay in the inventory as they were. ``bad`` counts the unreadable lines.
    """

    added: tuple[InventoryLine, ...] = ()
    changed: tuple[Change, ...] = ()
    removed: tuple[InventoryLine, ...] = ()
    kept: int = 0
    withheld_removals: tuple[InventoryLine, ...] = ()
    withheld_changes: tuple[Change, ...] = ()
    withheld: frozenset[Withheld] = frozenset()
    bad: int = 0

    @property
    def complete(self) -> bool:
        """Whether everything the file says was understood and is applied."""
        return not self.withheld and not self.bad

    @property
    def total(self) -> int:
        """Lines of the inventory once the plan is applied."""
        return (
            self.kept
            + len(self.added)
            + len(self.changed)
            + len(self.withheld_removals)
            + len(self.withheld_changes)
        )


Settle = Callable[[InventoryLine, InventoryLine], InventoryLine]
"""What a line becomes, given how it is known and what the upload says."""


def as_uploaded(_known: InventoryLine, uploaded: InventoryLine) -> InventoryLine:
    """What the upload says, whatever was known."""
    return uploaded


def diff(
    current: Iterable[InventoryLine],
    incoming: Iterable[InventoryLine],
    bad: Collection[BadLine] = (),
    *,
    confirm: bool = False,
    settle: Settle = as_uploaded,
) -> UploadPlan:
    """Return what the upload changes in the inventory of one facility.

    Losses are withheld, and everything else applied, in these cases:

    * a line could not be read: nothing is removed, even when confirmed;
    * no line could be read: nothing is removed, even when confirmed;
    * more than :data:`SHARE` of the lines would be removed, or would lose something known
      of them (a version, an exposure), and ``confirm`` is False.

    ``settle`` completes what the upload says of a line by what was known of it.
    Lines are told apart by ``line_id``, which comes once in each of the two inventories.
    ``current`` is read once and not kept: only what the upload says is in memory.
    """
    new = {line.line_id: line for line in incoming}
    read, kept = len(new), 0
    removed: list[InventoryLine] = []
    changed: list[Change] = []
    for before in current:
        uploaded = new.pop(before.line_id, None)
        if uploaded is None:
            removed.append(before)
        elif (after := settle(before, uploaded)) != before:
            changed.append(Change(before, after))
        else:
            kept += 1
    losing = tuple(change for change in changed if change.loses)
    few = SHARE * (kept + len(removed) + len(changed))
    hold_losing = len(losing) > few and not confirm
    reasons = set(_why_keep(len(removed), few, bad=len(bad), read=read, confirm=confirm))
    return UploadPlan(
        added=tuple(new.values()),
        changed=tuple(c for c in changed if not (hold_losing and c.loses)),
        removed=() if reasons else tuple(removed),
        kept=kept,
        withheld_removals=tuple(removed) if reasons else (),
        withheld_changes=losing if hold_losing else (),
        withheld=frozenset(reasons | ({Withheld.UNCONFIRMED} if hold_losing else set())),
        bad=len(bad),
    )


def _why_keep(
    removed: int, few: float, *, bad: int, read: int, confirm: bool
) -> Iterator[Withheld]:
    """Why the lines missing from the file stay in the inventory; nothing when they go."""
    if removed and bad:
        yield Withheld.BAD_LINES
    if removed and not read:
        yield Withheld.EMPTY
    if removed > few and not confirm:
        yield Withheld.UNCONFIRMED


_WORDS = {
    "fr": {
        "done": "Lignes ajoutées : {added} ; modifiées : {changed} ; retirées : {removed} ; "
        "inchangées : {kept}. L'inventaire en compte {total}.",
        "bad": "Lignes illisibles, ignorées : {bad}.",
        "removals": "Lignes absentes du fichier, gardées à l'inventaire ({count})",
        "changes": "Lignes qui perdraient une version, un produit ou une exposition, laissées "
        "comme avant ({count})",
        Withheld.BAD_LINES: "corrigez les lignes illisibles, puis recommencez",
        Withheld.EMPTY: "le fichier ne contient aucune ligne",
        Withheld.UNCONFIRMED: "c'est plus de 20 % de l'inventaire ; si c'est voulu, recommencez "
        "avec --confirm",
    },
    "en": {
        "done": "{added} added, {changed} changed, {removed} removed, {kept} unchanged: "
        "{total} lines in the inventory.",
        "bad": "Unreadable lines, skipped: {bad}.",
        "removals": "Lines missing from the file, kept in the inventory ({count})",
        "changes": "Lines that would lose a version, a product or an exposure, left as before "
        "({count})",
        Withheld.BAD_LINES: "correct the unreadable lines, then try again",
        Withheld.EMPTY: "the file holds no line",
        Withheld.UNCONFIRMED: "this is more than 20 % of the inventory; if it is meant, try again "
        "with --confirm",
    },
}


def describe(plan: UploadPlan, language: str = "fr") -> tuple[str, ...]:
    """Say what the plan does and does not, in one sentence each; ``language``: fr or en."""
    words = _WORDS[language]
    colon = " : " if language == "fr" else ": "
    sentences = [
        words["done"].format(
            added=len(plan.added),
            changed=len(plan.changed),
            removed=len(plan.removed),
            kept=plan.kept + len(plan.withheld_removals) + len(plan.withheld_changes),
            total=plan.total,
        )
    ]
    if plan.bad:
        sentences.append(words["bad"].format(bad=plan.bad))
    if plan.withheld_removals:
        why = " ; ".join(words[reason] for reason in sorted(plan.withheld))
        sentences.append(
            f"{words['removals'].format(count=len(plan.withheld_removals))}{colon}{why}."
        )
    if plan.withheld_changes:
        why = words[Withheld.UNCONFIRMED]
        sentences.append(
            f"{words['changes'].format(count=len(plan.withheld_changes))}{colon}{why}."
        )
    return tuple(sentences)
