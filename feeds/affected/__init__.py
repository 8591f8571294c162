"""A grammar of affected systems: French prose to products and version ranges.

``phrasings`` is the catalogue of how publishers write, ``tokens`` cuts a line into its words,
``naming``, ``bounding`` and ``grammar`` assemble them into statements,
``prose`` finds the lines in the Markdown or HTML of bulletins that have no rows, and
``structured`` reads the ranges of publishers that give them as data.
"""

from feeds.affected.grammar import parse_line
from feeds.affected.phrase import read_phrase
from feeds.affected.prose import lines_of, subject_of
from feeds.affected.statement import Condition, Fix, Grade, Phrase, Range, Statement
from feeds.affected.structured import read_row, spoken_versions

__all__ = [
    "Condition",
    "Fix",
    "Grade",
    "Phrase",
    "Range",
    "Statement",
    "lines_of",
    "parse_line",
    "read_phrase",
    "read_row",
    "spoken_versions",
    "subject_of",
]
