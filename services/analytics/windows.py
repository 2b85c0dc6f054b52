"""Tumbling windows in UTC: which minute, hour or day an event belongs to, and the span of a report.

A window is half open, `[start, start + width)`, and begins at a whole minute, hour or day of UTC.
An event belongs to the window of its own timestamp, however late it is heard.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Self

from shared.values import value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
MAX_WINDOWS = 10_080
"""The longest report: a week of minutes, 420 days of hours, 27 years of days."""
USUAL_WINDOWS = 1_440
"""A report whose start is not given: a day of minutes, 60 days of hours, four years of days."""


class SpanError(ValueError):
    """The times asked for are no span that a report can have; `field` is the one to blame."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class Window(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"

    @property
    def width(self) -> timedelta:
        return WIDTHS[self]

    def start_of(self, at: datetime) -> datetime:
        """Return the start of the window that `at`, aware, lies in."""
        return EPOCH + (at - EPOCH) // self.width * self.width

    def end_of(self, at: datetime) -> datetime:
        """Return the start of the first window that begins at `at` or later."""
        return EPOCH - (EPOCH - at) // self.width * self.width


WIDTHS = {
    Window.MINUTE: timedelta(minutes=1),
    Window.HOUR: timedelta(hours=1),
    Window.DAY: timedelta(days=1),
}


def minute_of(at: datetime) -> datetime:
    """Return the start of the minute that `at`, aware, lies in; for every event, so it is fast."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)


@value
class Span:
    """Whole windows, `[start, end)`."""

    window: Window
    start: datetime
    end: datetime

    @classmethod
    def covering(
        cls, window: Window, *, first: datetime | None, last: datetime | None, now: datetime
    ) -> Self:
        """Return the whole windows that hold `[first, last)`.

        Without `last`, up to and with the window of `now`; without `first`, as many windows as
        is usual.

        Raises:
            SpanError: a bound is outside 1970 to 2200, or there is no window or are too many.
        """
        _check_bound("from", first)
        _check_bound("to", last)
        end = window.end_of(last) if last else window.start_of(now) + window.width
        start = window.start_of(first) if first else end - USUAL_WINDOWS * window.width
        if start >= end:
            raise SpanError("from", "must be before the end of the report")
        if (end - start) // window.width > MAX_WINDOWS:
            raise SpanError("from", f"leaves more than {MAX_WINDOWS} windows of a {window}")
        return cls(window=window, start=start, end=end)


def _check_bound(field: str, at: datetime | None) -> None:
    if at is not None and not EPOCH <= at < LATEST:
        raise SpanError(field, f"must lie between {EPOCH:%Y} and {LATEST:%Y}")
