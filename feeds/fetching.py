"""The simplest way of reading a source: one address, asked for what changed."""

from __future__ import annotations

from collections.abc import AsyncIterator

from feeds.config import Clock, SourceConfig
from feeds.http import Client
from feeds.source import Cursor, Document


async def fetch_url(
    config: SourceConfig, clock: Clock, cursor: Cursor, *, accept: str = "*/*"
) -> AsyncIterator[Document]:
    """Yield the document at ``config.url`` when it changed, with the validators as cursor.

    Raises:
        SourceUnavailableError: it could not be read.
    """
    async with Client(config.name, config.access) as client:
        answer = await client.get(
            config.url, validators=cursor.get("validators", {}), accept=accept
        )
    if not answer.unchanged:
        yield Document(
            config.name,
            config.url,
            answer.body,
            clock(),
            answer.media_type,
            cursor={"validators": answer.validators},
        )
