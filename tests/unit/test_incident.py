"""How a declaration is read, and what people are told of what awaits."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.rooms import opened_room
from bot.domain.incident import (
    LONGEST,
    IncidentState,
    Written,
    bounded,
    may_declare,
    read_declaration,
    read_state,
)
from bot.domain.people import DECLARING, Grant, Person, Role

CHU = "590999017"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", Written("")),
        ("panne du labo", Written("panne du labo")),
        ("exercice", Written("", exercise=True)),
        ("EXERCICE : panne du labo", Written("panne du labo", exercise=True)),
        ("nouveau exercice – panne", Written("panne", exercise=True, another=True)),
        (f"exercice {CHU} panne", Written("panne", exercise=True, finess=CHU)),
        ("590999018 panne", Written("590999018 panne")),  # a wrong checksum is a text
        ("le nouveau serveur est chiffré", Written("le nouveau serveur est chiffré")),
        ("ALR-2026-0412+0413 panne", Written("panne", alert="ALR-2026-0412+0413")),
        ("INC-2026-0001 panne", Written("INC-2026-0001 panne")),
        ("exercice exercice raté", Written("exercice raté", exercise=True)),
    ],
)
def test_the_words_before_the_text_are_read(typed: str, read: Written) -> None:
    assert read_declaration(typed) == read


@given(
    st.text(min_size=1, max_size=200),
    st.permutations(["exercice", "nouveau", CHU]),
    st.integers(0, 3),
)
def test_no_word_of_the_text_is_lost(text: str, words: list[str], count: int) -> None:
    plain = read_declaration(f"Fait : {text}")
    read = read_declaration(f"{' '.join(words[:count])} Fait : {text}")
    assert plain.what == bounded(f"Fait : {text}")
    assert read.what == plain.what
    assert (read.exercise, read.another) == (
        "exercice" in words[:count],
        "nouveau" in words[:count],
    )


@given(st.text(max_size=2 * LONGEST))
def test_what_people_write_is_bounded(text: str) -> None:
    kept = bounded(text)
    assert len(kept) <= LONGEST
    assert bounded(kept) == kept


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        ("clos", IncidentState.CLOSED),
        ("Clôturé", IncidentState.CLOSED),
        ("CONTENU.", IncidentState.CONTAINED),
        ("Rouvert", IncidentState.OPEN),
        ("clos à 8 h", None),
    ],
)
def test_a_state_is_said_alone(typed: str, state: IncidentState | None) -> None:
    assert read_state(typed) is state


@given(st.sampled_from(Role), st.booleans())
def test_only_declaring_roles_of_the_facility_declare(role: Role, here: bool) -> None:
    person = Person(uuid.uuid4(), "Une personne", "p@ch.example", (Grant(role, 1 if here else 2),))
    assert may_declare(person, 1) is (here and role in DECLARING)


def test_the_receipt_of_a_room_names_who_was_not_asked_in() -> None:
    assert opened_room("!r:ch.example").refused == ()
    opened = opened_room("!r:ch.example\n@a:ch.example\n@b:ch.example")
    assert (opened.address, opened.refused) == ("!r:ch.example", ("@a:ch.example", "@b:ch.example"))
