"""A real Matrix homeserver on a loopback port, with its database in a temporary folder."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.process import end, free_port, servers_python, wait_until

SERVER_NAME = "tocsin.test"
UNLIMITED = {"per_second": 10_000, "burst_count": 10_000}
LIMITED = (
    "rc_message",
    "rc_registration",
    "rc_joins_per_room",
    "rc_key_requests",
    "rc_room_creation",
)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody registered: what is needed to log in or to call the server by hand."""

    user_id: str
    password: str
    token: str
    device_id: str


@dataclass(slots=True)
class Homeserver:
    """A Synapse that can be stopped and started again on the same port and data."""

    folder: Path
    port: int
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What a client is configured with."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until the server says it is healthy."""
        log = self.folder / "synapse.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [servers_python(), "-m", "synapse.app.homeserver", "-c", self._configuration()],
                stdout=output,
                stderr=output,
                cwd=self.folder,
            )
        wait_until(self.healthy, self.process, log)

    def stop(self) -> None:
        """End the process by its pid."""
        if self.process is not None:
            end(self.process)
            self.process = None

    def healthy(self) -> bool:
        """Whether ``/health`` answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def register(self, name: str, *, admin: bool = False) -> Account:
        """Register somebody new; ``name`` gets a suffix, so that tests share one server."""
        user = f"{name}-{secrets.token_hex(4)}"
        password = secrets.token_hex(12)
        nonce = self.call("GET", "/_synapse/admin/v1/register")["nonce"]
        parts = [nonce, user, password, "admin" if admin else "notadmin"]
        mac = hmac.new(self.secret.encode(), "\0".join(parts).encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": user, "password": password, "admin": admin, "mac": mac}
        made = self.call("POST", "/_synapse/admin/v1/register", body)
        return Account(made["user_id"], password, made["access_token"], made["device_id"])

    def call(
        self, method: str, path: str, body: object | None = None, *, token: str = ""
    ) -> dict[str, Any]:
        """Call the server by hand: what a client library would decrypt stays as it is."""
        request = urllib.request.Request(f"{self.url}{path}", method=method)
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request, data, timeout=30) as answer:
            parsed = json.load(answer)
        assert isinstance(parsed, dict)
        return parsed

    def events(self, room: str, *, token: str) -> list[dict[str, Any]]:
        """The room's events as stored, ciphertext included, oldest first."""
        path = f"/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=200"
        return list(reversed(self.call("GET", path, token=token)["chunk"]))

    def _configuration(self) -> Path:
        """Write what ``--generate-config`` would, without a way out to other servers."""
        path, key = self.folder / "homeserver.yaml", self.folder / "signing.key"
        if not key.exists():
            seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
            key.write_text(f"ed25519 a_test {seed}\n")
        limits: dict[str, Any] = dict.fromkeys(LIMITED, UNLIMITED)
        limits["rc_login"] = dict.fromkeys(("address", "account", "failed_attempts"), UNLIMITED)
        limits["rc_joins"] = dict.fromkeys(("local", "remote"), UNLIMITED)
        limits["rc_invites"] = dict.fromkeys(("per_room", "per_user", "per_issuer"), UNLIMITED)
        settings = {
            "server_name": SERVER_NAME,
            "listeners": [
                {
                    "port": self.port,
                    "bind_addresses": ["127.0.0.1"],
                    "type": "http",
                    "tls": False,
                    "resources": [{"names": ["client"], "compress": False}],
                }
            ],
            "database": {"name": "sqlite3", "args": {"database": str(self.folder / "hs.db")}},
            "media_store_path": str(self.folder / "media"),
            "pid_file": str(self.folder / "hs.pid"),
            "signing_key_path": str(key),
            "registration_shared_secret": self.secret,
            "macaroon_secret_key": self.secret,
            "form_secret": self.secret,
            "report_stats": False,
            "suppress_key_server_warning": True,
            "trusted_key_servers": [],
            "federation_domain_whitelist": [],
            "bcrypt_rounds": 4,
            "presence": {"enabled": False},
            **limits,
        }
        path.write_text(json.dumps(settings))  # JSON is YAML
        return path


@contextmanager
def running_homeserver() -> Iterator[Homeserver]:
    """Run a homeserver in a temporary folder; end it by its pid."""
    servers_python()
    with tempfile.TemporaryDirectory(prefix="tocsin-synapse-") as folder:
        homeserver = Homeserver(Path(folder), free_port())
        homeserver.start()
        try:
            yield homeserver
        finally:
            homeserver.stop()
