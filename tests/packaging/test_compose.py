"""The shipped compose file can be read, and asks for what the program has."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bot.app.roles import Role
from bot.cli.run import _channels, _roles
from bot.settings import known_keys
from tests.conftest import ROOT


@pytest.fixture
def compose() -> dict[str, Any]:
    """The file, with its anchors resolved."""
    read = yaml.safe_load((ROOT / "config" / "compose.yaml").read_text("utf-8"))
    assert isinstance(read, dict)
    return read


def test_together_the_services_have_every_role_and_the_keys_one_owner(
    compose: dict[str, Any],
) -> None:
    roles: set[Role] = set()
    with_matrix = []
    for name, service in compose["services"].items():
        command = service.get("command", [])
        if "run" not in command:
            continue
        options = dict(zip(command[2::2], command[3::2], strict=True))
        asked = _roles(options["--roles"])
        roles |= asked
        if asked & {Role.DISPATCH, Role.CHAT} and "matrix" in _channels(
            options.get("--channels", "")
        ):
            with_matrix.append(name)
    assert roles == set(Role)
    assert with_matrix == ["chat"]
    assert compose["services"]["chat"]["volumes"]


def test_every_setting_and_secret_is_known(compose: dict[str, Any]) -> None:
    keys = {key.replace(".", "__").upper() for key in known_keys()}
    for service in compose["services"].values():
        for name in service.get("environment", {}):
            if name.startswith("TOCSIN_") and name != "TOCSIN_CONFIG":
                assert name.removeprefix("TOCSIN_").removesuffix("_FILE") in keys
        assert set(service.get("secrets", [])) <= compose["secrets"].keys()
