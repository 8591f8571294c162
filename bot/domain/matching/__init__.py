"""Does this advisory concern this product? Names compared, ranges judged, lines combined.

::

    matcher     Matcher, Reading, Verdict: what the rest of the program uses
    statements  what a bulletin affirms, ready to be compared      assets     what an inventory says
    relating    is it the same product?       judging     is the version in the range?
    numbering   the numbers of a name         placement   where a version stands, and why
    rulings     what one line says            combining   sibling lines correct one another
    gaps        versions between two trains, which no line names
    groups, index    products in memory, found by key              readings   bulletins in memory
    evaluation  measures on anybody's labels
"""

from bot.domain.matching.matcher import (
    REASONS,
    RESEMBLING,
    InventoryProduct,
    Matcher,
    Reading,
    Span,
    Verdict,
    VerdictKind,
)

__all__ = [
    "REASONS",
    "RESEMBLING",
    "InventoryProduct",
    "Matcher",
    "Reading",
    "Span",
    "Verdict",
    "VerdictKind",
]
