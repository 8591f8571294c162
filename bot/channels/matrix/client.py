"""The nio client as Tocsin configures it, and what a homeserver's answers mean."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import nio
from nio.client.async_client import AsyncClient, AsyncClientConfig
from nio.exceptions import EncryptionError, LocalProtocolError, OlmTrustError
from nio.store.database import SqliteStore

from bot.channels.base import (
    DeliveryError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)

ENDED = {"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED"}
NEVER = {"M_FORBIDDEN", "M_TOO_LARGE", "M_NOT_FOUND", "M_INVALID_PARAM", "M_BAD_JSON"}


class SessionEndedError(PermanentDeliveryError):
    """The homeserver does not know the device's token any more."""


@dataclass(frozen=True, slots=True)
class MatrixOptions:
    """An account and where its device is kept.

    Args:
        homeserver: ``https://matrix.agent.social.tchap.gouv.fr``.
        user_id: ``@tocsin:server``.
        store: a folder of this account's own; lose it and a new device is needed.
        pickle_key: encrypts the device's keys and token at rest.
        password: to log in, once; or
        access_token, device_id: of a login made elsewhere for this store alone.
        reactions: how many answers are offered as reactions below a message.
        timeout: for each request; below the lease of a delivery.
    """

    homeserver: str
    user_id: str
    store: Path
    pickle_key: str = field(repr=False)
    password: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    device_id: str = ""
    device_name: str = "Tocsin"
    reactions: int = 4
    proxy: str = ""
    ca_file: Path | None = None
    timeout: timedelta = timedelta(seconds=30)


async def answered(request: Any) -> Any:  # nio's responses share no useful type
    """Await one of nio's requests and tell its failure apart.

    Raises:
        SessionEndedError: the token was revoked.
        TransientDeliveryError, PermanentDeliveryError, UncertainDeliveryError
    """
    try:
        response = await request
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise TransientDeliveryError(f"no connection ({type(error).__name__})") from None
    except (TimeoutError, aiohttp.ClientError) as error:
        raise UncertainDeliveryError(f"no answer ({type(error).__name__})") from None
    except (EncryptionError, OlmTrustError, LocalProtocolError) as error:
        raise TransientDeliveryError(f"not encrypted ({type(error).__name__})") from None
    if isinstance(response, nio.ErrorResponse):
        raise _refusal(response)
    return response


def make_client(options: MatrixOptions) -> AsyncClient:
    """A client that retries nothing by itself and keeps its keys in the options' store.

    Raises:
        ValueError: ``ca_file`` is not a readable file of certificates.
    """
    config = AsyncClientConfig(
        store=SqliteStore,
        pickle_key=options.pickle_key,
        max_limit_exceeded=0,  # nio would retry for ever by itself
        max_timeouts=0,
        request_timeout=options.timeout.total_seconds(),
    )
    context: ssl.SSLContext | None = None
    if options.ca_file is not None:
        context = ssl.create_default_context()
        try:
            context.load_verify_locations(cafile=options.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"{options.ca_file}: no certificates could be read") from error
    return AsyncClient(
        options.homeserver.rstrip("/"),
        options.user_id,
        store_path=str(options.store),
        config=config,
        ssl=context,  # type: ignore[arg-type]  # handed to aiohttp, which takes a context
        proxy=options.proxy or None,
    )


def _refusal(response: nio.ErrorResponse) -> DeliveryError:
    """What the homeserver's refusal means; only its code is repeated.

    Only Matrix's own codes are final: a page of a proxy (403, 404) is a state of the
    network, not an answer.
    """
    transport = response.transport_response
    status = getattr(transport, "status", 0)
    code = str(response.status_code or f"HTTP {status}")
    if code == "M_LIMIT_EXCEEDED" or status == 429:
        return TransientDeliveryError(f"Matrix: {code}", retry_after=_retry_after(response))
    if code in ENDED:
        return SessionEndedError(f"Matrix: {code}")
    if code in NEVER or status == 413:
        return PermanentDeliveryError(f"Matrix: {code}")
    return TransientDeliveryError(f"Matrix: {code}")


def _retry_after(response: nio.ErrorResponse) -> timedelta | None:
    """The header, in seconds; else the deprecated field, in milliseconds."""
    headers = getattr(response.transport_response, "headers", None) or {}
    seconds = str(headers.get("Retry-After", ""))
    if seconds.isdigit():
        return timedelta(seconds=int(seconds))
    milliseconds = response.retry_after_ms
    return timedelta(milliseconds=milliseconds) if milliseconds else None
