"""``!silence``: what a facility does not want to hear of until a day, and why."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.commands.base import Command, Reply, Setting
from bot.domain.answers import BadDayError
from bot.domain.facility import Facility
from bot.domain.marking import MACHINES_FLOOR
from bot.domain.mute import Mute, MuteRefusal, MuteRequest, MuteScope, read_mute
from bot.pipeline.mute import MUTING, Muted, end_mute, mute
from bot.store import Session, alerts, facilities, mutes

END_WORDS = frozenset({"fin", "end", "stop"})
LONGEST = timedelta(days=90)


def silencing(longest: timedelta = LONGEST) -> Command:
    """The command that mutes for ``longest`` at most."""

    def silence(session: Session, setting: Setting) -> Reply:
        """Mute, list what is muted, or end a mute."""
        text = " ".join(setting.invocation.args.split())
        if not setting.facility_ids:
            return setting.reply("not_allowed")
        if not text:
            return _list(session, setting)
        word, _, rest = text.partition(" ")
        if word.casefold() in END_WORDS and rest:
            return _end(session, setting, rest)
        return _mute(session, setting, text, longest)

    return silence


def _mute(session: Session, setting: Setting, text: str, longest: timedelta) -> Reply:
    known = facilities.by_ids(session, setting.facility_ids)
    today = setting.now.astimezone(ZoneInfo(next(iter(known.values())).time_zone)).date()
    try:
        request = read_mute(text, today=today)
    except BadDayError as error:
        return setting.reply("bad_day", written=error.written)
    if request is None:
        return _refused(setting, MuteRefusal.USAGE, longest)
    wanted = _where(session, request, list(known.values()))
    outcomes = [
        mute(session, each, request, setting.person, longest=longest, now=setting.now)
        for each in wanted
    ]
    done = [each for each in outcomes if isinstance(each, Muted)]
    if not done:
        refused = [each for each in outcomes if isinstance(each, MuteRefusal)]
        return _refused(setting, refused[0] if refused else MuteRefusal.UNKNOWN_ALERT, longest)
    return setting.reply(
        "muted",
        mutes=[each.mute for each in done],
        alerts=sum(each.alerts for each in done),
        kept=sum(each.kept for each in done),
        products=_products(session, setting, done),
    )


def _where(session: Session, request: MuteRequest, here: list[Facility]) -> list[Facility]:
    """The facilities of this place that a request is about."""
    if request.scope is not MuteScope.ALERT:
        return here
    alert = alerts.by_reference(session, request.target)
    return [each for each in here if alert and each.id == alert.facility_id]


def _products(session: Session, setting: Setting, done: list[Muted]) -> list[str]:
    """What is covered, where the place may read what a facility runs."""
    readable = [each for each in done if _may_read(session, setting, each.mute)]
    return sorted({name for each in readable for name in each.products})


def _may_read(session: Session, setting: Setting, found: Mute) -> bool:
    return setting.ceiling(session, found.facility_id) >= MACHINES_FLOOR


def _list(session: Session, setting: Setting) -> Reply:
    active = mutes.active(session, setting.facility_ids)
    found = [each for facility_id in sorted(active) for each in active[facility_id]]
    shown = [each for each in found if _may_read(session, setting, each)]
    return setting.reply("mutes", mutes=shown, hidden=len(found) - len(shown))


def _end(session: Session, setting: Setting, reference: str) -> Reply:
    found = mutes.by_reference(session, reference)
    if found is None or found.facility_id not in setting.person.facilities(MUTING):
        return setting.reply("unknown_mute", reference=reference)
    back = end_mute(session, found, by=str(setting.person.id), now=setting.now)
    return setting.reply("mute_ended", reference=found.reference, alerts=back)


def _refused(setting: Setting, why: MuteRefusal, longest: timedelta) -> Reply:
    return setting.reply("mute_refused", why=why.value, days=longest.days)
