"""The file of sources: what it may say, and what it is told when it says something else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeds.advisory import Tlp
from feeds.config import SourceConfigError, SourceFile
from feeds.http import Access
from feeds.registry import (
    KINDS,
    SIGNALS,
    make_signals,
    make_source,
    read_signals,
    read_sources,
)

ROOT = Path(__file__).resolve().parent.parent.parent
SHIPPED = SourceFile("sources.toml", (ROOT / "config" / "sources.toml").read_text())
PROXIED = Access(proxy="http://proxy.example:3128", ca_file="/etc/ca.pem")


def own(text: str) -> SourceFile:
    """A file of the operator's own."""
    return SourceFile("own.toml", text)


def test_the_shipped_sources() -> None:
    sources = {config.name: config for config in read_sources([SHIPPED], access=PROXIED)}
    assert list(sources) == ["certfr", "certsante", "cisa-medical"]
    assert sources["certfr"].every == timedelta(minutes=15)
    assert sources["certfr"].tlp is Tlp.CLEAR
    assert sources["certfr"].access.proxy == "http://proxy.example:3128"
    assert sources["cisa-medical"].only == "icsma-"
    assert [config.kind for config in read_signals([SHIPPED], access=PROXIED)] == ["kev", "epss"]


def test_each_kind_makes_a_source_of_its_name() -> None:
    for kind in KINDS:
        text = f'[[source]]\nname = "s"\nkind = "{kind}"\nurl = "https://publisher.example"'
        [config] = read_sources([own(text)], access=Access())
        assert make_source(config, lambda: datetime.now(UTC)).name == "s"
    for kind in SIGNALS:
        text = f'[[signal]]\nname = "s"\nkind = "{kind}"\nurl = "https://publisher.example"'
        [config] = read_signals([own(text)], access=Access())
        assert make_signals(config, lambda: datetime.now(UTC)).name == "s"


def test_every_kind_and_key_is_documented() -> None:
    head = SHIPPED.text.partition("[[source]]\nname")[0]
    assert all(kind in head for kind in [*KINDS, *SIGNALS])


def test_a_file_of_ones_own_changes_the_keys_it_gives() -> None:
    mine = own(
        '[[source]]\nname = "certsante"\nenabled = false\n'
        '[[source]]\nname = "mine"\nkind = "taxii"\nurl = "https://taxii.hopital.example/taxii2/"\n'
        'allowed_networks = ["10.1.0.0/16"]\nproxy = ""\nmax_document_mib = 8\n'
        "timeout_seconds = 20\nmax_requests = 5\n"
    )
    sources = {config.name: config for config in read_sources([SHIPPED, mine], access=PROXIED)}
    assert not sources["certsante"].enabled
    assert sources["certsante"].kind == "certsante"
    access = sources["mine"].access
    assert access.proxy == ""
    assert access.ca_file == "/etc/ca.pem"
    assert access.limits.document_bytes == 8 * 1024 * 1024
    assert access.limits.total == timedelta(seconds=20)
    assert access.limits.requests == 5
    assert sources["mine"].tlp is Tlp.AMBER


def test_a_secret_may_be_in_a_file_and_is_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("jeton-secret\n")
    text = f'[[source]]\nname = "s"\nkind = "taxii"\nurl = "u"\ntoken_file = "{secret}"'
    [config] = read_sources([own(text)], access=Access())
    assert config.access.credentials.token == "jeton-secret"
    assert "jeton-secret" not in repr(config)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[source]", "own.toml: "),
        ("[sources]\nx = 1", "own.toml: unknown table 'sources': [[source]] or [[signal]]"),
        ('[[source]]\nkind = "rss"', "own.toml: source 1: give it a name"),
        (
            '[[source]]\nname = "s"\nurll = "x"',
            "own.toml: source 1 (s): unknown key 'urll'; did you mean 'url'?",
        ),
        (
            '[[source]]\nname = "s"\nevery_minutes = "15"',
            "own.toml: source 1 (s): every_minutes must be a whole number",
        ),
        (
            '[[source]]\nname = "s"\nevery_minutes = true',
            "own.toml: source 1 (s): every_minutes must be a whole number",
        ),
        (
            '[[source]]\nname = "s"\nevery_minutes = 0',
            "own.toml: source 1 (s): every_minutes must be 1 or more",
        ),
        (
            '[[source]]\nname = "s"\ncollections = [1]',
            "own.toml: source 1 (s): collections must be a list of texts",
        ),
        (
            '[[source]]\nname = "s"\n[[source]]\nname = "s"',
            "own.toml: source 2 (s): another source has this name",
        ),
        ('[[source]]\nname = "s"\nkind = "misp"', "s: kind must be one of certfr, certsante"),
        ('[[source]]\nname = "s"\nkind = "rss"', "s: url is missing"),
        (
            '[[source]]\nname = "s"\nkind = "rss"\nurl = "u"\ntlp = "MAUVE"',
            "s: tlp must be one of CLEAR, GREEN, AMBER, AMBER+STRICT, RED",
        ),
        (
            '[[source]]\nname = "s"\nkind = "rss"\nurl = "u"\nallowed_networks = ["10.1/99"]',
            "s: allowed_networks: ",
        ),
        (
            '[[source]]\nname = "s"\nkind = "rss"\nurl = "u"\npassword_file = "/absent"',
            "s: password_file /absent: No such file or directory",
        ),
    ],
)
def test_what_cannot_be_used_says_where_and_why(text: str, message: str) -> None:
    with pytest.raises(SourceConfigError) as caught:
        read_sources([own(text)], access=Access())
    assert message in str(caught.value)
