from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.windows import (
    EPOCH,
    LATEST,
    MAX_WINDOWS,
    USUAL_WINDOWS,
    Span,
    SpanError,
    Window,
    minute_of,
)

NOW = datetime(2025, 1, 31, 10, 20, 30, tzinfo=UTC)
moments = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis wants naive bounds and adds the zone
    datetime(2199, 1, 1),  # noqa: DTZ001
    timezones=st.timezones(),
)
TO_THE_START = {
    Window.MINUTE: {"second": 0, "microsecond": 0},
    Window.HOUR: {"minute": 0, "second": 0, "microsecond": 0},
    Window.DAY: {"hour": 0, "minute": 0, "second": 0, "microsecond": 0},
}


@given(moments, st.sampled_from(Window))
def test_each_moment_lies_in_exactly_one_window_of_utc(at: datetime, window: Window) -> None:
    start = window.start_of(at)
    assert start == at.astimezone(UTC).replace(**TO_THE_START[window])  # type: ignore[arg-type]
    assert start <= at < start + window.width
    assert window.end_of(at) in {start, start + window.width}
    assert window.end_of(at) >= at


@given(moments)
def test_the_fast_minute_is_the_minute(at: datetime) -> None:
    assert minute_of(at) == Window.MINUTE.start_of(at)


def test_a_window_begins_with_its_first_moment_and_ends_before_the_next() -> None:
    day = datetime(2025, 1, 31, tzinfo=UTC)
    assert Window.DAY.start_of(day) == day
    assert Window.DAY.start_of(day - timedelta(microseconds=1)) == day - timedelta(days=1)


def test_a_span_is_widened_to_whole_windows() -> None:
    plus_two = timezone(timedelta(hours=2))
    first = datetime(2025, 1, 31, 10, 30, tzinfo=plus_two)
    last = datetime(2025, 1, 31, 11, 30, tzinfo=plus_two)
    span = Span.covering(Window.HOUR, first=first, last=last, now=NOW)
    assert span.start == datetime(2025, 1, 31, 8, tzinfo=UTC)
    assert span.end == datetime(2025, 1, 31, 10, tzinfo=UTC)


def test_a_span_without_bounds_ends_with_the_window_of_now_and_has_the_usual_length() -> None:
    span = Span.covering(Window.MINUTE, first=None, last=None, now=NOW)
    assert span.end == datetime(2025, 1, 31, 10, 21, tzinfo=UTC)
    assert span.end - span.start == timedelta(days=1)


@pytest.mark.parametrize("window", Window)
def test_the_longest_span_is_allowed_and_one_window_more_is_not(window: Window) -> None:
    last = window.start_of(NOW)
    first = last - MAX_WINDOWS * window.width
    Span.covering(window, first=first, last=last, now=NOW)
    with pytest.raises(SpanError) as refusal:
        Span.covering(window, first=first - window.width, last=last, now=NOW)
    assert refusal.value.field == "from"


@pytest.mark.parametrize(
    ("field", "bounds"),
    [
        ("from", {"first": NOW, "last": NOW - timedelta(days=1)}),
        ("from", {"first": Window.DAY.start_of(NOW), "last": Window.DAY.start_of(NOW)}),
        ("from", {"first": NOW + timedelta(days=1), "last": None}),
        ("from", {"first": EPOCH - timedelta(days=1), "last": NOW}),
        ("to", {"first": None, "last": LATEST}),
        ("to", {"first": None, "last": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))}),
        ("from", {"first": datetime.max.replace(tzinfo=timezone(-timedelta(hours=14)))}),
    ],
)
def test_a_span_that_cannot_be_is_refused_with_the_field_to_blame(
    field: str, bounds: dict[str, datetime | None]
) -> None:
    first, last = bounds.get("first"), bounds.get("last")
    with pytest.raises(SpanError) as refusal:
        Span.covering(Window.DAY, first=first, last=last, now=NOW)
    assert refusal.value.field == field


def test_the_earliest_end_leaves_room_for_a_report_of_the_usual_length() -> None:
    span = Span.covering(Window.DAY, first=None, last=EPOCH + timedelta(days=1), now=NOW)
    assert span.end - span.start == USUAL_WINDOWS * Window.DAY.width
