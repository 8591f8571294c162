"""Every host that a configured Tocsin talks to: what a firewall has to let through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.app.application import Application
from bot.settings import Settings

PORTS = {"https": 443, "http": 80, "wss": 443, "postgresql": 5432}
# where Socket Mode is sent by Slack's answer; the name before it changes
SLACK_SOCKETS = "*.slack.com"


@dataclass(frozen=True, slots=True)
class Peer:
    """One host to reach. ``via`` is the proxy it is reached through; empty: directly."""

    host: str
    port: int
    used_for: str
    via: str = ""


def peers_of(application: Application) -> list[Peer]:
    """The hosts, by what they are used for; never a path, a user or a password.

    A publisher may redirect to another host: that one then has to be let through too.

    Raises:
        ConfigurationError: the file of sources cannot be read.
    """
    settings = application.settings
    return [*_sources(application), *_chats(settings), *_mail(settings), *_database(settings)]


def _sources(application: Application) -> Iterator[Peer]:
    for config in application.source_configs() + application.signal_configs():
        if config.enabled and urlsplit(config.url).scheme in PORTS:
            yield _peer(config.url, f"source {config.name}", config.access.proxy)


def _chats(settings: Settings) -> Iterator[Peer]:
    proxy = settings.network.proxy
    if settings.matrix.homeserver:
        yield _peer(settings.matrix.homeserver, "matrix", proxy)
    if settings.slack.bot_token.get_secret_value():
        yield _peer(settings.slack.api_url, "slack", proxy)
        if settings.slack.mode == "socket":
            yield _peer(f"wss://{SLACK_SOCKETS}", "slack socket mode", proxy)


def _mail(settings: Settings) -> Iterator[Peer]:
    if settings.email.host:
        yield Peer(settings.email.host, settings.email.port, "mail relay")
    if settings.mailbox.host:
        yield Peer(settings.mailbox.host, settings.mailbox.port, "mailbox of replies")


def _database(settings: Settings) -> Iterator[Peer]:
    if not settings.url.startswith("sqlite"):
        yield _peer(settings.url, "database", "")


def _peer(url: str, used_for: str, proxy: str) -> Peer:
    parts = urlsplit(url)
    scheme = parts.scheme.partition("+")[0]
    port = parts.port or PORTS[scheme]
    return Peer(parts.hostname or "localhost", port, used_for, _host_and_port(proxy))


def _host_and_port(proxy: str) -> str:
    """The proxy without its user and password."""
    return urlsplit(proxy).netloc.rpartition("@")[2]
