"""Reading over HTTP, against real local servers: nothing is patched."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from feeds.errors import (
    DocumentNotFoundError,
    DocumentTooLargeError,
    ForbiddenAddressError,
    SourceUnavailableError,
)
from feeds.http import Access, Client, Credentials, Guard, public_url
from feeds.limits import Limits

LOOPBACK = ("127.0.0.0/8", "::1/128")
LOCAL = Access(allowed_networks=LOOPBACK)
SECRET = "s3cr3t-value"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(
    handler: Handler, context: ssl.SSLContext | None = None
) -> AsyncIterator[TestServer]:
    """A server on the loopback that answers every path with ``handler``."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    server = TestServer(app, scheme="https" if context else "http")
    await server.start_server(ssl=context)
    try:
        yield server
    finally:
        await server.close()


async def get(server: TestServer, access: Access = LOCAL, path: str = "/feed") -> bytes:
    """Read one path of a server."""
    async with Client("test", access) as client:
        return (await client.get(str(server.make_url(path)))).body


async def test_what_did_not_change_is_not_sent_again() -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"v1"':
            return web.Response(status=304)
        modified = datetime(2026, 3, 10, tzinfo=UTC)
        response = web.Response(body=b"<rss/>", headers={"ETag": '"v1"'})
        response.last_modified = modified
        return response

    async with serving(handler) as server, Client("test", LOCAL) as client:
        url = str(server.make_url("/feed"))
        first = await client.get(url)
        again = await client.get(url, validators=first.validators)
    assert first.body == b"<rss/>"
    assert first.validators == {
        "etag": '"v1"',
        "last_modified": "Tue, 10 Mar 2026 00:00:00 GMT",
    }
    assert again.unchanged
    assert again.body == b""


async def big(request: web.Request) -> web.StreamResponse:
    """100 MB, without a length, as fast as they are read."""
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(100):
        await response.write(b" " * 1_000_000)
    return response


async def test_a_document_of_100_megabytes_is_cut_off() -> None:
    async with serving(big) as server:
        with pytest.raises(DocumentTooLargeError, match="longer than 1 MiB"):
            await get(server, Access(Limits(document_bytes=1024 * 1024), allowed_networks=LOOPBACK))


async def test_the_cap_counts_decompressed_bytes() -> None:
    bomb = gzip.compress(b" " * 20_000_000)

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    assert len(bomb) < 100_000
    async with serving(handler) as server:
        with pytest.raises(DocumentTooLargeError):
            await get(server, Access(Limits(document_bytes=1024 * 1024), allowed_networks=LOOPBACK))


async def test_a_silent_server_is_given_up() -> None:
    async def handler(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    limits = Limits(total=timedelta(milliseconds=200))
    async with serving(handler) as server:
        with pytest.raises(SourceUnavailableError, match="no answer in time"):
            await get(server, Access(limits, allowed_networks=LOOPBACK))


async def test_a_document_cut_in_flight_is_a_failure() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"<rss>")
        assert request.transport is not None
        request.transport.close()
        return response

    async with serving(handler) as server:
        with pytest.raises(SourceUnavailableError, match="broke before the end"):
            await get(server)


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (404, DocumentNotFoundError, "answered 404"),
        (410, DocumentNotFoundError, "answered 410"),
        (503, SourceUnavailableError, "answered 503, retry after 120"),
        (401, SourceUnavailableError, "answered 401"),
    ],
)
async def test_refusals(status: int, error: type[Exception], words: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": "120"})

    async with serving(handler) as server:
        with pytest.raises(error, match=words):
            await get(server)


async def test_a_private_address_is_refused_unless_its_network_is_allowed() -> None:
    reached = []

    async def handler(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response()

    async with serving(handler) as server:
        with pytest.raises(ForbiddenAddressError, match=r"127.0.0.1 is a private address"):
            await get(server, Access())
        assert not reached
        await get(server, LOCAL)
    assert reached == ["/feed"]


async def test_a_redirect_to_a_private_address_is_refused() -> None:
    async def handler(_: web.Request) -> web.Response:
        raise web.HTTPFound("http://169.254.169.254/latest/meta-data")

    async with serving(handler) as server:
        with pytest.raises(ForbiddenAddressError, match=r"169.254.169.254"):
            await get(server)


async def test_a_redirect_to_another_scheme_is_refused() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "file:///etc/passwd"})

    async with serving(handler) as server:
        with pytest.raises(ForbiddenAddressError, match="only http and https"):
            await get(server)


async def test_redirects_end() -> None:
    async def handler(_: web.Request) -> web.Response:
        raise web.HTTPFound("/again")

    async with serving(handler) as server:
        with pytest.raises(SourceUnavailableError, match="too many redirects"):
            await get(server)


class Names(AbstractResolver):
    """A resolver that answers with the addresses it was given, one a time."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        """Nothing to release."""


async def test_a_public_name_that_leads_inside_is_refused() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    async with (
        serving(handler) as server,
        Client("test", Access(), resolver=Names("127.0.0.1")) as client,
    ):
        with pytest.raises(ForbiddenAddressError, match=r"127.0.0.1"):
            await client.get(f"http://publisher.example:{server.port}/feed")


async def test_a_name_that_changes_its_address_is_refused() -> None:
    """Allowed at the first reading, moved inside for the second."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=b"ok", headers={"Connection": "close"})

    access = Access(allowed_networks=("127.0.0.1/32",))
    names = Names("127.0.0.1", "127.0.0.2")
    async with serving(handler) as server:
        url = f"http://publisher.example:{server.port}/feed"
        async with Client("test", access, resolver=names) as client:
            assert (await client.get(url)).body == b"ok"
        async with Client("test", access, resolver=names) as client:
            with pytest.raises(ForbiddenAddressError, match=r"127.0.0.2"):
                await client.get(url)


async def test_credentials_stay_with_their_host_and_out_of_errors() -> None:
    seen: list[str | None] = []

    async def other(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(status=500)

    async with serving(other) as elsewhere:

        async def handler(request: web.Request) -> web.Response:
            seen.append(request.headers.get("Authorization"))
            raise web.HTTPFound(f"{elsewhere.make_url('/x')}?token={SECRET}")

        access = Access(allowed_networks=LOOPBACK, credentials=Credentials(token=SECRET))
        async with serving(handler) as server:
            with pytest.raises(SourceUnavailableError) as caught:
                await get(server, access, path=f"/feed?key={SECRET}")
    assert seen == [f"Bearer {SECRET}", None]
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(access)


async def test_a_proxy_is_used_and_told_nothing_more() -> None:
    asked: list[str] = []

    async def proxy(request: web.Request) -> web.Response:
        asked.append(str(request.url))
        return web.Response(body=b"by proxy")

    async with serving(proxy) as server:
        access = Access(proxy=str(server.make_url("/")))
        async with Client("test", access) as client:
            assert (await client.get("http://publisher.example/feed")).body == b"by proxy"
            for private in ("http://10.0.0.1/", "http://localhost/", "http://[::1]/"):
                with pytest.raises(ForbiddenAddressError):
                    await client.get(private)
    assert asked == ["http://publisher.example/feed"]


def authority(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make an internal authority and a server context for ``localhost``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "ca.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return pem, context


async def test_an_internal_authority_and_no_way_back_to_plain_http(tmp_path: Path) -> None:
    pem, context = authority(tmp_path)

    async def plain(_: web.Request) -> web.Response:
        return web.Response(body=b"plain")

    async def handler(request: web.Request) -> web.Response:
        if request.path == "/plain":
            raise web.HTTPFound("http://203.0.113.9/feed")
        if request.path == "/inside":
            raise web.HTTPFound(str(inside.make_url("/")))
        return web.Response(body=b"sealed")

    async with serving(plain) as inside, serving(handler, context) as server:
        url = f"https://localhost:{server.port}"
        async with Client("test", LOCAL) as client:
            with pytest.raises(SourceUnavailableError, match="ca_file"):
                await client.get(url)
        trusted = Access(ca_file=str(pem), allowed_networks=LOOPBACK)
        async with Client("test", trusted) as client:
            assert (await client.get(url)).body == b"sealed"
            with pytest.raises(ForbiddenAddressError, match="redirected from https"):
                await client.get(f"{url}/plain")
            assert (await client.get(f"{url}/inside")).body == b"plain"  # an allowed network


async def test_a_missing_certificate_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match=r"absent.pem: No such file"):
        Client("test", Access(ca_file=str(tmp_path / "absent.pem")))


async def test_no_connection_says_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with Client("test", LOCAL) as client:
        with pytest.raises(SourceUnavailableError, match="no connection: "):
            await client.get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("8.8.8.8", True),
        ("10.1.2.3", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("2001:4860:4860::8888", True),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::10.0.0.1", False),
        ("2002:0a00:0001::", False),
    ],
)
def test_which_addresses_are_public(text: str, public: bool) -> None:
    assert Guard(()).allows(text) is public


def test_public_url_drops_what_may_be_secret() -> None:
    assert public_url("https://user:pw@host.example:8443/a/b?key=1#x") == (
        "https://host.example:8443/a/b"
    )
    assert public_url("http://[::1]:80/") == "http://[::1]:80/"


def test_basic_credentials() -> None:
    assert Credentials("user", "pw").header() == {
        "Authorization": aiohttp.BasicAuth("user", "pw").encode()
    }
    assert Credentials().header() == {}
