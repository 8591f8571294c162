"""Configuration: a TOML file, then the environment, checked before anything starts.

The file is the first that exists of ``--config``, ``$TOCSIN_CONFIG``, ``./tocsin.toml``
and the user's configuration folder. Every key can be overridden by the environment:
``TOCSIN_DATA_DIR``, ``TOCSIN_MATRIX__HOMESERVER``; ``…_FILE`` names a file that holds the
value, for secrets. ``config/default.toml`` documents each key, its default and its unit.
"""

from bot.settings.loading import ConfigurationError, Loaded, load
from bot.settings.sections import (
    Actions,
    Delivery,
    Digest,
    Email,
    Health,
    Incident,
    Mailbox,
    Matrix,
    Mute,
    Network,
    Operator,
    Priority,
    Quiet,
    Secrets,
    Settings,
    Silences,
    Slack,
    Web,
    known_keys,
    secrets,
)

__all__ = [
    "Actions",
    "ConfigurationError",
    "Delivery",
    "Digest",
    "Email",
    "Health",
    "Incident",
    "Loaded",
    "Mailbox",
    "Matrix",
    "Mute",
    "Network",
    "Operator",
    "Priority",
    "Quiet",
    "Secrets",
    "Settings",
    "Silences",
    "Slack",
    "Web",
    "known_keys",
    "load",
    "secrets",
]
