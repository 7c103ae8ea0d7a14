"""The queue before the connections: who gets one, and when; nothing sleeps, and nothing is sent."""

from __future__ import annotations

from threading import Event

import pytest

from unified_video._io import lanes as _lanes
from unified_video._io.lanes import Lanes, Shared, Turn

Queue = Lanes[list[int], Event]


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Queue:
    """Two lanes at most, of which one is kept."""
    monkeypatch.setattr(_lanes, "MOST", 2)
    monkeypatch.setattr(_lanes, "IDLE", 1)
    return Lanes(list, Event)


def entered(queue: Queue, *, first: bool = False) -> Turn[list[int], Event]:
    turn: Turn[list[int], Event] = Turn(first=first)
    queue.enter(turn)
    return turn


def has_lane(turn: Turn[list[int], Event]) -> bool:
    assert turn.lane is None or turn.event is None or turn.event.is_set()
    return turn.lane is not None


def test_never_more_are_served_than_there_are_lanes(two: Queue) -> None:
    turns = [entered(two) for _ in range(5)]
    assert [has_lane(turn) for turn in turns] == [True, True, False, False, False]
    assert len(two._all) == 2
    assert turns[0].lane is not turns[1].lane


def test_who_came_first_is_served_first(two: Queue) -> None:
    turns = [entered(two) for _ in range(5)]
    for number, turn in enumerate(turns):
        assert [has_lane(each) for each in turns[number:]] == [True, True, False, False, False][: 5 - number]
        two.leave(turn)


def test_a_create_goes_before_all_queries(two: Queue) -> None:
    held = [entered(two), entered(two)]
    queries = [entered(two) for _ in range(1000)]
    create = entered(two, first=True)
    two.leave(held[0])
    assert has_lane(create)
    assert not any(has_lane(query) for query in queries)
    two.leave(create)
    assert [has_lane(query) for query in queries[:2]] == [True, False]


def test_who_leaves_the_queue_is_passed_over(two: Queue) -> None:
    turns = [entered(two) for _ in range(4)]
    two.leave(turns[2])
    two.leave(turns[0])
    assert (has_lane(turns[2]), has_lane(turns[3])) == (False, True)


def test_who_leaves_when_its_turn_has_just_come_hands_the_lane_on(two: Queue) -> None:
    turns = [entered(two) for _ in range(4)]
    two.leave(turns[0])
    assert has_lane(turns[2])
    two.leave(turns[2])  # cancelled before it did anything
    assert has_lane(turns[3])


def test_to_leave_twice_gives_nothing_away_twice(two: Queue) -> None:
    turn = entered(two)
    assert two.leave(turn) is None
    assert two.leave(turn) is None
    assert entered(two).lane is not entered(two).lane


def test_a_lane_that_nobody_needs_is_to_be_closed(two: Queue) -> None:
    turns = [entered(two), entered(two)]
    assert two.leave(turns[0]) is None
    assert two.leave(turns[1]) == []
    assert len(two._all) == 1


def test_the_lane_that_was_used_last_is_used_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lanes, "MOST", 3)
    queue: Queue = Lanes(list, Event)
    turns = [entered(queue) for _ in range(3)]
    last = turns[1].lane
    for turn in (turns[0], turns[2], turns[1]):
        queue.leave(turn)
    assert entered(queue).lane is last


def test_a_queue_of_many_is_left_from_its_middle_at_once(two: Queue) -> None:
    turns = [entered(two) for _ in range(20_000)]
    for turn in reversed(turns[2:]):  # as the square of their number, this would take minutes
        two.leave(turn)
    two.leave(turns[0])
    assert has_lane(entered(two))


def test_what_cannot_be_made_shows_before_anybody_queues() -> None:
    def broken() -> list[int]:
        raise ImportError("SOCKS")

    with pytest.raises(ImportError):
        Lanes(broken, Event)


def test_a_transport_of_the_users_own_has_no_queue_and_is_not_closed_here() -> None:
    lane: list[int] = []
    shared: Shared[list[int], Event] = Shared(lane)
    turns: list[Turn[list[int], Event]] = [Turn(first=False) for _ in range(1000)]
    for turn in turns:
        shared.enter(turn)
    assert all(turn.lane is lane for turn in turns)
    shared.leave(turns[0])
    assert shared.close() == []
