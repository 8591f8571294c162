"""Whether Tocsin itself is well: one judgement over one picture of its state.

The same judgement serves ``tocsin health``, ``/healthz`` and the alarms to the operator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.delivery import Address, DeliveryState
from bot.domain.message import ChannelName


class Problem(StrEnum):
    """What can be wrong."""

    DATABASE = "database"  # it does not answer
    SCHEMA = "schema"  # its tables are not those of this version
    SOURCE_SILENT = "source-silent"
    CHAT_SILENT = "chat-silent"  # what people write there is not heard
    QUEUE_OLD = "queue-old"  # due, and nobody sends it
    CHANNEL_REFUSING = "channel-refusing"  # nothing goes through any more
    DELIVERIES_DEAD = "deliveries-dead"  # given up; replay or drop them
    DELIVERIES_HELD = "deliveries-held"  # restored from a backup; release or drop them
    CERTIFICATE_ENDS = "certificate-ends"
    ROOM_OPEN = "room-not-encrypted"  # a room that should receive AMBER and cannot protect it


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on something is wrong."""

    source_silent: timedelta = timedelta(hours=6)  # and never before four paces of the source
    chat_silent: timedelta = timedelta(minutes=15)  # and never before four of its paces
    queue_old: timedelta = timedelta(minutes=15)  # past the hour it was due
    refusing_for: timedelta = timedelta(minutes=15)
    refusals: int = 3  # a single greylisted mail is no outage
    certificate_ends: timedelta = timedelta(days=30)


OWN_CHANNEL = {each.value: each for each in (ChannelName.MATRIX, ChannelName.SLACK)}
"""The way out that shares its fate with a way in. A mailbox is not read by what sends mails."""
PACES = 4  # readings a source may miss
LONGEST_SUBJECT = 64  # characters of an address in an alarm


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a configured source has been; ``failures`` counts those in a row."""

    name: str
    every: timedelta
    attempted_at: datetime | None = None
    succeeded_at: datetime | None = None
    failures: int = 0
    error: str = ""
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class ChannelQueue:
    """The outbox of one channel.

    Args:
        overdue_since: when the oldest delivery that nobody took was due.
        waiting_since: when the oldest delivery still to be sent was written.
        delivered_at: when a delivery was last accepted.
        refusals: attempts refused since then.
        refused_since: when the first of the refused deliveries was written.
        reason: what the latest refusal said.
    """

    channel: ChannelName
    states: tuple[tuple[DeliveryState, int], ...] = ()
    overdue_since: datetime | None = None
    waiting_since: datetime | None = None
    delivered_at: datetime | None = None
    refusals: int = 0
    refused_since: datetime | None = None
    reason: str = ""

    def count(self, state: DeliveryState) -> int:
        """How many deliveries are in ``state``."""
        return dict(self.states).get(state, 0)


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """A room that got notices in place of messages, because it is not encrypted."""

    address: str
    since: datetime
    times: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of Tocsin at one moment. ``certificate_ends``: that which signs mails.

    ``chats`` are the ways in: Matrix, Slack's socket, the mailbox of replies. They
    succeeded when they last heard from their server, were it only that nobody spoke.
    """

    at: datetime
    sources: tuple[SourceState, ...] = ()
    chats: tuple[SourceState, ...] = ()
    queues: tuple[ChannelQueue, ...] = ()
    certificate_ends: datetime | None = None
    open_rooms: tuple[OpenRoom, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Args:
        subject: the source, channel or file it is about.
        since: since when, or until when for a certificate; None when it is not known.
        count: of deliveries, refusals or failures.
        channel: the way out that cannot be relied on.
        detail: what the machine said; for the operator's eyes, in English.
    """

    problem: Problem
    subject: str
    since: datetime | None = None
    count: int = 0
    channel: ChannelName | None = None
    detail: str = ""

    @property
    def code(self) -> str:
        """What identifies the problem for as long as it lasts: ``source-silent:certfr``."""
        return f"{self.problem.value}:{self.subject}"


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The judgement, and what it was made from (None: the database could not be read)."""

    at: datetime
    findings: tuple[Finding, ...]
    snapshot: Snapshot | None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class AlarmView:
    """What the operator is told. ``problem`` is a :class:`Problem`'s value; ``again``: it was
    told before and lasts; ``relapses``: how often it came back within a day of its end."""

    problem: str
    subject: str
    since: datetime | None = None
    count: int = 0
    over: bool = False
    again: bool = False
    relapses: int = 0


def judge(snapshot: Snapshot, thresholds: Thresholds) -> tuple[Finding, ...]:
    """What is wrong in ``snapshot``: by kind, then by name."""
    found = [
        *_silent(snapshot.sources, Problem.SOURCE_SILENT, thresholds.source_silent, snapshot.at),
        *_silent(snapshot.chats, Problem.CHAT_SILENT, thresholds.chat_silent, snapshot.at),
        *_queues(snapshot, thresholds),
        *_certificate(snapshot, thresholds),
        *_open_rooms(snapshot),
    ]
    order = list(Problem)
    return tuple(sorted(found, key=lambda each: (order.index(each.problem), each.subject)))


def route(finding: Finding, findings: Sequence[Finding], targets: Sequence[Address]) -> Address:
    """Where to tell the operator: the first address whose channel is not known to fail.

    A channel is never trusted to carry the news of its own fault while there is another;
    when all of them fail, the first other one is tried all the same.

    Raises:
        ValueError: no target.
    """
    if not targets:
        raise ValueError("nobody to tell")
    faulty = {each.channel for each in findings}
    others = [each for each in targets if each.channel is not finding.channel]
    working = [each for each in others if each.channel not in faulty]
    return (working or others or list(targets))[0]


def _silent(
    states: Sequence[SourceState], problem: Problem, least: timedelta, now: datetime
) -> Iterator[Finding]:
    """Those unheard for ``least`` and for four of their paces.

    One that nobody has tried to read yet is not silent.
    """
    for state in states:
        if state.attempted_at is None:
            continue
        never = state.succeeded_at is None and state.failures >= PACES
        allowed = max(least, state.every * PACES)
        if never or (state.succeeded_at is not None and now - state.succeeded_at >= allowed):
            yield Finding(
                problem,
                state.name,
                since=state.succeeded_at,
                count=state.failures,
                channel=OWN_CHANNEL.get(state.name) if problem is Problem.CHAT_SILENT else None,
                detail=state.error,
            )


def _queues(snapshot: Snapshot, thresholds: Thresholds) -> Iterator[Finding]:
    for queue in snapshot.queues:
        name, channel = queue.channel.value, queue.channel
        since = queue.overdue_since
        if since is not None and snapshot.at - since >= thresholds.queue_old:
            yield Finding(Problem.QUEUE_OLD, name, since=since, channel=channel)
        began = _refusing_since(queue)
        if (
            began is not None
            and queue.refusals >= thresholds.refusals
            and snapshot.at - began >= thresholds.refusing_for
        ):
            yield Finding(
                Problem.CHANNEL_REFUSING,
                name,
                since=began,
                count=queue.refusals,
                channel=channel,
                detail=queue.reason,
            )
        if dead := queue.count(DeliveryState.DEAD):
            yield Finding(Problem.DELIVERIES_DEAD, name, count=dead, channel=channel)
        if held := queue.count(DeliveryState.HELD):
            yield Finding(Problem.DELIVERIES_HELD, name, count=held)


def _refusing_since(queue: ChannelQueue) -> datetime | None:
    """Since when nothing went through: the last success, or the first of those refused."""
    if queue.refused_since is None or queue.delivered_at is None:
        return queue.refused_since
    return max(queue.refused_since, queue.delivered_at)


def _open_rooms(snapshot: Snapshot) -> Iterator[Finding]:
    for room in snapshot.open_rooms:
        yield Finding(
            Problem.ROOM_OPEN,
            room.address[:LONGEST_SUBJECT],
            since=room.since,
            count=room.times,
            detail="encrypt the room, or lower its ceiling to GREEN",
        )


def _certificate(snapshot: Snapshot, thresholds: Thresholds) -> Iterator[Finding]:
    ends = snapshot.certificate_ends
    if ends is not None and ends - snapshot.at <= thresholds.certificate_ends:
        yield Finding(Problem.CERTIFICATE_ENDS, "email", since=ends, channel=ChannelName.EMAIL)
