"""Puts the parts together, as the settings say. Nothing is built before it is needed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache

from bot.channels.base import Channel
from bot.domain.authority import WorkingHours
from bot.domain.clock import Clock, system_clock
from bot.domain.delivery import Address, DeliveryKind, RetryPolicy
from bot.domain.digest import Schedule
from bot.domain.facility import Facility
from bot.domain.incident import IncidentRouting
from bot.domain.matching import Matcher
from bot.domain.message import ChannelName
from bot.domain.quiet import QuietHours
from bot.domain.support import EndsOfSupport
from bot.inventory.authorities import Authorities
from bot.inventory.support import read_ends
from bot.pipeline.actions.keeping import ActionKeeper
from bot.pipeline.campaign import send_due
from bot.pipeline.digest import write_digests
from bot.pipeline.dispatch import Dispatcher, Progress
from bot.pipeline.escalate import write_reminders
from bot.pipeline.foresee import Foresight
from bot.pipeline.gates import Gates
from bot.pipeline.incident import IncidentDesk
from bot.pipeline.initial import write_initial_states
from bot.pipeline.mailed_report import write_reports
from bot.pipeline.match import MatchEngine, MatchReport
from bot.pipeline.mute import end_mutes
from bot.pipeline.priority import Priorities
from bot.pipeline.silences import write_silences
from bot.render import Renderer
from bot.resources import config_folder
from bot.settings import ConfigurationError, Settings
from bot.store import Database, lessons, memos
from bot.store.sealing import Sealer
from feeds.advisory import Tlp
from feeds.config import SourceConfig, SourceFile
from feeds.exploited import Signals
from feeds.http import Access
from feeds.products import Catalogue, read_builtin
from feeds.registry import make_signals, make_source, read_signals, read_sources
from feeds.releases import Releases, read_releases
from feeds.source import Source

PRODUCTS_REMEMBERED = 20_000  # whose end of support was looked up
MAIL_SECRET, LINK_SECRET, MAIL_SECRET_BYTES = "mail secret", "link secret", 32


@dataclass
class Application:
    """One configured Tocsin. ``clock`` is the only source of time."""

    settings: Settings
    clock: Clock = system_clock

    @cached_property
    def database(self) -> Database:
        """The database of the settings; its tables are not checked here."""
        return Database(self.settings.url, sealer=self.sealer if self.sealer.names else None)

    @cached_property
    def sealer(self) -> Sealer:
        """What seals machines and what people wrote; without a configured key, nothing."""
        keys = self.settings.secrets
        former = [key.get_secret_value() for key in keys.former_keys]
        return Sealer(keys.inventory_key.get_secret_value(), [key for key in former if key])

    @cached_property
    def catalogue(self) -> Catalogue:
        """The shipped product names; what bulletins name is learned while matching."""
        return Catalogue(read_builtin(config_folder()))

    @cached_property
    def matcher(self) -> Matcher:
        """What judges one product against one bulletin."""
        return Matcher(self.catalogue)

    @cached_property
    def taught_matcher(self) -> Matcher:
        """The same, with the names that people taught everybody; reads the database."""
        return Matcher(self.catalogue.taught(self.database.call(lessons.aliases)))

    @cached_property
    def renderer(self) -> Renderer:
        """The templates, checked for unknown variables when a message is rendered."""
        return Renderer(
            self.settings.templates_dir,
            clock=self.clock,
            mailbox=bool(self.settings.mailbox.host),
            answers_at=self.settings.web.public_url.rstrip("/"),
        )

    @cached_property
    def mail_secret(self) -> bytes:
        """What signs Message-IDs: configured, or made once and kept; empty without a mailbox."""
        mailbox = self.settings.mailbox
        if not mailbox.host:
            return b""
        configured = mailbox.secret.get_secret_value()
        made = secrets.token_hex(MAIL_SECRET_BYTES)
        return (configured or self.database.call(memos.first, MAIL_SECRET, made)).encode()

    @cached_property
    def link_secret(self) -> bytes:
        """What signs answer links: configured, or made once and kept; empty while no page
        takes answers."""
        web = self.settings.web
        if not web.public_url:
            return b""
        configured = web.link_secret.get_secret_value()
        made = secrets.token_hex(MAIL_SECRET_BYTES)
        return (configured or self.database.call(memos.first, LINK_SECRET, made)).encode()

    @property
    def floor(self) -> Tlp:
        """The least marking of a message that names machines."""
        return Tlp.read(self.settings.marking_floor)

    def sources(self, names: Sequence[str]) -> list[Source]:
        """The sources of bulletins of these names, or every enabled one.

        Raises:
            ConfigurationError: a name is not that of a source, or a file of sources is wrong.
        """
        configs = self.source_configs()
        known = {config.name: config for config in configs}
        for name in names:
            if name not in known and name not in {each.name for each in self.signal_configs()}:
                raise ConfigurationError(f"no source named {name}; there are: {', '.join(known)}")
        chosen = [c for c in configs if (c.name in names if names else c.enabled)]
        return [make_source(config, self.clock) for config in chosen]

    def signals(self, names: Sequence[str]) -> list[Signals]:
        """The lists of exploited vulnerabilities of these names, or every enabled one."""
        configs = self.signal_configs()
        chosen = [c for c in configs if (c.name in names if names else c.enabled)]
        return [make_signals(config, self.clock) for config in chosen]

    def source_configs(self) -> list[SourceConfig]:
        """Every configured source of bulletins, disabled ones included."""
        return read_sources(self._source_files(), access=self._access())

    def signal_configs(self) -> list[SourceConfig]:
        """Every configured list of exploited vulnerabilities."""
        return read_signals(self._source_files(), access=self._access())

    def _source_files(self) -> list[SourceFile]:
        shipped = config_folder() / "sources.toml"
        paths = [shipped, self.settings.sources_file] if self.settings.sources_file else [shipped]
        try:
            return [SourceFile(str(path), path.read_text("utf-8")) for path in paths]
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"sources_file cannot be read: {error}") from error

    def _access(self) -> Access:
        network = self.settings.network
        return Access(proxy=network.proxy, ca_file=str(network.ca_file or ""))

    def engine(self) -> MatchEngine:
        """What judges bulletins and products; keep one, it holds the index in memory."""
        return MatchEngine(
            self.database,
            self.catalogue,
            self.renderer,
            clock=self.clock,
            hours=self.hours,
            priorities=self.priorities,
            quiet=QuietHours.read(self.settings.quiet.hours),
            releases=self.releases,
            inventory_confirms=self._inventory_confirms,
            floor=self.floor,
        )

    @cached_property
    def keeper(self) -> ActionKeeper:
        """What keeps actions beside the engine: those of the first picture of a facility."""
        return ActionKeeper(self.taught_matcher, self.releases, confirmed=self._inventory_confirms)

    @cached_property
    def foresight(self) -> Foresight:
        """What an upload makes of actions, said before bulletins are read again."""
        return Foresight(self.taught_matcher, self.releases)

    @property
    def _inventory_confirms(self) -> bool:
        return self.settings.actions.confirmed_by == "inventory"

    @cached_property
    def releases(self) -> Releases:
        """The dated releases of vendors, and products that are upgraded as one."""
        return read_releases((config_folder() / "releases.toml").read_text("utf-8"))

    @cached_property
    def priorities(self) -> Priorities:
        """What the urgency of an alert is judged with."""
        ends = self.ends_of_support(self.matcher)
        known = lru_cache(PRODUCTS_REMEMBERED)(ends.day)
        return Priorities(self.settings.priority.scale, known)

    def ends_of_support(self, matcher: Matcher) -> EndsOfSupport:
        """When products stop being corrected, as ``matcher`` tells products apart."""
        path = config_folder() / "end_of_support.toml"
        return EndsOfSupport(matcher, read_ends(path.read_text("utf-8"), file=path.name))

    @cached_property
    def _ends(self) -> EndsOfSupport:
        return self.ends_of_support(self.matcher)

    async def match(self, progress: Progress = lambda _: None) -> MatchReport:
        """Judge everything that waits; see :class:`MatchEngine`."""
        return await self.engine().run(progress)

    @cached_property
    def authorities(self) -> Authorities:
        """The regional health agencies and the other authorities."""
        return Authorities.read((config_folder() / "authorities.toml").read_text("utf-8"))

    def hours(self, facility: Facility) -> WorkingHours:
        """When somebody of a facility answers, local holidays included."""
        authority = self.authorities.find(facility.authority)
        return WorkingHours(authority, facility.time_zone, facility.department)

    async def write_periodic(self) -> int:
        """Write what is due by the clock, from initial states to what authorities are told."""
        now = self.clock()
        digest = self.settings.digest
        await self.database.run(end_mutes, now=now)  # before what tells them again
        initial = await self.database.run(
            write_initial_states, self.renderer, self.keeper, now=now, floor=self.floor
        )
        schedule = Schedule(digest.hour, digest.weekday)
        digests = await self.database.run(
            write_digests, self.renderer, schedule, now=now, floor=self.floor
        )
        reminders = await self.database.run(
            write_reminders, self.renderer, self.hours, now=now, floor=self.floor
        )
        silences = await self.database.run(
            write_silences,
            self.renderer,
            list(self.authorities),
            self.authority_addresses,
            now=now,
            hour=self.settings.silences.hour,
            language=self.settings.language,
        )
        reports = 0
        if self.settings.mailbox.host:
            reports = await self.database.run(
                write_reports,
                self.renderer,
                self._ends,
                now=now,
                language=self.settings.language,
                floor=self.floor,
            )
        written = initial + digests + reminders + silences + reports
        return written + await send_due(self.database, self.renderer, now=now)

    @property
    def authority_addresses(self) -> dict[str, Address]:
        """Where each authority is told of silences: as configured, else its SSI mailbox."""
        mailboxes = self.settings.incident.authority_mailboxes
        found = {code: Address.mailbox(mailbox) for code, mailbox in mailboxes.items() if mailbox}
        for code, written in self.settings.silences.addresses.items():
            found[code] = Address.read(written)
        return found

    @property
    def incident_routing(self) -> IncidentRouting:
        """Where declared incidents are announced; no room on a channel that is not configured."""
        incident = self.settings.incident
        configured = {
            ChannelName.MATRIX: bool(self.settings.matrix.homeserver),
            ChannelName.SLACK: bool(self.settings.slack.bot_token.get_secret_value()),
        }
        room = None if incident.room == "none" else ChannelName(incident.room)
        return IncidentRouting(
            cert_mailbox=incident.cert_mailbox,
            authority_mailboxes=incident.authority_mailboxes,
            room=room if room and configured[room] else None,
            language=self.settings.language,
        )

    def incident_desk(self) -> IncidentDesk:
        """What incidents are declared through."""
        return IncidentDesk(self.renderer, self.incident_routing)

    @property
    def _configured_addresses(self) -> dict[DeliveryKind, frozenset[Address]]:
        """Where the configuration sends what no subscription asks for."""
        incident, operator = self.settings.incident, self.settings.operator
        return {
            DeliveryKind.SILENCES: frozenset(self.authority_addresses.values()),
            DeliveryKind.INCIDENT_AUTHORITY: frozenset(
                map(Address.mailbox, incident.authority_mailboxes.values())
            ),
            DeliveryKind.INCIDENT_CERT: frozenset({Address.mailbox(incident.cert_mailbox)}),
            DeliveryKind.ALARM: frozenset(map(Address.read, operator.addresses)),
        }

    def dispatcher(self, channels: dict[ChannelName, Channel]) -> Dispatcher:
        """What sends the outbox through ``channels``, made able to open rooms beforehand."""
        delivery, desk = self.settings.delivery, self.incident_desk()
        return Dispatcher(
            self.database,
            channels,
            clock=self.clock,
            on_delivered=desk.delivered,
            on_dead=desk.given_up,
            gate=Gates(self.renderer, self._configured_addresses),
            policy=RetryPolicy(
                first=timedelta(seconds=delivery.first_retry_seconds),
                longest=timedelta(seconds=delivery.longest_retry_seconds),
                give_up=timedelta(days=delivery.give_up_days),
            ),
        )
