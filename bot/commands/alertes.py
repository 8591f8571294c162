"""``!alertes`` and ``!alerte REF``: what waits, and one alert in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.commands.base import Reply, Setting
from bot.domain.alert import Coverage
from bot.domain.lots import split_lots
from bot.domain.marking import COUNTS_FLOOR, MACHINES_FLOOR
from bot.domain.reference import UnreadableReferenceError, split
from bot.pipeline.view import alert_views, lot_views, merged
from bot.store import Session, alerts, facilities, inventory, lots
from bot.store.alerts import Alert
from feeds.advisory import Pap, Tlp

LISTED = 20  # what the template shows; the rest is counted
COUNTED = 1000


def list_alerts(session: Session, setting: Setting) -> Reply:
    """The open alerts of the facilities this person answers for, most urgent first.

    Those that the place may not even hear the name of are only counted, and so are those
    that are muted.
    """
    if not setting.facility_ids:
        return setting.reply("not_allowed")
    every = alerts.listed(session, facility_ids=setting.facility_ids, limit=COUNTED)
    found = [each for each in every if each.alert.muted_until is None]
    views = alert_views(
        session, [each.alert for each in found[:LISTED]], language=setting.invocation.language
    )
    ceilings = {
        facility_id: setting.ceiling(session, facility_id) for facility_id in setting.facility_ids
    }
    allowed = setting.pap(session)
    shown = [
        view
        for each, view in zip(found, views, strict=False)
        if max(view.tlp, COUNTS_FLOOR) <= ceilings[each.alert.facility_id]
        and (view.pap or Pap.CLEAR) <= allowed
    ]
    covered = [] if found else _covered(session, ceilings)
    muted = len(every) - len(found)
    return setting.reply("alerts", alerts=shown, total=len(found), muted=muted, covered=covered)


def _covered(session: Session, ceilings: Mapping[int, Tlp]) -> list[tuple[str, Coverage]]:
    """What each inventory could tell, where it may be read: nothing to do is not all clear."""
    readable = [id_ for id_, ceiling in ceilings.items() if ceiling >= COUNTS_FLOOR]
    names = facilities.by_ids(session, readable)
    covered = inventory.coverage(session, readable)
    return [(names[id_].name, covered[id_]) for id_ in readable]


def show_alert(session: Session, setting: Setting) -> Reply:
    """One alert as its facility reads it, its lots and what was answered.

    A command never says more than a delivery to the same place would.
    """
    wanted, _ = split_lots(setting.invocation.args.strip() or setting.invocation.subject)
    found = [alert for each in written(wanted) if (alert := permitted(session, setting, each))]
    if not found:
        return setting.reply("unknown_alert", reference=wanted)
    place = setting.invocation.place
    ceiling = min(setting.ceiling(session, a.facility_id) for a in found)
    views = alert_views(session, found, language=setting.invocation.language)
    owners = facilities.by_ids(session, {alert.facility_id for alert in found})
    message = setting.renderer.alert(
        merged(views), channel=place.channel, ceiling=ceiling, pap=setting.pap(session)
    )
    if ceiling < COUNTS_FLOOR:
        return Reply(message.text, message.html, choices=message.choices)
    answers = [answer for a in found for answer in lots.answers(session, a.id)]
    if ceiling < MACHINES_FLOOR:  # remarks name machines: people write as they speak
        answers = [replace(answer, note="") for answer in answers]
    history = setting.reply(
        "history",
        answers=answers,
        parts=[
            (
                a.reference if len(found) > 1 else "",
                lot_views(session, a.id, owners[a.facility_id].time_zone),
            )
            for a in found
        ],
    )
    return Reply(
        text=f"{message.text}\n\n{history.text}".strip(),
        html=f"{message.html}{history.html}" if message.html else "",
        choices=message.choices,
    )


def written(text: str) -> list[str]:
    """The references in what somebody typed; none when it is something else."""
    try:
        return split(text)
    except UnreadableReferenceError:
        return []


def permitted(session: Session, setting: Setting, reference: str) -> Alert | None:
    """The alert, if it exists and this person answers for its facility, if only for a part."""
    alert = alerts.by_reference(session, reference)
    if alert is None or not setting.speaker.may_answer(alert.facility_id, alert.reference):
        return None
    return alert
