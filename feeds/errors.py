"""What can go wrong while a bulletin comes in.

::

    FeedError
    ├── SourceUnavailableError     the publisher could not be read: try again later
    │   ├── DocumentTooLargeError  the answer is over the size cap
    │   ├── ForbiddenAddressError  the address is private, or a redirect leaves https
    │   └── DocumentNotFoundError  the publisher has no such document
    └── MalformedDocumentError     something was read that cannot be understood
        └── NumberingGapError      a bulletin that must exist could not be found

:class:`MalformedDocumentError` is *yielded* by parsers beside the advisories
they could read, so that one bad item never hides the others.
"""

from __future__ import annotations


class FeedError(Exception):
    """A publisher, or a document, that could not be used."""


class SourceUnavailableError(FeedError):
    """The source did not answer, or refused; nothing was lost, try later."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class DocumentTooLargeError(SourceUnavailableError):
    """The document is longer than the cap (bytes) set for its source."""


class ForbiddenAddressError(SourceUnavailableError):
    """The address is not one this source may be read from."""


class DocumentNotFoundError(SourceUnavailableError):
    """The publisher answers that there is no such document (404, 410)."""


class MalformedDocumentError(FeedError):
    """One document, or one item of it, that could not be read.

    Args:
        source: name of the source, or of the file.
        item: what could not be read: ``document``, ``item 3``, ``line 12``, a STIX id.
        reason: why, in words that lead to a remedy.
    """

    def __init__(self, source: str, item: str, reason: str) -> None:
        super().__init__(f"{source}: {item}: {reason}")
        self.source = source
        self.item = item
        self.reason = reason


class NumberingGapError(MalformedDocumentError):
    """A number is missing in a series that its publisher numbers without holes.

    Either the bulletin was withheld, or it was missed: somebody has to look.
    """
