"""``!lier CODE``: links the account that speaks to a person, once."""

from __future__ import annotations

from datetime import datetime

from bot.commands.base import Invocation, Reply
from bot.render import Renderer
from bot.store import Session, audit, facilities, people


def link(session: Session, invocation: Invocation, renderer: Renderer, now: datetime) -> Reply:
    """Redeem an invitation code; the only command that a stranger may give."""
    person = people.redeem(session, invocation.args.strip(), invocation.sender, now=now)
    account = f"{invocation.sender.channel.value}:{invocation.sender.address}"
    audit.note(
        session,
        str(person.id) if person else account,
        "linked" if person else "refused.code",
        account,
        now=now,
    )
    prefix = invocation.prefix
    if person is None:
        return Reply(*renderer.reply("bad_code", language=invocation.language), private=True)
    names = [facility.name for facility in facilities.by_ids(session, person.facilities()).values()]
    text, html = renderer.reply(
        "linked",
        language=invocation.language,
        name=person.name,
        facilities=names,
        prefix=prefix,
    )
    return Reply(text, html, private=True)
