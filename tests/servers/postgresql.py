"""A private PostgreSQL cluster on a loopback port, owned by a user that is not root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.servers.process import accepts, end, free_port, missing, wait_until

OWNER = "postgres"  # PostgreSQL refuses to run as root
DURABLE = ["max_connections=200"]  # every commit is on the disk, as in production
FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"]


@dataclass(slots=True)
class Cluster:
    """A cluster; each test takes a database of its own.

    One that all tests share is never restarted: ``with running_cluster()`` gives another.
    """

    port: int
    command: list[str]
    log: Path
    user: dict[str, Any]
    server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it, and wait until it answers."""
        with self.log.open("ab") as output:
            self.server = subprocess.Popen(self.command, stdout=output, stderr=output, **self.user)
        wait_until(lambda: accepts(self.port) and self.answers(), self.server, self.log)

    def stop(self) -> None:
        """Fast shutdown: it does not wait for clients."""
        if self.server is not None:
            end(self.server, signal.SIGINT)

    def crash(self) -> None:
        """Immediate shutdown: connections are cut, and the next start recovers from the log."""
        if self.server is not None:
            end(self.server, signal.SIGQUIT)

    def url(self, database: str) -> str:
        """The URL as Tocsin's configuration spells it."""
        return f"postgresql://tocsin@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Create an empty database, yield its URL, drop it."""
        name = f"t_{uuid.uuid4().hex}"
        self._run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield self.url(name)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            self._run(drop)

    def answers(self) -> bool:
        """Whether it takes connections: it listens a little before."""
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


def program(name: str) -> Path:
    """Find a program of PostgreSQL, newest version first, or skip."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    on_path = shutil.which(name)
    if not found and on_path is None:
        missing("PostgreSQL", "apt-get install postgresql, or run tests/servers/install as root")
    return found[0] if found else Path(str(on_path))


@contextmanager
def running_cluster(tuning: Sequence[str] = FAST) -> Iterator[Cluster]:
    """Make a cluster in a temporary folder, run it, end it by its pid.

    Args:
        tuning: settings; those of the tests lose data when the machine fails.
    """
    initdb, postgres = program("initdb"), program("postgres")
    with tempfile.TemporaryDirectory(prefix="tocsin-postgresql-") as folder:
        data, log = Path(folder) / "data", Path(folder) / "log"
        user = _unprivileged(folder)
        make = f"{initdb} --username tocsin --auth trust --no-sync --encoding UTF8"
        subprocess.run(
            [*make.split(), "--locale", "C.UTF-8", "--pgdata", str(data)],
            check=True,
            stdout=subprocess.DEVNULL,
            **user,
        )
        port = free_port()
        settings = ["listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *tuning]
        flags = [part for setting in settings for part in ("-c", setting)]
        command = [str(postgres), "-D", str(data), "-p", str(port), *flags]
        cluster = Cluster(port, command, log, user)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


def _unprivileged(folder: str) -> dict[str, Any]:
    """Give the folder to the owner and say who runs the programs; nothing when not root."""
    if os.geteuid() != 0:
        return {}
    owner = pwd.getpwnam(OWNER)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": [], "cwd": folder}
