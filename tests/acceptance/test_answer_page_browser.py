"""The page of answers in a real browser: by keyboard, without script, on a telephone."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from bot.domain.alert import AnswerKind
from tests.acceptance.links import Linked, linked_town
from tests.servers.browser import running_browser

TELEPHONE, DESK = (390, 844), (1280, 900)
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
LEAST_TARGET = 44  # CSS pixels; WCAG 2.2, 2.5.5
CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (color) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b]
    .map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = rgb(getComputedStyle(each).backgroundColor);
      if (color[3] > 0) return color;
    }
    return [255, 255, 255, 255];
  };
  return [...document.querySelectorAll('main *')].filter((e) => e.innerText?.trim()).map((e) => {
    const pair = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((a, b) => b - a);
    return [e.tagName, (pair[0] + 0.05) / (pair[1] + 0.05)];
  });
}"""


@pytest.fixture
async def linked(tmp_path: Path) -> AsyncIterator[Linked]:
    async with linked_town(tmp_path) as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as made:
        yield made


async def opened(
    browser: Browser, url: str, size: tuple[int, int], *, dark: bool = False
) -> tuple[Page, list[str]]:
    """The page without scripts, and what went wrong or was asked for elsewhere."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        java_script_enabled=True,
        color_scheme="dark" if dark else "light",
    )
    page = await context.new_page()
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("request", lambda request: heard.append(request.url) if request.url != url else None)
    answer = await page.goto(url)
    assert answer is not None
    assert answer.status == 200
    return page, heard


async def photographed(page: Page, name: str) -> None:
    """Keep a picture where ``TOCSIN_SCREENSHOTS`` says, for somebody to look at."""
    if folder := os.environ.get("TOCSIN_SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def test_somebody_answers_by_keyboard_and_a_reload_answers_nothing_more(
    linked: Linked, browser: Browser
) -> None:
    delivery = await linked.told()
    page, heard = await opened(browser, linked.link(delivery), DESK)
    await photographed(page, "answer-desk")
    await page.get_by_label("Jour prévu").focus()
    await page.get_by_label("Jour prévu").fill("2026-03-20")
    await page.keyboard.press("Tab")
    await page.get_by_role("button", name="Planifier").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Réponse enregistrée")
    await photographed(page, "answered-desk")
    assert "20/03/2026" in await page.inner_text("main")
    await page.reload()
    assert await page.get_by_role("button").count() == 0
    (given,) = linked.answers(delivery.subject)
    assert (given.kind, str(given.due)) == (AnswerKind.PLANNED, "2026-03-20")
    assert [each for each in heard if not each.startswith(linked.base)] == []
    assert await page.context.cookies() == []


async def test_the_enter_key_in_a_reason_gives_that_answer_and_no_other(
    linked: Linked, browser: Browser
) -> None:
    delivery = await linked.told()
    page, _ = await opened(browser, linked.link(delivery), DESK)
    reason = page.get_by_label("Pourquoi, sans nom de machine")
    await reason.press("Enter")  # empty: the browser asks for it
    assert linked.answers(delivery.subject) == []
    await reason.fill("retiré en octobre")
    await reason.press("Enter")
    await page.wait_for_selector("text=Réponse enregistrée")
    (given,) = linked.answers(delivery.subject)
    assert given.kind is AnswerKind.NOT_CONCERNED
    assert given.note.startswith("retiré en octobre")


async def test_it_answers_without_scripts(linked: Linked, browser: Browser) -> None:
    delivery = await linked.told()
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(linked.link(delivery))
    await page.click("button >> nth=0")
    assert "Réponse enregistrée" in await page.content()
    assert [given.kind for given in linked.answers(delivery.subject)] == [AnswerKind.TAKEN]


@pytest.mark.parametrize("dark", [False, True])
async def test_it_is_read_and_touched_on_a_telephone(
    linked: Linked, browser: Browser, dark: bool
) -> None:
    delivery = await linked.told()
    page, _ = await opened(browser, linked.link(delivery), TELEPHONE, dark=dark)
    await photographed(page, f"answer-telephone{'-dark' if dark else ''}")
    assert await page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE[0]
    low = [each for each in await page.evaluate(CONTRASTS) if each[1] < LEAST_CONTRAST]
    assert low == []
    for button in await page.get_by_role("button").all():
        box = await button.bounding_box()
        assert box is not None
        assert box["height"] >= LEAST_TARGET
    assert await page.get_attribute("html", "lang") == "fr"
    for field in await page.locator("input:not([type=hidden])").all():
        assert await page.locator(f"label[for={await field.get_attribute('id')}]").count() == 1


async def test_its_styles_apply_under_its_own_policy_and_it_prints(
    linked: Linked, browser: Browser
) -> None:
    delivery = await linked.told()
    page, heard = await opened(browser, linked.link(delivery), DESK)
    assert not [each for each in heard if "Content Security Policy" in each]
    await page.emulate_media(media="print")
    await photographed(page, "answer-print")
    assert await page.locator("button:visible").count() == 0
    pdf = await page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


async def test_a_part_is_chosen_without_scripts(linked: Linked, browser: Browser) -> None:
    linked.has_biomedical("echo-01")
    delivery = await linked.told()
    context = await browser.new_context(
        java_script_enabled=False, viewport={"width": TELEPHONE[0], "height": TELEPHONE[1]}
    )
    page = await context.new_page()
    await page.goto(linked.link(delivery))
    await page.click("text=équipements biomédicaux")
    await photographed(page, "parts-telephone")
    await page.click("button >> nth=0")
    assert "Déjà répondu par ce lien" in await page.content()
    await photographed(page, "parts-answered-telephone")
    assert [each.category.name for each in linked.answers(delivery.subject)] == ["BIOMEDICAL"]


async def test_other_pages_look_like_it(linked: Linked, browser: Browser) -> None:
    page = await (await browser.new_context()).new_page()
    await page.goto(f"{linked.base}/r/x")
    await photographed(page, "unknown-desk")
    assert (
        await page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") != "none"
    )
