"""The link of a mail, over raw HTTP: opening acts on nothing, one press answers once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.alert import AnswerKind
from bot.domain.answer_link import FORM_LIFE, form_token, opened, token
from bot.domain.delivery import Address
from bot.domain.people import Role
from bot.store import Session, audit, people
from bot.web.answer_pages import OFTEN
from feeds.advisory import Pap, Tlp
from tests.acceptance.links import HOSPITAL, MACHINE, MAILBOX, Linked, linked_town


@pytest.fixture
async def linked(tmp_path: Path) -> AsyncIterator[Linked]:
    async with linked_town(tmp_path) as made:
        yield made


async def test_opening_records_nothing_however_often(linked: Linked) -> None:
    delivery = await linked.told()
    url = linked.link(delivery)
    pages = await asyncio.gather(*(linked.get(url) for _ in range(20)))
    head = await linked.get(url, method="HEAD")
    assert {page.status for page in pages} == {200}
    assert (head.status, head.text) == (200, "")
    assert linked.answers(delivery.subject) == []


async def test_a_press_answers_by_the_link_and_in_nobodys_name(linked: Linked) -> None:
    delivery = await linked.told()
    page = await linked.press(linked.link(delivery), "fixed")
    (given,) = linked.answers(delivery.subject)
    assert (given.kind, given.person, given.person_id) == (AnswerKind.FIXED, MAILBOX, None)
    assert f"répondu par le lien envoyé à {MAILBOX}" in given.note
    entries = linked.town.application.database.call(audit.latest)
    (entry,) = [each for each in entries if each.action == "answer.fixed"]
    assert entry.actor == f"link:{MAILBOX}"
    assert page.status == 200
    assert "sans nom de personne" in page.text
    opened = await linked.get(linked.link(await linked.told(number=2)))
    assert "Un lien ne prouve pas qui appuie" in opened.text
    assert "Réponse enregistrée" in page.text
    assert "Corrigé" in page.text
    assert MAILBOX in page.text


async def test_a_link_answers_once_and_then_says_what_was_recorded(linked: Linked) -> None:
    delivery = await linked.told()
    url = linked.link(delivery)
    form = form_token(linked.town.application.link_secret, delivery.key, now=linked.town.clock())
    pages = await asyncio.gather(*(linked.press(url, "taken", form=form) for _ in range(5)))
    assert [answer.kind for answer in linked.answers(delivery.subject)] == [AnswerKind.TAKEN]
    later = await linked.press(url, "fixed", form=form)
    for page in (*pages, later, await linked.get(url)):
        assert page.status == 200
        assert "Je m&#39;en occupe" in page.text
        assert "02/03/2026" in page.text
        assert "<form" not in page.text
    assert len(linked.answers(delivery.subject)) == 1


async def test_the_page_says_nothing_that_anybody_may_not_read(linked: Linked) -> None:
    delivery = await linked.told()
    assert MACHINE in delivery.message.text
    page = await linked.get(linked.link(delivery))
    assert "Vulnérabilité dans &lt;FortiOS&gt;" in page.text
    for secret in (MACHINE, HOSPITAL, "RSSI de garde", linked.hospital.finess, "7.2.8"):
        assert secret not in page.text


@pytest.mark.parametrize(("tlp", "pap"), [(Tlp.AMBER, None), (Tlp.CLEAR, Pap.AMBER)])
async def test_a_protected_bulletin_is_not_named(linked: Linked, tlp: Tlp, pap: Pap | None) -> None:
    delivery = await linked.told(tlp=tlp, pap=pap)
    page = await linked.get(linked.link(delivery))
    assert "FortiOS" not in page.text
    assert "CERTFR" not in page.text
    assert "protégé" in page.text
    await linked.press(linked.link(delivery), "fixed")
    assert len(linked.answers(delivery.subject)) == 1


async def test_a_day_and_a_reason_are_asked_where_they_are_needed(linked: Linked) -> None:
    delivery = await linked.told()
    url = linked.link(delivery)
    for day in ("", "31/02", "2026-02-31"):
        page = await linked.press(url, "planned", day=day)
        assert page.status == 422
        assert "indiquez le jour" in page.text
    past = await linked.press(url, "planned", day="2020-01-01")
    assert past.status == 422
    assert "Rien n'a été enregistré" in past.text
    assert (await linked.press(url, "not_concerned", note="  ")).status == 422
    assert linked.answers(delivery.subject) == []
    assert (await linked.press(url, "planned", day="2026-03-20")).status == 200
    (given,) = linked.answers(delivery.subject)
    assert str(given.due) == "2026-03-20"


async def test_a_form_that_we_did_not_show_is_not_taken(linked: Linked) -> None:
    delivery = await linked.told()
    url, now = linked.link(delivery), linked.town.clock()
    secret = linked.town.application.link_secret
    other = form_token(secret, "0" * 64, now=now)
    old = form_token(secret, delivery.key, now=now - FORM_LIFE - timedelta(seconds=1))
    good = form_token(secret, delivery.key, now=now)
    for form in ("", "x", "1.é", other, old, good + "0", f"９{good}"):
        page = await linked.press(url, "fixed", form=form)
        assert page.status == 422, form
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert (await linked.press(url, "fixed", form=good, headers=elsewhere)).status == 422
    json = {"Content-Type": "application/json"}
    assert (await linked.press(url, "fixed", form=good, headers=json)).status == 422
    assert linked.answers(delivery.subject) == []


async def test_an_answer_that_is_not_offered_is_not_taken(linked: Linked) -> None:
    delivery = await linked.told()
    for answer in ("read", "FIXED", "", "fixed server"):
        await linked.press(linked.link(delivery), answer)
    assert linked.answers(delivery.subject) == []


async def test_what_is_wrong_with_a_wrong_link_is_not_said(linked: Linked) -> None:
    delivery = await linked.told()
    url = linked.link(delivery)
    secret = linked.town.application.link_secret
    base, _, good = url.rpartition("/")
    flipped = good[:-1] + ("A" if good[-1] != "A" else "B")
    wrong = [
        flipped,
        good[:-1],
        good + "A",
        "x",
        token(secret, "0" * 64),
        token(b"y", delivery.key),
    ]
    pages = [await linked.get(f"{base}/{each}") for each in wrong]
    assert {(page.status, page.text) for page in pages} == {(404, pages[0].text)}
    posted = [await linked.press(f"{base}/{each}", "fixed", form="x") for each in wrong]
    assert {(page.status, page.text) for page in posted} == {(404, pages[0].text)}
    assert linked.answers(delivery.subject) == []


async def test_an_old_link_says_so_and_does_nothing(linked: Linked) -> None:
    delivery = await linked.told()
    linked.town.clock.now += timedelta(days=linked.town.application.settings.web.link_days)
    form = form_token(linked.town.application.link_secret, delivery.key, now=linked.town.clock())
    page = await linked.press(linked.link(delivery), "fixed", form=form)
    assert page.status == 410
    assert "n'est plus valable" in page.text
    assert linked.answers(delivery.subject) == []


async def test_links_end_with_the_wish_for_links_and_with_the_role(linked: Linked) -> None:
    delivery = await linked.told()
    linked.subscribe(links=False)
    assert (await linked.press(linked.link(delivery), "fixed")).status == 410
    linked.subscribe()

    def leave(session: Session) -> None:
        heir = people.add(session, "Autre", "autre@ch-exemple.example", now=linked.town.clock())
        people.grant(session, heir.id, Role.ARS, authority="ars-bretagne")
        people.link(session, heir.id, Address.mailbox(MAILBOX), now=linked.town.clock())

    linked.town.application.database.call(leave)
    page = await linked.press(linked.link(delivery), "fixed")
    assert page.status == 403
    assert linked.answers(delivery.subject) == []


async def test_who_does_not_want_links_gets_none(linked: Linked) -> None:
    linked.subscribe(links=False)
    delivery = await linked.told()
    assert delivery.message.link == ""
    assert "/r/" not in delivery.message.text + delivery.message.html


async def test_a_notice_has_no_link_and_a_reduced_message_takes_one_answer(linked: Linked) -> None:
    linked.subscribe(ceiling=Tlp.CLEAR)
    notice = await linked.told()
    assert notice.message.link == ""
    linked.subscribe(ceiling=Tlp.GREEN)
    reduced = await linked.told(number=2)
    page = await linked.get(linked.link(reduced))
    assert page.text.count("<form") == 1


async def test_a_team_answers_for_its_part_and_the_link_serves_the_others(linked: Linked) -> None:
    linked.has_biomedical("echo-01")
    delivery = await linked.told()
    url = linked.link(delivery)
    page = await linked.get(url)
    assert "?lot=server" in page.text
    assert "?lot=biomedical" in page.text
    chosen = await linked.get(f"{url}?lot=biomedical")
    assert 'name="lot" value="biomedical"' in chosen.text
    page = await linked.press(url, "fixed", lot="biomedical")
    given = linked.answers(delivery.subject)
    assert [(each.kind, each.category.name) for each in given] == [(AnswerKind.FIXED, "BIOMEDICAL")]
    assert "<form" in page.text
    assert "Déjà répondu par ce lien" in page.text
    await linked.press(url, "taken", lot="biomedical")  # a second press on the same form
    assert len(linked.answers(delivery.subject)) == 1
    again = await linked.press(url, "taken")
    given = linked.answers(delivery.subject)
    assert {(each.kind, each.category.name) for each in given} == {
        (AnswerKind.FIXED, "BIOMEDICAL"),
        (AnswerKind.TAKEN, "SERVER"),
    }
    assert "Réponse enregistrée" in again.text
    await linked.press(url, "fixed")
    assert len(linked.answers(delivery.subject)) == 2


async def test_the_outbox_holds_no_token(linked: Linked) -> None:
    delivery = await linked.told()
    good = linked.link(delivery).rpartition("/")[2]
    assert opened(linked.town.application.link_secret, good) == delivery.key
    assert good not in str(delivery.message)


async def test_too_many_requests_are_turned_away_without_harm_to_others(linked: Linked) -> None:
    first, second = await linked.told(), await linked.told(number=2)
    url = linked.link(first)
    statuses = [(await linked.get(url)).status for _ in range(OFTEN + 2)]
    assert statuses == [200] * OFTEN + [429, 429]
    wrong = [(await linked.get(f"{linked.base}/r/x")).status for _ in range(OFTEN + 1)]
    assert wrong[-1] == 429
    assert (await linked.get(linked.link(second))).status == 200
    linked.town.clock.now += timedelta(minutes=1)
    assert (await linked.get(url)).status == 200


async def test_nothing_is_loaded_kept_framed_or_passed_on(linked: Linked) -> None:
    page = await linked.get(linked.link(await linked.told()))
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in page.headers
    for loaded in ("<script", "src=", "<link", "@import", "url(", "http://", "https://"):
        assert loaded not in page.text


async def test_the_page_speaks_the_language_of_the_destination(linked: Linked) -> None:
    linked.subscribe(language="en")
    page = await linked.get(linked.link(await linked.told()))
    assert '<html lang="en">' in page.text
    assert "Your answer" in page.text
