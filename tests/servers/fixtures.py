"""The real servers, each started once a session and only when a test asks for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.servers.dovecot import Dovecot, running_dovecot
from tests.servers.postfix import Postfix, running_postfix
from tests.servers.postgresql import Cluster, running_cluster
from tests.servers.slack import SlackDouble
from tests.servers.smtp import Relay, RunningRelay
from tests.servers.synapse import Homeserver, running_homeserver


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL cluster: ``with postgresql.database() as url``."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgresql_url(postgresql: Cluster) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    with postgresql.database() as url:
        yield url


@pytest.fixture(scope="session")
def homeserver() -> Iterator[Homeserver]:
    """A Synapse shared by all tests: register people of your own, never stop it."""
    with running_homeserver() as server:
        yield server


@pytest.fixture(scope="session")
def postfix() -> Iterator[Postfix]:
    """A Postfix that delivers into Maildirs."""
    with running_postfix() as server:
        yield server


@pytest.fixture(scope="session")
def dovecot(postfix: Postfix) -> Iterator[Dovecot]:
    """An IMAP server over the Maildirs of that Postfix."""
    with running_dovecot(postfix) as server:
        yield server


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    """A mail relay without TLS, with faults on request."""
    async with RunningRelay(Relay()) as running:
        yield running


@pytest.fixture
async def slack_double() -> AsyncIterator[SlackDouble]:
    """A workspace that refuses what Slack refuses. It is not Slack itself."""
    async with SlackDouble() as double:
        yield double
