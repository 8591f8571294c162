"""What configured sources share, and the simplest way of reading one: a single address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Configured:
    """A source as the operator configured it, read from the address ``config.url``.

    A publisher that is read otherwise has a ``fetch`` of its own.
    """

    config: SourceConfig
    clock: Clock

    @property
    def name(self) -> str:
        """The configured name."""
        return self.config.name

    def fetch(self, cursor: Cursor) -> AsyncIterator[Document]:
        """Yield the document when it changed."""
        return fetch_url(self.config, self.clock, cursor)
