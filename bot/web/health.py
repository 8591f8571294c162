"""``/healthz`` and ``/metrics``: for supervision, on the loopback unless told otherwise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta

from aiohttp import web
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from bot.domain.clock import Clock
from bot.domain.delivery import DeliveryState
from bot.domain.health import HealthReport, Problem, Snapshot

Observe = Callable[[], Awaitable[HealthReport]]

KEPT = timedelta(seconds=10)  # counting a large outbox takes a while, and scrapers insist


class HealthPages:
    """Answers from one observation, made again when it is older than :data:`KEPT`."""

    def __init__(self, observe: Observe, *, clock: Clock) -> None:
        self._observe = observe
        self._clock = clock
        self._latest: HealthReport | None = None
        self._one_at_a_time = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """What to serve."""
        return [web.get("/healthz", self.healthz), web.get("/metrics", self.metrics)]

    async def healthz(self, request: web.Request) -> web.Response:
        """200 when nothing is wrong, 503 otherwise; says what, without any reason a peer gave."""
        report = await self._report()
        wrong = [
            {"problem": each.problem.value, "subject": each.subject, "since": _date(each.since)}
            for each in report.findings
        ]
        chats = report.snapshot.chats if report.snapshot else ()
        body = {
            "ok": report.ok,
            "at": _date(report.at),
            "findings": wrong,
            "last_sync": {each.name: _date(each.succeeded_at) for each in chats},
        }
        return web.Response(
            status=200 if report.ok else 503, text=json.dumps(body), content_type="application/json"
        )

    async def metrics(self, request: web.Request) -> web.Response:
        """The Prometheus text format, 0.0.4."""
        registry = CollectorRegistry()
        registry.register(_Collected(await self._report()))
        body = generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _report(self) -> HealthReport:
        async with self._one_at_a_time:
            latest = self._latest
            if latest is None or abs(self._clock() - latest.at) >= KEPT:
                latest = self._latest = await self._observe()
            return latest


class _Collected(Collector):
    """A report as metrics. Names and units follow Prometheus: seconds, base units."""

    def __init__(self, report: HealthReport) -> None:
        self._report = report

    def collect(self) -> Iterator[Metric]:
        """Every metric; of what is not known, nothing."""
        problems = GaugeMetricFamily(
            "tocsin_problems", "What is wrong now, by kind.", labels=["problem"]
        )
        kinds = [each.problem for each in self._report.findings]
        for kind in Problem:
            problems.add_metric([kind.value], kinds.count(kind))
        yield problems
        if (seen := self._report.snapshot) is not None:
            yield from _queues(seen)
            yield from _sources(seen)
            yield from _chats(seen)
            yield from _certificate(seen)


def _queues(seen: Snapshot) -> Iterator[Metric]:
    rows = GaugeMetricFamily(
        "tocsin_deliveries", "Deliveries of the outbox.", labels=["channel", "state"]
    )
    waiting = GaugeMetricFamily(
        "tocsin_queue_age_seconds", "Age of the oldest delivery to be sent.", labels=["channel"]
    )
    overdue = GaugeMetricFamily(
        "tocsin_queue_overdue_seconds",
        "For how long the oldest due delivery has been waiting for a worker.",
        labels=["channel"],
    )
    refusals = GaugeMetricFamily(
        "tocsin_channel_refusals",
        "Attempts refused since the channel last accepted one.",
        labels=["channel"],
    )
    for queue in seen.queues:
        name = queue.channel.value
        for state in DeliveryState:
            rows.add_metric([name, state.value], queue.count(state))
        waiting.add_metric([name], _age(seen.at, queue.waiting_since))
        overdue.add_metric([name], _age(seen.at, queue.overdue_since))
        refusals.add_metric([name], queue.refusals)
    yield from (rows, waiting, overdue, refusals)


def _sources(seen: Snapshot) -> Iterator[Metric]:
    read = GaugeMetricFamily(
        "tocsin_source_last_success_timestamp_seconds",
        "When the source was last read to the end.",
        labels=["source"],
    )
    failures = GaugeMetricFamily(
        "tocsin_source_failures", "Readings failed in a row.", labels=["source"]
    )
    unreadable = GaugeMetricFamily(
        "tocsin_source_unreadable_items", "Items that could not be read.", labels=["source"]
    )
    for source in seen.sources:
        if source.succeeded_at is not None:
            read.add_metric([source.name], source.succeeded_at.timestamp())
        failures.add_metric([source.name], source.failures)
        unreadable.add_metric([source.name], source.unreadable)
    yield from (read, failures, unreadable)


def _chats(seen: Snapshot) -> Iterator[Metric]:
    heard = GaugeMetricFamily(
        "tocsin_chat_last_sync_timestamp_seconds",
        "When the chat was last heard, were it only that nobody spoke.",
        labels=["chat"],
    )
    failures = GaugeMetricFamily("tocsin_chat_failures", "Failures in a row.", labels=["chat"])
    for chat in seen.chats:
        if chat.succeeded_at is not None:
            heard.add_metric([chat.name], chat.succeeded_at.timestamp())
        failures.add_metric([chat.name], chat.failures)
    yield from (heard, failures)


def _certificate(seen: Snapshot) -> Iterator[Metric]:
    if seen.certificate_ends is not None:
        yield GaugeMetricFamily(
            "tocsin_certificate_expiry_timestamp_seconds",
            "Until when the certificate that signs mails is valid.",
            value=seen.certificate_ends.timestamp(),
        )


def _age(now: datetime, since: datetime | None) -> float:
    return (now - since).total_seconds() if since else 0.0


def _date(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
