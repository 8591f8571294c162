"""CERT-FR (ANSSI): its RSS says that something changed, its JSON says what."""

from feeds.certfr.parsing import JSON_LINES, parse

__all__ = ["JSON_LINES", "parse"]
