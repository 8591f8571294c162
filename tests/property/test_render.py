"""Hostile text stays text, limits hold, and machines are named only where they may be."""

from __future__ import annotations

import dataclasses
import html.parser
import json
import unicodedata
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.channels.matrix.channel import MAX_EVENT, event_content, event_size
from bot.channels.slack.limits import message_faults
from bot.domain.alert import AlertView, AssetLine, Why
from bot.domain.decision import OpenQuestion
from bot.domain.facility import AssetCategory
from bot.domain.message import ChannelName, Message
from bot.domain.scope import Change
from bot.domain.views import CampaignView, OfferedAnswer, TimelineEntry
from bot.render import Renderer, samples
from bot.render.foreign import one_line, safe_slack, web_address
from bot.render.limits import cut, json_bytes
from bot.render.markdown import cut_markdown, paragraphs, to_html, to_slack
from feeds.advisory import Reference, Tlp

RENDERER = Renderer(clock=lambda: samples.NOW)
ALLOWED = {
    "h3", "p", "br", "strong", "em", "code", "ul", "ol", "li", "div", "html", "head", "meta",
    "title", "style", "body", "blockquote", "pre", "hr", "h1", "h2", "h4", "h5", "h6",
}  # fmt: skip
ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<!channel> <!here> <@U123> <#C1> <!subteam^S1>",
    "@channel @here @everyone @room @ROOMS @**room** @\\room @&#114;oom",
    "<https://evil.example|cliquez>",
    "https://evil.example/a www.evil.example evil.example/a",
    "Objet\r\nBcc: victime@example.org",
    "\u202ecod.exe\u200b\u2066 \x00\x1b[31m",
    "*gras* _italique_ ~barré~ `code` :fire: > cité",
    "[texte](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "{{ alert.finess }} {% raw %}",
    '{"type": "section"}\n{"type": "divider"}',
    "\ud800 lone surrogate",
    "&lt;!channel&gt; &amp;",
    'class="todo" style="x"',
]
hostile = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(max_size=120),
    st.lists(st.sampled_from([*ATTACKS, " ", "\n", "a"]), max_size=6).map("".join),
)
long_text = st.builds(lambda text, times: text * times, hostile, st.sampled_from([1, 20, 200]))
channels = st.sampled_from(ChannelName)
small = st.integers(0, 3)
tlps = st.sampled_from(Tlp)
FAST = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def line(text: str, version: str) -> AssetLine:
    return AssetLine(text, text, version, AssetCategory.SERVER)


@st.composite
def alerts(draw: st.DrawFn, texts: st.SearchStrategy[str] = hostile) -> AlertView:
    lines = st.lists(st.builds(line, texts, texts), max_size=3).map(lambda few: tuple(few) * 9)
    return dataclasses.replace(
        draw(st.sampled_from(samples.ALERTS)),
        title=draw(texts),
        product=draw(texts),
        facility=draw(texts),
        advisory=draw(texts),
        summary=draw(texts),
        target=draw(texts),
        url=draw(texts),
        change=Change(draw(small), draw(small), former_target=draw(texts)),
        affected=draw(lines),
        to_check=draw(lines),
        why=(Why("x", draw(texts)),),
        advice=(draw(texts),) * 3,
        risks=(draw(texts),),
        cves=(draw(texts),),
        references=(Reference(draw(texts), draw(texts)),),
        tlp=draw(tlps),
        language=draw(st.sampled_from(["fr", "en"])),
    )


class Tags(html.parser.HTMLParser):
    """Collects what a browser would see of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words += data


def seen(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


def texts_of(block: Any) -> list[tuple[str, str]]:
    """Every text object of a block: its type and its text."""
    if isinstance(block, dict):
        own = [(block["type"], block["text"])] if isinstance(block.get("text"), str) else []
        return own + [found for value in block.values() for found in texts_of(value)]
    if isinstance(block, list | tuple):
        return [found for item in block for found in texts_of(item)]
    return []


def without_sanctioned_links(text: str) -> str:
    """mrkdwn without the addresses that Tocsin writes itself: a publisher's, in brackets."""
    while (start := text.find("<http")) >= 0:
        end = text.index(">", start)
        assert web_address(text[start + 1 : end].replace("&amp;", "&"))
        text = text[:start] + text[end + 1 :]
    return text


def check_harmless(message: Message, channel: ChannelName) -> None:
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Cf"} for c in message.subject)
    assert not {unicodedata.category(c) for c in message.text if c not in "\n\u2060"} & {
        "Cc",
        "Cs",
        "Cf",
    }
    for call in ("@room", "@channel", "@here", "@everyone"):
        assert call not in (message.text + message.html).lower()
    if message.html:
        page = seen(message.html)
        assert page.tags <= ALLOWED, page.tags - ALLOWED
        assert not {name for name in page.attributes if name.startswith("on")}
        assert not page.attributes & {"href", "src"}
    if channel is ChannelName.SLACK:
        for kind, text in texts_of(message.blocks):
            rest = without_sanctioned_links(text) if kind == "mrkdwn" else ""
            assert "<" not in rest
            assert ">" not in rest
        json.dumps(message.blocks)


@FAST
@given(view=alerts(), channel=channels, ceiling=tlps)
def test_hostile_words_never_become_markup_links_or_mentions(
    view: AlertView, channel: ChannelName, ceiling: Tlp
) -> None:
    check_harmless(RENDERER.alert(view, channel=channel, ceiling=ceiling), channel)


@FAST
@given(view=alerts(long_text), channel=channels)
def test_each_channels_limits_hold_whatever_is_written(
    view: AlertView, channel: ChannelName
) -> None:
    message = RENDERER.alert(view, channel=channel, ceiling=Tlp.RED)
    check_limits(message, channel)


def check_limits(message: Message, channel: ChannelName) -> None:
    assert len(message.subject) <= 180
    assert json_bytes(message.text, message.html) <= 300_000
    if channel is ChannelName.MATRIX:
        assert event_size(event_content(message, "k"), encrypted=True) <= MAX_EVENT
    if channel is ChannelName.SLACK:
        assert message_faults(message.text, message.blocks) == []


@FAST
@given(texts=st.lists(long_text, min_size=4, max_size=4), channel=channels, many=st.integers(0, 30))
def test_digests_and_incidents_are_harmless_and_fit(
    texts: list[str], channel: ChannelName, many: int
) -> None:
    decision = dataclasses.replace(samples.DECISIONS[1], title=texts[0], target=texts[1])
    question = OpenQuestion(texts[2], texts[3], many)
    digest = dataclasses.replace(
        samples.DIGEST,
        facility=texts[1],
        decisions=(decision,) * many,
        questions=(question,) * many,
    )
    entry = TimelineEntry(samples.NOW, texts[0], texts[1])
    incident = dataclasses.replace(
        samples.INCIDENT, summary=texts[2], declarant=texts[3], timeline=(entry,) * many
    )
    for message in (
        RENDERER.digest(digest, channel=channel, ceiling=Tlp.RED),
        RENDERER.incident(incident, channel=channel, ceiling=Tlp.RED),
    ):
        check_limits(message, channel)
        check_harmless(message, channel)


@FAST
@given(
    names=st.lists(st.from_regex(r"\Aposte-[a-z]{8}\Z"), min_size=1, max_size=5, unique=True),
    channel=channels,
    ceiling=tlps,
    bulletin=tlps,
    unsure=st.booleans(),
)
def test_nobody_reads_machine_names_under_an_amber_ceiling(
    names: list[str], channel: ChannelName, ceiling: Tlp, bulletin: Tlp, unsure: bool
) -> None:
    lines = tuple(line(name, "1.0") for name in names)
    view = dataclasses.replace(
        samples.ALERT,
        affected=() if unsure else lines,
        to_check=lines if unsure else (),
        tlp=bulletin,
    )
    message = RENDERER.alert(view, channel=channel, ceiling=ceiling)
    said = f"{message.subject} {message.text} {message.html} {message.blocks}"
    named = [name for name in names if name in said]
    assert message.marking <= ceiling
    if ceiling < Tlp.AMBER or bulletin > ceiling:
        assert not named
    else:
        assert named == names
    assert not [name for name in names if name in message.subject]


@FAST
@given(
    body=long_text,
    title=hostile,
    word=hostile,
    channel=channels,
)
@example(body="a&<b>" * 4000, title="t", word="FAIT", channel=ChannelName.MATRIX)
@example(body="é\n\n" * 9000, title="t", word="FAIT", channel=ChannelName.SLACK)
def test_a_campaigns_words_are_shortened_and_harmless(
    body: str, title: str, word: str, channel: ChannelName
) -> None:
    view = CampaignView(
        reference="CMP-2026-0003",
        authority=title,
        title=title,
        body=body,
        answers=(OfferedAnswer(word, word * 30, "CMP-2026-0003:read"),),
    )
    message = RENDERER.campaign(view, channel=channel, ceiling=Tlp.CLEAR)
    check_limits(message, channel)
    check_harmless(message, channel)


def test_a_shortened_campaign_says_so() -> None:
    view = dataclasses.replace(samples.CAMPAIGN, body="mot " * 5_000)
    for channel in ChannelName:
        message = RENDERER.campaign(view, channel=channel, ceiling=Tlp.CLEAR)
        prefix = "/" if channel is ChannelName.SLACK else "!"
        assert f"la suite\u00a0: `{prefix}campagne CMP-2026-0003`" in message.text


@given(text=hostile)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert one_line(one_line(text)) == one_line(text)


@given(text=hostile)
def test_slack_reads_no_control_sequence(text: str) -> None:
    safe = str(safe_slack(text))
    assert not set(safe) & set("<>*~`")
    assert safe.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").count("&") == 0


@given(source=hostile)
def test_markdown_gives_only_harmless_tags(source: str) -> None:
    assert seen(to_html(source)).tags <= ALLOWED
    assert "<" not in to_slack(source)


@given(text=st.text(max_size=300), limit=st.integers(0, 200))
def test_a_cut_text_fits(text: str, limit: int) -> None:
    assert len(cut(text, limit, "… suite")) <= max(limit, 0)


@given(source=st.text(max_size=300), limit=st.integers(1, 100))
def test_a_cut_markdown_is_a_beginning(source: str, limit: int) -> None:
    kept = cut_markdown(source, limit)
    assert len(kept) <= max(limit, 0) or kept == source
    assert source.startswith(kept)


@given(text=st.text(alphabet="ab\n ", max_size=300), limit=st.integers(1, 50))
def test_paragraphs_lose_nothing(text: str, limit: int) -> None:
    assert "\n\n".join(paragraphs(text, limit)) == text


@given(text=hostile)
def test_an_address_shown_is_a_plain_web_address(text: str) -> None:
    shown = web_address(text)
    assert shown in {"", text}
    assert not set(shown) & set("<>\"'`|\\ @\n")
