"""When what is wrong with Tocsin itself is told, told again, and said to be over.

The operator's attention is a budget too: a problem that heals by itself is not told, one that
lasts is told again ever more rarely, and one that comes and goes is told a few times a day at
most, whatever the pace at which it is looked at.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MEMORY = timedelta(days=1)  # a problem that comes back within it is the same one
GROWTH = 4  # of the time to be well, each time a problem came back


@dataclass(frozen=True, slots=True)
class Damping:
    """How long a problem holds before it is told.

    Args:
        after: from when it is seen until it is told.
        over_after: from when it is gone until its end is told; :data:`GROWTH` times longer
            each time it came back within a day, a day at most.
        again: between the first message and the second, then doubled.
        longest: the most between two messages.
    """

    after: timedelta = timedelta(minutes=5)
    over_after: timedelta = timedelta(minutes=30)
    again: timedelta = timedelta(days=1)
    longest: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Course:
    """The course of a problem.

    Args:
        begun_at: when it was first seen, this time.
        told_at: when it was last told; None before.
        times: how often it was told since it began.
        well_since: since when it is not seen; None while it is.
        relapses: how often it came back within a day of its end.
        closed_at: when its end was told, or when it went without having been told.
    """

    begun_at: datetime
    told_at: datetime | None = None
    times: int = 0
    well_since: datetime | None = None
    relapses: int = 0
    closed_at: datetime | None = None


class Step(StrEnum):
    """What is told now."""

    NOTHING = "nothing"
    BEGUN = "begun"
    AGAIN = "again"
    OVER = "over"


def seen(course: Course | None, damping: Damping, now: datetime) -> tuple[Course, Step]:
    """What becomes of a problem that is there; ``course`` is None when it is new."""
    if course is None:
        course = Course(now)
    elif course.closed_at is not None:
        course = Course(now, relapses=course.relapses + (course.times > 0))
    course = dataclasses.replace(course, well_since=None)
    if course.told_at is None:
        due, step = course.begun_at + damping.after, Step.BEGUN
    else:
        pause = min(damping.again * (1 << min(course.times - 1, 16)), damping.longest)
        due, step = course.told_at + pause, Step.AGAIN
    if now < due:
        return course, Step.NOTHING
    return dataclasses.replace(course, told_at=now, times=course.times + 1), step


def gone(course: Course, damping: Damping, now: datetime) -> tuple[Course, Step]:
    """What becomes of a problem that is not there any more."""
    if course.told_at is None:
        return dataclasses.replace(course, closed_at=now), Step.NOTHING
    since = course.well_since or now
    pause = min(damping.over_after * GROWTH ** min(course.relapses, 16), MEMORY)
    if now - since < pause:
        return dataclasses.replace(course, well_since=since), Step.NOTHING
    return dataclasses.replace(course, well_since=since, closed_at=now), Step.OVER
