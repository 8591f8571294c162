"""A file that a channel cannot use is named when it is built, not when an alert leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from bot.app.application import Application
from bot.app.peers import channels
from bot.settings import ConfigurationError, Email, Network, Settings


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (
            {"network": Network(ca_file=Path("absente.pem")), "email": Email(host="relais")},
            r"absente\.pem",
        ),
        (
            {"email": Email(host="relais", certificate=Path("mail.pem"), key=Path("mail.key"))},
            r"mail\.pem",
        ),
        ({"email": Email(host="relais", key=Path("mail.key"))}, "both their certificate"),
        ({"email": Email(host="relais", sender="personne")}, "personne"),
    ],
)
def test_what_cannot_be_used_is_named(settings: dict[str, object], named: str) -> None:
    configured = Settings.model_validate(settings)
    with pytest.raises(ConfigurationError, match=named):
        channels(Application(configured), Console())
