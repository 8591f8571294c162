"""Puts the parts together, as the settings say. Nothing is built before it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from rich.console import Console

from bot.channels.base import Channel
from bot.channels.console import ConsoleChannel
from bot.channels.email import EmailChannel, EmailOptions, EmailSecurity
from bot.domain.clock import Clock, system_clock
from bot.domain.delivery import RetryPolicy
from bot.domain.digest import Schedule
from bot.domain.matching import Matcher
from bot.domain.message import ChannelName
from bot.pipeline.digest import write_digests
from bot.pipeline.dispatch import Dispatcher, Progress
from bot.pipeline.initial import write_initial_states
from bot.pipeline.match import MatchEngine, MatchReport
from bot.render import Renderer
from bot.resources import config_folder
from bot.settings import ConfigurationError, Settings
from bot.store import Database
from feeds.advisory import Tlp
from feeds.products import Catalogue, load_builtin
from feeds.source import Source


@dataclass
class Application:
    """One configured Tocsin. ``clock`` is the only source of time."""

    settings: Settings
    clock: Clock = system_clock

    @cached_property
    def database(self) -> Database:
        """The database of the settings; its tables are not checked here."""
        return Database(self.settings.url)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The shipped product names; what bulletins name is learned while matching."""
        text = (config_folder() / "products.toml").read_text("utf-8")
        return Catalogue(load_builtin(text))

    @cached_property
    def matcher(self) -> Matcher:
        """What judges one product against one bulletin."""
        return Matcher(self.catalogue)

    @cached_property
    def renderer(self) -> Renderer:
        """The templates, checked for unknown variables when a message is rendered."""
        return Renderer(clock=self.clock)

    @property
    def floor(self) -> Tlp:
        """The least marking of a message that names machines."""
        return Tlp.read(self.settings.marking_floor)

    def sources(self, names: Sequence[str]) -> list[Source]:
        """The sources of these names, or every enabled one.

        Raises:
            ConfigurationError: a name is not that of a source.
        """
        if names:
            raise ConfigurationError(f"no source named {names[0]}")
        return []

    def engine(self) -> MatchEngine:
        """What judges bulletins and products; keep one, it holds the index in memory."""
        return MatchEngine(
            self.database, self.catalogue, self.renderer, clock=self.clock, floor=self.floor
        )

    async def match(self, progress: Progress = lambda _: None) -> MatchReport:
        """Judge everything that waits; see :class:`MatchEngine`."""
        return await self.engine().run(progress)

    async def write_periodic(self) -> int:
        """Write what is due by the clock: initial states, then digests."""
        now = self.clock()
        digest = self.settings.digest
        initial = await self.database.run(
            write_initial_states, self.renderer, now=now, floor=self.floor
        )
        schedule = Schedule(digest.hour, digest.weekday)
        return initial + await self.database.run(
            write_digests, self.renderer, schedule, now=now, floor=self.floor
        )

    async def channels(self, console: Console) -> dict[ChannelName, Channel]:
        """The channels that are configured; ``console`` is always one."""
        found: dict[ChannelName, Channel] = {
            ChannelName.CONSOLE: ConsoleChannel(console, clock=self.clock)
        }
        if self.settings.email.host:
            found[ChannelName.EMAIL] = EmailChannel(self._email_options(), clock=self.clock)
        return found

    def dispatcher(self, channels: dict[ChannelName, Channel]) -> Dispatcher:
        """What sends the outbox through ``channels``."""
        delivery = self.settings.delivery
        return Dispatcher(
            self.database,
            channels,
            clock=self.clock,
            policy=RetryPolicy(
                first=timedelta(seconds=delivery.first_retry_seconds),
                longest=timedelta(seconds=delivery.longest_retry_seconds),
                give_up=timedelta(days=delivery.give_up_days),
            ),
        )

    def _email_options(self) -> EmailOptions:
        email = self.settings.email
        return EmailOptions(
            host=email.host,
            port=email.port,
            sender=email.sender,
            security=EmailSecurity(email.security),
            username=email.username,
            password=email.password.get_secret_value(),
            ca_file=self.settings.network.ca_file,
            domain=email.domain,
            reply_to=email.reply_to,
            unsubscribe=email.unsubscribe,
            connections=email.connections,
        )
