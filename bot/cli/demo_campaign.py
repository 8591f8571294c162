"""The campaign of the demonstration: a ready text, written by one role, approved by another."""

from __future__ import annotations

from datetime import datetime

from bot.cli.campaign_draft import ready
from bot.domain.campaign import Campaign
from bot.domain.people import Person, Role
from bot.inventory.authorities import Authorities
from bot.pipeline import campaign as pipeline
from bot.resources import config_folder
from bot.store import Session, people

SPEAKER = "cert-sante"  # a national authority: the invented facilities are of five regions


def announce(session: Session, *, now: datetime) -> None:
    """Write and approve the campaign; the next periodic work tells it."""
    authorities = Authorities.read((config_folder() / "authorities.toml").read_text("utf-8"))
    author = _person(session, "Chargé de sensibilisation", "sensibilisation", Role.CERT, now)
    approver = _person(session, "Responsable de permanence", "permanence", Role.CERT, now)
    text = ready("fax-et-mots-de-passe")
    written = pipeline.create(
        session, text, authority=authorities.by_code[SPEAKER], author=author, at=None, now=now
    )
    if isinstance(written, Campaign):
        pipeline.approve(session, written.reference, approver, now=now)


def _person(session: Session, name: str, mailbox: str, role: Role, now: datetime) -> Person:
    made = people.add(session, name, f"{mailbox}@cert.demonstration.example", now=now)
    people.grant(session, made.id, role)
    session.flush()
    return people.by_id(session, made.id)
