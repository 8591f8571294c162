"""When things run. APScheduler says when, rows say what: a restart loses nothing.

Every job is short, does what the rows say is waiting, and may run twice without harm. A
leased job runs in one process at a time, however many processes and hosts there are.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.domain.clock import system_clock
from bot.store import Database, leases
from bot.store.wakeup import Topic

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=1)  # renewed meanwhile; after a crash, others wait no longer than that


@dataclass(frozen=True, slots=True)
class Job:
    """Something done every so often, and at once when ``topic`` is rung. ``leased``: by one
    process at a time."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]
    leased: bool = False
    topic: Topic | None = None


class Jobs:
    """Runs jobs until it is told to stop; a job that fails is logged and tried again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder = uuid.uuid4()

    async def run(self, jobs: Sequence[Job], stop: asyncio.Event) -> None:
        """Run each job now, then at its pace; return once ``stop`` is set and all are idle."""
        running: set[asyncio.Task[None]] = set()

        turns = {job.name: asyncio.Lock() for job in jobs}

        async def tracked(job: Job) -> None:
            task = asyncio.ensure_future(self._in_turn(job, turns[job.name]))
            running.add(task)
            task.add_done_callback(running.discard)
            await asyncio.shield(task)  # the scheduler cancels; the work ends by itself

        scheduler = AsyncIOScheduler(
            executors={"default": AsyncIOExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        scheduler.add_listener(_say_failure, EVENT_JOB_ERROR)
        for job in jobs:
            scheduler.add_job(
                tracked,
                "interval",
                [job],
                seconds=job.every.total_seconds(),
                id=job.name,
                next_run_time=system_clock(),
            )
        scheduler.start()
        called = [asyncio.create_task(self._called(job, tracked)) for job in jobs if job.topic]
        await stop.wait()
        scheduler.shutdown(wait=False)
        for task in called:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _in_turn(self, job: Job, turn: asyncio.Lock) -> None:
        """The clock and the bell may call at once: one runs after the other."""
        async with turn:
            await self.once(job)

    async def _called(self, job: Job, run: Callable[[Job], Awaitable[None]]) -> None:
        """Run a job whenever its topic is rung."""
        bell = asyncio.Event()
        if job.topic is not None:
            self._database.bells.on(job.topic, bell.set)
        while True:
            await bell.wait()
            bell.clear()
            (failed,) = await asyncio.gather(run(job), return_exceptions=True)
            if isinstance(failed, Exception):
                log.error("job failed", job=job.name, error=repr(failed))
            elif failed is not None:
                raise failed

    async def once(self, job: Job) -> bool:
        """Run a job now; False when another process is doing it."""
        if not job.leased:
            await job.run()
            return True
        name = f"job:{job.name}"
        if not await self._database.run(leases.take, name, self._holder, life=LEASE):
            return False
        keeper = asyncio.create_task(self._keep(name))
        try:
            await job.run()
        finally:
            keeper.cancel()
            await self._database.run(leases.release, name, self._holder)
        return True

    async def _keep(self, name: str) -> None:
        """Renew a lease while its job runs."""
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            if not await self._database.run(leases.take, name, self._holder, life=LEASE):
                log.error("lease lost", lease=name)
                return


def _say_failure(event: JobExecutionEvent) -> None:
    log.error("job failed", job=event.job_id, error=repr(event.exception))
