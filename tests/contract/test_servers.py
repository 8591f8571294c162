"""The servers that tests rely on are what they claim to be."""

from __future__ import annotations

import psycopg
import pytest

from tests.servers.synapse import SERVER_NAME, Homeserver


@pytest.mark.postgresql
def test_each_test_has_an_empty_database_of_its_own(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname='public'")
        assert row.fetchone() == (0,)


@pytest.mark.synapse
def test_the_homeserver_registers_people_and_reaches_nobody_else(homeserver: Homeserver) -> None:
    account = homeserver.register("rssi")
    assert account.user_id.endswith(f":{SERVER_NAME}")
    who = homeserver.call("GET", "/_matrix/client/v3/account/whoami", token=account.token)
    assert who["user_id"] == account.user_id
