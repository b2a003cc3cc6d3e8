"""How fast Telegram is written to, on a clock the test moves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.pacing import Bucket, Pace, Rate
from bot.channels.telegram.patience import Patience, backoff


class Time:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


@given(st.lists(st.floats(0, 5), min_size=1, max_size=200), st.floats(0.5, 30), st.integers(1, 30))
def test_in_no_stretch_of_time_more_goes_out_than_the_rate_and_one_burst(
    gaps: list[float], a_second: float, burst: int
) -> None:
    bucket, now, sent = Bucket(Rate(a_second, burst), 0.0), 0.0, list[float]()
    for gap in gaps:
        now += gap
        sent.append(now + bucket.take(now))
    for first in range(0, len(sent), 7):
        for last in range(first, len(sent)):
            count, seconds = last - first + 1, sent[last] - sent[first]
            assert count <= burst + a_second * seconds + 1e-6 * count + 1


async def test_a_chat_may_burst_and_is_then_written_to_once_a_second() -> None:
    time = Time()
    pace = Pace(time.now, time.sleep, Rate(1, 3), Rate(30, 30))
    moments = []
    for _ in range(6):
        await pace.turn(1)
        moments.append(time.at)
    assert moments == [0, 0, 0, 1, 2, 3]


async def test_one_chat_does_not_slow_another_down() -> None:
    time = Time()
    pace = Pace(time.now, time.sleep, Rate(1, 1), Rate(30, 30))
    await pace.turn(1)
    await pace.turn(2)
    await pace.turn(3)
    assert time.at == 0


async def test_all_chats_together_keep_to_thirty_a_second() -> None:
    time = Time()
    pace = Pace(time.now, time.sleep)
    for chat in range(90):
        await pace.turn(chat)
    assert time.at == pytest.approx(2.0)


def test_each_wait_is_longer_up_to_a_bound() -> None:
    waits = [backoff(attempt) for attempt in range(1, 40)]
    assert waits == sorted(waits)
    assert waits[1] > waits[0] > 0
    assert waits[-1] <= 30


async def test_success_makes_the_next_wait_short_again() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    patience = Patience(sleep)
    await patience.after_failure()
    await patience.after_failure()
    patience.relax()
    await patience.after_failure()
    assert waits[1] > waits[0] == waits[2]
