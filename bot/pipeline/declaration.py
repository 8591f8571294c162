"""What a facility without an inventory declares."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.facility import Facility, InventoryLine
from bot.domain.questionnaire import (
    DECLARED,
    Questionnaire,
    UnknownAnswerError,
    declared_functions,
    declared_lines,
    split_answers,
)
from bot.store import Session, audit, facilities, inventory
from bot.store.inventory import UploadRecord

SOURCE = "declaration"  # the file name of the upload a declaration is kept as


@dataclass(frozen=True, slots=True)
class Declared:
    """What a declaration changed: products that came, and how many went."""

    added: tuple[InventoryLine, ...]
    removed: int
    total: int


def declare(
    session: Session,
    facility: Facility,
    questionnaire: Questionnaire,
    answers: Mapping[str, str | Iterable[str]],
    *,
    now: datetime,
) -> Declared:
    """Make declared products of the answers.

    A question answered again replaces what it declared before; one left out changes nothing.

    Raises:
        UnknownAnswerError: a question or an answer is not one of the questionnaire.
    """
    questions = {question.key: question for question in questionnaire}
    for key in answers:
        if key not in questions:
            raise UnknownAnswerError(f"no question {key!r}; there are: {', '.join(questions)}")
    chosen = {
        key: [questions[key].read(each) for each in split_answers(said)]
        for key, said in answers.items()
    }
    lines = {
        line.line_id: line
        for key, choices in chosen.items()
        for line in declared_lines(questions[key], choices)
    }
    known = inventory.current(session, facility.id)
    replaced = tuple(f"{DECLARED}{key}:" for key in chosen)
    added = [line for line_id, line in lines.items() if line_id not in known]
    removed = [
        line_id for line_id in known if line_id.startswith(replaced) and line_id not in lines
    ]
    inventory.write_lines(session, facility.id, added=added, changed=[], removed=removed, now=now)
    listed = any(not line_id.startswith(DECLARED) for line_id in known)
    if added and not listed:  # words do not make an inventory look fresher than it is
        record = UploadRecord(SOURCE, now, len(lines), 0, len(added), 0, len(removed))
        inventory.record_upload(session, facility.id, record, now=now)
    inventory.refresh_coverage(session, [facility.id])
    functions = declared_functions(
        facility.functions, (choice for choices in chosen.values() for choice in choices)
    )
    if functions != facility.functions:
        facilities.save(session, [dataclasses.replace(facility, functions=functions, contacts=())])
    audit.note(session, "operator", "facility.declared", facility.finess, now=now)
    return Declared(tuple(added), len(removed), len(known) + len(added) - len(removed))
