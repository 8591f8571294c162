"""What an operator may set, a section of the file at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from bot.domain.message import ChannelName
from bot.domain.priority import Scale
from bot.domain.quiet import QuietHours

SHORTEST_KEY = 16  # characters
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Marking = Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]


def _listed(value: Any) -> Any:
    """``a, b`` in the environment is the list ``["a", "b"]`` of the file."""
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    return value


Words = Annotated[list[str], BeforeValidator(_listed)]


def _check_address(key: str, written: str) -> None:
    channel, _, address = written.partition(":")
    if channel not in set(ChannelName) or not address:
        raise ValueError(
            f"{key}: {written!r} is not channel:address, such as email:duty@example.org"
        )


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Network(_Section):
    """How Tocsin goes out."""

    proxy: str = ""
    ca_file: Path | None = None


class Matrix(_Section):
    """The account that speaks in Matrix (Tchap) rooms; off while ``homeserver`` is empty."""

    homeserver: str = ""
    user: str = ""
    password: SecretStr = SecretStr("")
    access_token: SecretStr = SecretStr("")
    device_id: str = ""
    pickle_key: SecretStr = SecretStr("")
    allowed_servers: Words = []

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.homeserver:
            return self
        if not (self.user.startswith("@") and ":" in self.user):
            raise ValueError("user must be written @name:server")
        if len(self.pickle_key.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"pickle_key must have {SHORTEST_KEY} characters or more")
        if not (self.password.get_secret_value() or self.access_token.get_secret_value()):
            raise ValueError("set password, or access_token and device_id")
        return self


class Slack(_Section):
    """The Slack application; off while ``bot_token`` is empty."""

    bot_token: SecretStr = SecretStr("")
    app_token: SecretStr = SecretStr("")
    signing_secret: SecretStr = SecretStr("")
    mode: Literal["socket", "http"] = "socket"
    http_host: str = "127.0.0.1"
    http_port: int = Field(8091, ge=1, le=65535)
    api_url: str = "https://slack.com/api/"
    per_channel_per_minute: int = Field(60, ge=0)


class Email(_Section):
    """The relay that takes mails; off while ``host`` is empty."""

    host: str = ""
    port: int = Field(25, ge=1, le=65535)
    security: Literal["plain", "starttls", "tls"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: str = "Tocsin <tocsin@localhost>"
    domain: str = ""
    reply_to: str = ""
    unsubscribe: str = ""
    certificate: Path | None = None
    key: Path | None = None
    connections: int = Field(8, ge=1, le=50)
    connections_per_domain: int = Field(0, ge=0, le=50)
    per_domain_per_minute: int = Field(0, ge=0)


class Mailbox(_Section):
    """Where replies to mails arrive, read over IMAP; off while ``host`` is empty."""

    host: str = ""
    port: int = Field(993, ge=1, le=65535)
    security: Literal["plain", "starttls", "tls"] = "tls"
    username: str = ""
    password: SecretStr = SecretStr("")
    folder: str = "INBOX"
    poll_seconds: int = Field(30, ge=1)
    address: str = ""
    secret: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.host:
            return self
        if not (self.username and self.password.get_secret_value()):
            raise ValueError("set username and password")
        if 0 < len(self.secret.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"secret must have {SHORTEST_KEY} characters or more")
        return self


class Delivery(_Section):
    """When a delivery is tried again and when it is given up."""

    first_retry_seconds: int = Field(10, ge=1)
    longest_retry_seconds: int = Field(3600, ge=1)
    give_up_days: int = Field(5, ge=1)


class Digest(_Section):
    """When what can wait is told, in each facility's own time zone."""

    hour: int = Field(9, ge=0, le=23)
    weekday: int = Field(0, ge=0, le=6)


class Quiet(_Section):
    """When destinations that say nothing themselves are interrupted by *alertes* only."""

    hours: str = ""

    @model_validator(mode="after")
    def _readable(self) -> Self:
        QuietHours.read(self.hours)  # raises ValueError when it cannot be
        return self


class Actions(_Section):
    """Upgrades. ``confirmed_by``: who says that one is done, a person, or the next inventory."""

    confirmed_by: Literal["person", "inventory"] = "person"


class Mute(_Section):
    """How long something may be muted."""

    longest_days: int = Field(90, ge=1, le=366)


class Priority(_Section):
    """How much each reason weighs, in points: see :class:`bot.domain.priority.Scale`."""

    immediate_from: int = 60
    alerte: int = 100
    exploited: int = 60
    ransomware: int = 30
    exposed: int = 30
    epss: int = 30
    biomedical: int = 10
    end_of_support: int = 10
    cvss: int = 10
    epss_from: float = 0.5
    epss_percentile_from: float = 0.99
    cvss_from: float = 9.0

    @model_validator(mode="after")
    def _possible(self) -> Self:
        Scale(**self.model_dump())  # raises ValueError when it cannot be
        return self

    @property
    def scale(self) -> Scale:
        """The rule's own values."""
        return Scale(**self.model_dump())


class Incident(_Section):
    """Where a declared incident is announced."""

    cert_mailbox: str = ""
    authority_mailboxes: dict[str, str] = {}
    room: Literal["matrix", "slack", "none"] = "matrix"


class Silences(_Section):
    """When and where an authority is told who has not answered."""

    hour: int = Field(10, ge=9, le=17)
    addresses: dict[str, str] = {}

    @model_validator(mode="after")
    def _readable(self) -> Self:
        for code, each in self.addresses.items():
            _check_address(f"addresses.{code}", each)
        return self


class Health(_Section):
    """From when on something is wrong with Tocsin itself."""

    source_silent_hours: int = Field(6, ge=1)
    chat_silent_minutes: int = Field(15, ge=1)
    queue_old_minutes: int = Field(15, ge=1)
    refusing_minutes: int = Field(15, ge=1)
    certificate_days: int = Field(30, ge=1)
    alarm_after_minutes: int = Field(5, ge=0)
    over_after_minutes: int = Field(30, ge=0)
    again_hours: int = Field(24, ge=1)


class Web(_Section):
    """Where ``/healthz`` and ``/metrics`` are served; off while ``port`` is 0.

    The page that takes answers has an address and a port of its own: what people open from
    outside must not lead to what supervision reads. Off while ``public_url`` is empty.
    """

    host: str = "127.0.0.1"
    port: int = Field(0, ge=0, le=65535)
    public_url: str = ""
    public_host: str = "127.0.0.1"
    public_port: int = Field(8093, ge=1, le=65535)
    link_days: int = Field(14, ge=1, le=90)
    link_secret: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        parts = urlsplit(self.public_url)
        near = parts.scheme == "http" and parts.hostname in LOOPBACK
        if self.public_url and not (near or (parts.scheme == "https" and parts.hostname)):
            raise ValueError("public_url must be written https://tocsin.example.org")
        if parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("public_url must end with its path: no ?, no #, no user")
        if 0 < len(self.link_secret.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"link_secret must have {SHORTEST_KEY} characters or more")
        return self


def _secret_list(value: Any) -> Any:
    """``a, b`` in the environment is a list of secrets."""
    return [SecretStr(word) for word in _listed(value)] if isinstance(value, str) else value


class Secrets(_Section):
    """Keys under which the database seals what names machines; nothing is while both are empty."""

    inventory_key: SecretStr = SecretStr("")
    former_keys: Annotated[list[SecretStr], BeforeValidator(_secret_list)] = []

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        for key in (self.inventory_key, *self.former_keys):
            if 0 < len(key.get_secret_value()) < SHORTEST_KEY:
                raise ValueError(f"a key must have {SHORTEST_KEY} characters or more")
        return self


class Operator(_Section):
    """Who is told what is wrong with Tocsin itself, by ``channel:address`` in that order."""

    addresses: Words = []

    @model_validator(mode="after")
    def _readable(self) -> Self:
        for each in self.addresses:
            _check_address("addresses", each)
        return self


class Settings(_Section):
    """Everything an operator may set."""

    data_dir: Path = Path("tocsin-data")
    database_url: str = ""
    language: Literal["fr", "en"] = "fr"
    marking_floor: Marking = "AMBER"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    network: Network = Network()
    sources_file: Path | None = None
    templates_dir: Path | None = None
    matrix: Matrix = Matrix()
    slack: Slack = Slack()
    email: Email = Email()
    mailbox: Mailbox = Mailbox()
    delivery: Delivery = Delivery()
    digest: Digest = Digest()
    quiet: Quiet = Quiet()
    actions: Actions = Actions()
    mute: Mute = Mute()
    priority: Priority = Priority()
    incident: Incident = Incident()
    silences: Silences = Silences()
    health: Health = Health()
    web: Web = Web()
    secrets: Secrets = Secrets()
    operator: Operator = Operator()

    @property
    def url(self) -> str:
        """The database: ``database_url``, or an SQLite file in ``data_dir``."""
        return self.database_url or f"sqlite:///{self.data_dir / 'tocsin.db'}"


def known_keys(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Every key that may be set, dotted."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from known_keys(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def secrets(settings: Settings) -> frozenset[str]:
    """Every secret that is configured, and the passwords of its URLs: never to be shown."""
    urls = (settings.database_url, settings.network.proxy)
    found = {*_secret_values(settings), *(urlsplit(url).password or "" for url in urls)}
    return frozenset(found - {""})


def _secret_values(model: BaseModel) -> Iterator[str]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, list):
            yield from (each.get_secret_value() for each in value if isinstance(each, SecretStr))
        elif isinstance(value, BaseModel):
            yield from _secret_values(value)
