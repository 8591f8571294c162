"""Read a document over HTTP without trusting whoever answers.

Every reading has a time-out and a size cap, asks only for what changed, goes through the
egress proxy when there is one, and refuses to be led where the source has no business:
private addresses, other schemes, plain HTTP after HTTPS. The address checked is the one
connected to, so that a name that changes its address between check and connection
(DNS rebinding) is refused as well.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver

from feeds.errors import (
    DocumentNotFoundError,
    DocumentTooLargeError,
    ForbiddenAddressError,
    SourceUnavailableError,
)
from feeds.limits import DEFAULT_LIMITS, MEBIBYTE, Limits

USER_AGENT = "Tocsin (security alerts for healthcare facilities)"
BLOCK = 64 * 1024

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_REDIRECTS = {301, 302, 303, 307, 308}
_GONE = {404, 410}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens a source: a user and a password, or a token. Never shown."""

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def header(self) -> dict[str, str]:
        """The ``Authorization`` header; empty when the source is open to all."""
        if self.token:
            return {"Authorization": f"Bearer {self.token}"}
        if self.user:
            pair = f"{self.user}:{self.password}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {}


@dataclass(frozen=True, slots=True)
class Access:
    """How the outside is reached.

    Args:
        limits: caps and time-outs.
        proxy: egress proxy, ``http://proxy.example:3128``. Through it the proxy resolves
            names, and its own rules are the ones that hold private networks shut.
        ca_file: certificates (PEM) of an internal authority, trusted beside the system's.
        allowed_networks: private networks this source may be read from, ``10.1.0.0/16``.
        credentials: sent to the source's own host only, never after a redirect elsewhere.
    """

    limits: Limits = DEFAULT_LIMITS
    proxy: str = field(default="", repr=False)  # may hold a password
    ca_file: str = ""
    allowed_networks: tuple[str, ...] = ()
    credentials: Credentials = Credentials()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``validators`` are to be given to the next reading of this URL."""

    url: str
    status: int
    body: bytes
    media_type: str
    validators: dict[str, str]
    headers: Mapping[str, str]

    @property
    def unchanged(self) -> bool:
        """Whether the document is the one that the validators came from."""
        return self.status == 304


def public_url(url: str) -> str:
    """The URL without what may be secret in it: user, password, query."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host or ''}{port}{parts.path}"


def is_public(address: Address) -> bool:
    """Whether an address is on the open Internet, through mapped and NAT64 forms too."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if address.sixtofour:
            return is_public(address.sixtofour)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast


class Guard:
    """Refuses to open a socket towards an address the source may not be read from."""

    def __init__(self, allowed_networks: tuple[str, ...]) -> None:
        self._allowed = [ipaddress.ip_network(network) for network in allowed_networks]
        self.refused = ""  # the last address refused, for the error

    def allows(self, text: str) -> bool:
        """Whether ``text``, an IP address, may be connected to."""
        address = ipaddress.ip_address(text.partition("%")[0])
        return is_public(address) or self.is_allowed_network(address)

    def is_allowed_network(self, address: Address) -> bool:
        """Whether the source's own networks hold the address."""
        return any(
            address.version == network.version and address in network for network in self._allowed
        )

    def socket(self, address: tuple[Any, ...]) -> socket.socket:
        """Make the socket for one resolved address, or refuse.

        Args:
            address: a row of ``getaddrinfo``: family, type, protocol, name, socket address.
        """
        family, kind, protocol, _, where = address
        if not self.allows(where[0]):
            self.refused = where[0]
            raise PermissionError(f"{where[0]} is not an address of this source")
        return socket.socket(family, kind, protocol)


class Client:
    """One reading session with one source. Use it with ``async with``.

    Args:
        source: name, for errors.
        access: how the outside is reached.
        resolver: another resolver of names than the system's.

    Raises:
        SourceUnavailableError: the file of certificates cannot be read.
    """

    def __init__(
        self, source: str, access: Access, *, resolver: AbstractResolver | None = None
    ) -> None:
        self._source = source
        self._access = access
        self._guard = Guard(access.allowed_networks)
        limits = access.limits
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=self._trust(),
                resolver=resolver,
                socket_factory=None if access.proxy else self._guard.socket,
            ),
            timeout=aiohttp.ClientTimeout(
                total=limits.total.total_seconds(), connect=limits.connect.total_seconds()
            ),
            headers={"User-Agent": USER_AGENT},
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._access.ca_file:
            try:
                context.load_verify_locations(Path(self._access.ca_file))
            except OSError as error:
                raise SourceUnavailableError(
                    self._source, f"certificates of {self._access.ca_file}: {error.strerror}"
                ) from error
        return context

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def get(
        self, url: str, *, validators: Mapping[str, str] | None = None, accept: str = "*/*"
    ) -> Answer:
        """Read ``url``, following redirects that stay where the source may go.

        Args:
            url: http or https.
            validators: those of the last answer (``etag``, ``last_modified``); with them
                the answer may be ``unchanged`` and empty.
            accept: media types wanted.

        Raises:
            DocumentNotFoundError: 404 or 410.
            DocumentTooLargeError: over ``limits.document_bytes``.
            ForbiddenAddressError: a private address, another scheme, a downgrade.
            SourceUnavailableError: no connection, time-out, any other answer.
        """
        headers = {"Accept": accept, **_conditions(validators or {})}
        here = url
        for _ in range(self._access.limits.redirects + 1):
            self._check(here)
            if _origin(here) == _origin(url):
                headers.update(self._access.credentials.header())
            else:
                headers.pop("Authorization", None)
            answer = await self._once(here, headers)
            if answer.status not in _REDIRECTS:
                return self._accepted(answer)
            there = urljoin(here, answer.headers.get("Location", ""))
            await self._check_downgrade(here, there)
            here = there
        raise SourceUnavailableError(self._source, f"{public_url(url)}: too many redirects")

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ForbiddenAddressError(
                self._source, f"{public_url(url)}: only http and https addresses are read"
            )
        try:
            allowed = self._guard.allows(parts.hostname)
        except ValueError:  # a name: its address is checked when it is connected to
            allowed = not self._access.proxy or not parts.hostname.endswith("localhost")
        if not allowed:
            raise self._forbidden(parts.hostname)

    def _forbidden(self, address: str) -> ForbiddenAddressError:
        return ForbiddenAddressError(
            self._source,
            f"{address} is a private address; list its network in allowed_networks if it is meant",
        )

    async def _check_downgrade(self, here: str, there: str) -> None:
        """Refuse to leave https, except for a network the source is allowed to read."""
        target = urlsplit(there)
        if not (here.startswith("https:") and target.scheme == "http"):
            return
        try:
            rows = await asyncio.get_running_loop().getaddrinfo(target.hostname, target.port or 80)
        except OSError:
            rows = []
        addresses = [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows]
        if not addresses or not all(map(self._guard.is_allowed_network, addresses)):
            raise ForbiddenAddressError(
                self._source, f"redirected from https to {public_url(there)}: refused"
            )

    async def _once(self, url: str, headers: Mapping[str, str]) -> Answer:
        self._guard.refused = ""
        try:
            async with self._session.get(
                url,
                headers=headers,
                allow_redirects=False,
                proxy=self._access.proxy or None,
            ) as response:
                body = await self._body(url, response) if response.status == 200 else b""
                return Answer(
                    url,
                    response.status,
                    body,
                    response.content_type,
                    _validators(response.headers),
                    response.headers,
                )
        except TimeoutError as error:
            raise self._failed(url, "no answer in time") from error
        except aiohttp.ClientError as error:
            if self._guard.refused:
                raise self._forbidden(self._guard.refused) from error
            raise self._failed(url, _reason(error)) from error
        except ValueError as error:  # aiohttp refuses some URLs and headers with it
            raise self._failed(url, "not an address that can be asked for") from error

    async def _body(self, url: str, response: aiohttp.ClientResponse) -> bytes:
        cap = self._access.limits.document_bytes
        body = bytearray()
        if (response.content_length or 0) <= cap:
            async for block in response.content.iter_chunked(BLOCK):
                body += block
                if len(body) > cap:
                    break
            else:
                return bytes(body)
        raise DocumentTooLargeError(
            self._source, f"{public_url(url)}: longer than {cap / MEBIBYTE:g} MiB"
        )

    def _accepted(self, answer: Answer) -> Answer:
        if answer.status in {200, 304}:
            return answer
        reason = f"answered {answer.status}"
        if answer.status in _GONE:
            raise DocumentNotFoundError(self._source, f"{public_url(answer.url)}: {reason}")
        if wait := answer.headers.get("Retry-After"):
            reason += f", retry after {wait[:40]}"
        raise self._failed(answer.url, reason)

    def _failed(self, url: str, reason: str) -> SourceUnavailableError:
        return SourceUnavailableError(self._source, f"{public_url(url)}: {reason}")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _conditions(validators: Mapping[str, str]) -> dict[str, str]:
    names = {"etag": "If-None-Match", "last_modified": "If-Modified-Since"}
    return {names[key]: value for key, value in validators.items() if key in names}


def _validators(headers: Mapping[str, str]) -> dict[str, str]:
    found = {"etag": headers.get("ETag"), "last_modified": headers.get("Last-Modified")}
    return {key: value for key, value in found.items() if value}


def _reason(error: aiohttp.ClientError) -> str:
    """Why, in words; aiohttp's own text may quote a URL with its secrets."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not trusted; give the internal authority's in ca_file"
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return "the proxy cannot be reached"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answered {error.status}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection: {error.os_error.strerror or type(error.os_error).__name__}"
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError):
        return "the connection broke before the end of the document"
    return type(error).__name__
