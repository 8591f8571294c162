"""What a process of ``tocsin run`` does; several may share the work on PostgreSQL."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """One share of the work."""

    FEEDS = "feeds"  # reads the sources
    MATCH = "match"  # judges, raises alerts, writes digests and campaigns
    DISPATCH = "dispatch"  # sends the outbox
    CHAT = "chat"  # listens to Matrix and Slack, reads the mailbox
    WEB = "web"  # serves what [web] asks for: /healthz and /metrics, the page of answers


class AccountLostError(Exception):
    """Another process owns the Matrix account: this one must stop using its keys."""
