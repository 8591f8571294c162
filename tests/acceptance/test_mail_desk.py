"""What becomes of each kind of mail, written in one transaction; no loop, nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.mail_desk import MailOutcome
from bot.domain.alert import AnswerKind
from bot.domain.delivery import Address, DeliveryState
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.store import Session, inventory, mails, outbox, people
from bot.store.outbox import Delivery
from feeds.advisory import AdvisoryKind
from tests.acceptance.bulletins import fortios
from tests.acceptance.conftest import Town
from tests.acceptance.post import GUARD, TOCSIN, Post

NOTIFICATION = """From: MAILER-DAEMON@relais.example
Message-ID: <{number}@relais.example>
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; relais.example

Final-Recipient: rfc822; garde@ch-exemple.example
Action: {action}
Status: {status}

--x
Content-Type: message/rfc822

Message-ID: {returned}

corps
--x--
"""


@pytest.fixture
def post(town: Town) -> Post:
    return Post(town)


async def alerted(
    post: Post, *, kind: AdvisoryKind = AdvisoryKind.ALERTE, versions: str = "7.2.8"
) -> Delivery:
    """A facility is told of an alert by mail; the person on duty is its RSSI."""
    town = post.town
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"), ("fw-02", "FortiOS", versions))
    town.told(hospital, GUARD, channel=ChannelName.EMAIL)

    def register(session: Session) -> None:
        person = people.add(session, "RSSI de garde", GUARD, now=town.clock())
        people.grant(session, person.id, Role.RSSI, facility_id=hospital.id)

    town.application.database.call(register)
    published = town.clock() + timedelta(days=1)
    await town.publish(fortios(published, kind, reference="CERTFR-2026-AVI-9001"))
    if kind is not AdvisoryKind.ALERTE:
        town.clock.now = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)  # Monday, when digests go
        await town.application.write_periodic()
    return next(each for each in post.send_due() if each.kind in {"alert", "digest"})


async def test_in_reply_to_a_digest_an_action_answers_its_alerts(post: Post) -> None:
    digest = await alerted(post, kind=AdvisoryKind.AVIS)
    assert "ACT-2026-0001" in digest.message.text
    assert post.writes("prévu le 12/12 ACT-2026-0001", to=digest) is MailOutcome.ANSWERED
    assert post.answers("ALR-2026-0001") == [AnswerKind.PLANNED]
    assert post.writes("oui act-2026-0001", to=digest) is MailOutcome.ANSWERED
    assert post.answers("ALR-2026-0001") == [AnswerKind.PLANNED, AnswerKind.FIXED]


async def test_in_reply_to_a_digest_the_alert_is_named(post: Post) -> None:
    digest = await alerted(post, kind=AdvisoryKind.AVIS)
    assert digest.kind == "digest"
    assert post.writes("Corrigé alr-2026-0001, hier soir", to=digest) is MailOutcome.ANSWERED
    assert post.answers("ALR-2026-0001") == [AnswerKind.FIXED]


async def test_a_second_copy_of_a_mail_changes_nothing(post: Post) -> None:
    alert = await alerted(post)
    raw = post.mail("corrigé", to=alert)
    assert [post.take(raw), post.take(raw)] == [MailOutcome.ANSWERED, MailOutcome.HEARD]
    assert post.answers(alert.subject) == [AnswerKind.FIXED]


async def test_an_answering_machine_that_does_not_say_so_ends_no_loop(post: Post) -> None:
    alert = await alerted(post)
    vacation = "Merci de votre message, je reviens lundi."
    assert post.writes(vacation, to=alert) is MailOutcome.ANSWERED
    assert post.writes(vacation, to=alert) is MailOutcome.SILENT
    reply = post.send_due()[0]
    assert reply.kind == "reply"
    assert post.writes(vacation, to=reply) is MailOutcome.SILENT
    assert post.answers(alert.subject) == []


async def test_an_answer_can_be_corrected_in_reply_to_its_confirmation(post: Post) -> None:
    alert = await alerted(post)
    post.writes("corrigé", to=alert)
    confirmation = post.send_due()[0]
    assert confirmation.kind == "reply"
    assert post.writes("pas concerné : retiré", to=confirmation) is MailOutcome.ANSWERED
    assert post.answers(alert.subject) == [AnswerKind.FIXED, AnswerKind.NOT_CONCERNED]


async def test_the_whole_thread_below_an_answer_says_nothing(post: Post) -> None:
    alert = await alerted(post)
    thread = "\n".join(f"> {line}" for line in alert.message.text.splitlines())
    text = f"pas concerné : retiré\n\n-- \nLa garde\n\nLe 2 mars 2026, Tocsin a écrit :\n{thread}\n"
    assert post.writes(text, to=alert) is MailOutcome.ANSWERED
    assert post.answers(alert.subject) == [AnswerKind.NOT_CONCERNED]


async def test_an_absence_message_is_noted_and_answers_nothing(post: Post) -> None:
    alert = await alerted(post)
    before = len(post.town.deliveries())
    raw = post.mail("corrigé", to=alert).replace(b"\n\n", b"\nAuto-Submitted: auto-replied\n\n", 1)
    assert post.take(raw) is MailOutcome.IGNORED
    assert post.answers(alert.subject) == []
    assert len(post.town.deliveries()) == before


async def test_a_missing_version_is_given_by_mail(post: Post) -> None:
    alert = await alerted(post, versions="")
    assert post.writes("fw-02 7.2.12", to=alert) is MailOutcome.ANSWERED
    lines = post.town.application.database.call(_lines, alert.facility_id or 0)
    assert lines["fw-02"] == "7.2.12"


def _lines(session: Session, facility_id: int) -> dict[str, str]:
    known = inventory.current(session, facility_id)
    return {line.name: line.version for line in known.values()}


async def test_our_own_mail_and_unsolicited_ones_are_left_alone(post: Post) -> None:
    alert = await alerted(post)
    before = len(post.town.deliveries())
    assert post.writes("corrigé", to=alert, sender=TOCSIN) is MailOutcome.IGNORED
    stranger = "vente@ailleurs.example"
    assert post.writes("Une offre !", to=None, sender=stranger) is MailOutcome.IGNORED
    assert len(post.town.deliveries()) == before


async def test_a_late_mail_and_a_forged_return_change_nothing(post: Post) -> None:
    alert = await alerted(post)
    late = NOTIFICATION.format(number=1, action="delayed", status="4.4.1", returned=alert.receipt)
    assert post.take(late.encode()) is MailOutcome.LATE
    forged = f"<{alert.key}.{'a' * 20}@sante.example>"
    failed = NOTIFICATION.format(number=2, action="failed", status="5.1.1", returned=forged)
    assert post.take(failed.encode()) is MailOutcome.IGNORED
    assert post.town.application.database.call(mails.bad_addresses) == {}
    assert post.town.deliveries()[0].state is DeliveryState.DELIVERED


async def test_an_address_is_bad_until_somebody_writes_from_it(post: Post) -> None:
    alert = await alerted(post)
    failed = NOTIFICATION.format(number=1, action="failed", status="5.2.2", returned=alert.receipt)
    assert post.take(failed.encode()) is MailOutcome.BOUNCE
    bad = post.town.application.database.call(mails.bad_addresses)
    assert bad[Address.mailbox(GUARD)].bounces == 1
    (dead,) = post.town.application.database.call(outbox.listed, states=[DeliveryState.DEAD])
    assert dead.reason == "bounced 5.2.2"
    post.writes("corrigé", to=alert)
    assert post.town.application.database.call(mails.bad_addresses) == {}
