from hypothesis import given
from hypothesis import strategies as st

from assay.watch.schedule import Due, due, next_due, written

HOUR = 3600


def test_the_first_look_is_due_at_once_and_the_next_on_the_grid():
    now = 100 * 24 * HOUR + 8.5 * HOUR
    assert due(now, 6 * HOUR, None) == Due(int(now - 2.5 * HOUR))
    assert due(now, 6 * HOUR, int(now - 2.5 * HOUR)) is None
    assert next_due(now, 6 * HOUR, int(now - 2.5 * HOUR)) == now + 3.5 * HOUR


def test_after_days_asleep_there_is_one_look_and_the_others_are_missed():
    last = 400 * 6 * HOUR
    found = due(last + 30 * HOUR + 17, 6 * HOUR, last)
    assert found == Due(last + 30 * HOUR, last + 6 * HOUR, last + 24 * HOUR, 4)


def test_a_clock_that_went_back_makes_nothing_due():
    last = 400 * 6 * HOUR
    assert due(last - 50 * HOUR, 6 * HOUR, last) is None
    assert next_due(last - 50 * HOUR, 6 * HOUR, last) == last + 6 * HOUR


@given(
    st.lists(st.integers(-50_000, 300_000), min_size=1, max_size=40),
    st.sampled_from([60, 900, 3600, 86400]),
)
def test_whatever_the_clock_does_every_due_time_is_told_once(steps, every):
    now, last, told = 1_000_000_000.0, None, []
    for step in steps:
        now += step
        found = due(now, every, last)
        if found is None:
            continue
        if found.first_missed is not None:
            told += range(found.first_missed, found.last_missed + 1, every)
            assert found.missed == len(range(found.first_missed, found.last_missed + 1, every))
        told.append(found.look)
        last = found.look
        assert found.look <= now
        assert next_due(now, every, last) > now
    assert told == list(range(told[0], told[-1] + 1, every))


def test_changing_the_interval_keeps_the_grid():
    found = due(10 * 86400 + 5, 86400, 9 * 86400 + 7 * HOUR)
    assert found == Due(10 * 86400)
    assert written(0) == "1970-01-01T00:00:00+00:00"
