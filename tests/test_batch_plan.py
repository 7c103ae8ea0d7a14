"""What a batch does next, and how much a model may be asked for: decisions without any doing."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from unified_video import Task, TaskState, models
from unified_video.batch._limits import Limit, limit_of
from unified_video.batch._plan import Create, Done, Download, Item, Retrieve, Sleep, next_step

ONE = {"m": Limit(slots=1, per_minute=60)}
WAITING = Item("w", "m", "new")
RUNNING = Item("r", "m", "running", due=5.0, task=Task("cgt-1"))
SUCCEEDED = Item(
    "s", "m", "succeeded", due=6.0, task=Task("cgt-2", "SUCCESS", TaskState.SUCCEEDED, video_url="https://x.invalid/v")
)


def test_nothing_is_left_to_do() -> None:
    assert next_step([], 0.0, ONE) == Done()


def test_what_waits_is_created_where_a_slot_is_free() -> None:
    assert next_step([WAITING], 1.0, ONE) == Create("w")
    assert next_step([WAITING, replace(RUNNING, due=9.0)], 1.0, ONE) == Sleep(8.0)
    assert next_step([WAITING, replace(RUNNING, due=9.0)], 1.0, {"m": Limit(2, 60)}) == Create("w")


def test_what_waits_is_created_when_the_pace_allows() -> None:
    assert next_step([WAITING], 1.0, {"m": Limit(1, 60, opens=3.5)}) == Sleep(2.5)


def test_what_is_due_first_is_done_first() -> None:
    assert next_step([RUNNING, SUCCEEDED], 7.0, ONE) == Retrieve("r")
    assert next_step([RUNNING, SUCCEEDED], 4.0, ONE) == Sleep(1.0)
    assert next_step([SUCCEEDED], 7.0, ONE) == Download("s")


def test_a_succeeded_row_whose_link_is_not_known_is_asked_for() -> None:
    assert next_step([replace(SUCCEEDED, task=Task("cgt-2"))], 7.0, ONE) == Retrieve("s")


def test_a_succeeded_row_has_no_slot() -> None:
    assert next_step([WAITING, replace(SUCCEEDED, due=9.0)], 1.0, ONE) == Create("w")


def test_what_is_in_hand_is_waited_for() -> None:
    busy = replace(RUNNING, busy=True)
    assert next_step([busy], 9.0, ONE) == Sleep(math.inf)
    assert next_step([busy, WAITING], 9.0, ONE) == Sleep(math.inf)


def test_an_uncertain_row_keeps_its_slot_for_its_time() -> None:
    held = Item("u", "m", "uncertain", due=100.0)
    assert next_step([held, WAITING], 1.0, ONE) == Sleep(99.0)
    assert next_step([held, WAITING], 100.0, ONE) == Create("w")
    assert next_step([held], 1.0, ONE) == Done()


def test_what_is_not_near_is_left_where_the_batch_is_to_stop() -> None:
    assert next_step([RUNNING], 1.0, ONE, closing=4.0) == Done()
    assert next_step([RUNNING], 5.0, ONE, closing=5.0) == Retrieve("r")
    assert next_step([RUNNING, replace(SUCCEEDED, busy=True)], 1.0, ONE, closing=4.0) == Sleep(math.inf)


@pytest.mark.parametrize("per_minute", [1, 7, 60, 300, 600])
def test_no_minute_ever_holds_more_creates_than_it_may(per_minute: int) -> None:
    limit, now, sent = Limit(1, per_minute), 1000.0, list[float]()
    while len(sent) < 3 * per_minute + 3:
        # Late by up to a second now and then, as a slow machine would be.
        now = max(now, limit.opens) + (len(sent) % 5 == 0) * 0.9
        sent.append(now)
        limit = limit.sent(now)
    for first in sent:
        assert sum(first <= moment < first + 60.0 for moment in sent) <= per_minute


def test_the_pace_is_kept_where_steps_come_late() -> None:
    limit, now = Limit(1, 600), 100.0
    for _ in range(600):
        now = max(now, limit.opens) + 0.03
        limit = limit.sent(now)
    assert now - 100.0 < 63.0


def test_a_refusal_halves_the_pace_and_each_create_gives_a_little_back() -> None:
    limit = Limit(1, 60).slowed(now=10.0, sent_at=9.0, retry_after=None)
    assert (limit.pace, limit.opens, limit.refused) == (0.5, 11.0, 1)
    assert limit.sent(11.0).opens == pytest.approx(11.0 + 2 * 61 / 60)
    again = limit.slowed(now=20.0, sent_at=19.0, retry_after=None)
    assert (again.pace, again.opens) == (0.25, 22.0)
    for _ in range(15):
        again = again.answered()
    assert (again.pace, again.refused) == (1.0, 0)


def test_retry_after_is_kept_where_it_is_longer() -> None:
    assert Limit(1, 60).slowed(now=10.0, sent_at=9.0, retry_after=90.0).opens == 100.0
    assert Limit(1, 60).slowed(now=10.0, sent_at=9.0, retry_after=0.1).opens == 11.0


def test_creates_that_were_on_their_way_together_slow_down_once() -> None:
    limit = Limit(8, 60).slowed(now=10.0, sent_at=9.0, retry_after=None)
    other = limit.slowed(now=10.1, sent_at=9.1, retry_after=5.0)
    assert (other.pace, other.refused, other.opens) == (0.5, 1, 15.1)


def test_the_pace_has_a_bottom_and_the_pause_a_top() -> None:
    limit = Limit(1, 60)
    for number in range(20):
        limit = limit.slowed(now=number * 100.0, sent_at=number * 100.0, retry_after=None)
    assert limit.pace == 1 / 64
    assert limit.opens == 1960.0


def test_limits_are_the_documents_or_lower() -> None:
    known = models()[0]
    assert (known.max_concurrent, known.requests_per_minute) == (10, 600)
    assert limit_of(known.id) == Limit(10, 600)
    assert limit_of(known.id, 3, 60) == Limit(3, 60)
    assert limit_of(known.id, 30, 6000) == Limit(10, 600)
    assert limit_of("of a newer time") == Limit(5, 300)
