"""The lots of an alert: the part each team answers for, and who may answer for which. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.domain.alert import CLOSED_LOT, CLOSING_ANSWERS, LOT_OPEN, AnswerKind
from bot.domain.facility import AssetCategory
from bot.domain.people import Role
from bot.domain.wording import composed, fold

Lots = frozenset[AssetCategory]

EVERY_LOT: Lots = frozenset(AssetCategory)
NO_LOT: Lots = frozenset()
DUTIES = MappingProxyType(
    {
        Role.RSSI: EVERY_LOT,
        Role.CORRESPONDANT: EVERY_LOT,
        Role.DIRECTION: EVERY_LOT,
        Role.BIOMED: frozenset({AssetCategory.BIOMEDICAL}),
        Role.RESEAU: frozenset({AssetCategory.NETWORK}),
        Role.PRESTATAIRE: NO_LOT,  # what was forwarded to them
    }
)
"""The lots that a role answers for at its facility."""

CORRESPONDENTS = MappingProxyType(
    {AssetCategory.BIOMEDICAL: "biomedical", AssetCategory.NETWORK: "reseau"}
)
"""The role of the contact who is told of a lot, where there is one."""

TOGETHER = timedelta(minutes=1)  # who answers so close did not read the other's answer
SAME_INSTANT = timedelta(seconds=1)
CLOSED_FOR = frozenset({AnswerKind.FIXED, AnswerKind.NOT_CONCERNED, AnswerKind.MITIGATED})

CODES = {category.name.lower(): category for category in AssetCategory}
BY_LOT = "lots"  # in the place of an answer: asks for which lot first
SIGN = "/"  # between a reference and codes of lots: ALR-2026-0412/biomedical+server
EVERYTHING = ("tous les lots", "tous", "toutes", "tout", "partout", "everything", "all lots")
WORDS: dict[str, Lots] = {
    word: frozenset({category})
    for category, words in {
        AssetCategory.WORKSTATION: (
            "postes de travail", "poste de travail", "postes", "poste", "pc",
            "workstations", "workstation",
        ),
        AssetCategory.SERVER: ("serveurs", "serveur", "servers", "server"),
        AssetCategory.NETWORK: (
            "equipements actifs", "equipement actif", "equipements reseau", "reseaux", "reseau",
            "network",
        ),
        AssetCategory.BIOMEDICAL: (
            "equipements biomedicaux", "equipement biomedical", "biomedicaux", "biomedical",
            "biomed", "medical devices",
        ),
        AssetCategory.GENERAL: ("general",),
    }.items()
    for word in words
} | dict.fromkeys(EVERYTHING, EVERY_LOT)  # fmt: skip
"""What people call a lot, without accents; the longest is read first."""

_LOT = (
    rf"(?:(?:les?|la|l'|du|des|the)\s*)?(?P<word>{'|'.join(sorted(WORDS, key=len, reverse=True))})"
)
_LEAD = re.compile(rf"(?:(?:pour|sur|for|cote)\s+)?{_LOT}(?![\w-])")
_NEXT = re.compile(rf"\s*(?:,|\+|&|\bet\b|\band\b)\s*(?:(?:pour|sur|for)\s+)?{_LOT}(?![\w-])")
_LOOSE = " \t\n:,;.–—-"


@dataclass(frozen=True, slots=True)
class LotAnswer:
    """What somebody answered for a lot; ``by`` tells two people apart."""

    by: str
    kind: AnswerKind
    at: datetime


def duties(roles: Iterable[Role]) -> Lots:
    """The lots that somebody of these roles answers for."""
    return NO_LOT.union(*(DUTIES.get(role, NO_LOT) for role in roles))


def orphans(held: Iterable[Role]) -> Lots:
    """The lots that nobody answers for, where ``held`` are all the roles held at a facility.

    Anybody who has a role there may answer for them: in a small structure the prestataire
    is often the only person who can act.
    """
    return EVERY_LOT - duties(held)


def read_lots(text: str) -> tuple[Lots, str]:
    """The lots that ``text`` begins with, and what follows; no lot when it names none.

    « pour les serveurs et le biomédical : en 7.2.12 » is two lots and a note.
    """
    text = composed(text).strip()
    said = fold(text)
    found = _LEAD.match(said)
    lots: Lots = NO_LOT
    end = 0
    while found is not None:
        lots |= WORDS[found["word"]]
        end = found.end()
        found = _NEXT.match(said, end)
    return lots, text[end:].strip(_LOOSE) if lots else text


def with_lots(reference: str, lots: Collection[AssetCategory]) -> str:
    """A reference narrowed to lots: ``ALR-2026-0412/biomedical``; itself without lots."""
    codes = sorted(lot.name.lower() for lot in lots)
    return f"{reference}{SIGN}{'+'.join(codes)}" if codes else reference


def split_lots(subject: str) -> tuple[str, Lots]:
    """What :func:`with_lots` joined; codes that are no lot are left out."""
    reference, _, codes = subject.partition(SIGN)
    return reference, frozenset(CODES[code] for code in codes.lower().split("+") if code in CODES)


def contradicts(one: LotAnswer, other: LotAnswer) -> bool:
    """Whether two people said what cannot both be true, too close to have read each other.

    One closes the lot and the other does not, or both close it for reasons that exclude
    each other.
    """
    if one.by == other.by or one.kind is other.kind or abs(one.at - other.at) > TOGETHER:
        return False
    closes = [each.kind in CLOSING_ANSWERS for each in (one, other)]
    return closes[0] is not closes[1] or {one.kind, other.kind} <= CLOSED_FOR


def state_after(state: str, earlier: Sequence[LotAnswer], later: LotAnswer) -> str:
    """The state of a lot once ``later`` is said; ``state`` is that before.

    The last answer counts. Two exceptions: of two people who contradict each other at the
    same instant, whoever leaves the lot open is believed; and « compromission recherchée :
    rien » does not open again what is closed.
    """
    if later.kind is AnswerKind.SEARCHED_CLEAN and state in CLOSED_LOT:
        return state
    kind = later.kind
    for each in earlier:
        if contradicts(each, later) and abs(each.at - later.at) <= SAME_INSTANT:
            kind = each.kind if kind in CLOSING_ANSWERS else kind
    return state_of(kind)


def state_of(kind: AnswerKind) -> str:
    """The state that an answer gives a lot."""
    return LOT_OPEN if kind is AnswerKind.REOPENED else kind.value
