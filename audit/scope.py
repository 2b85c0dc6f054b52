"""Which part of the shop's past is looked at."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from shared.events.topology import EVENTS_KEPT

CLOSE_TO_THE_END = timedelta(hours=1)
MARGIN = timedelta(minutes=1)
_SPAN = re.compile(r"(\d+)(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Horizon:
    """Ids before which nothing is looked at, or may be missing."""

    orders: str = ""
    events: str = ""


EVERYTHING = Horizon()


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything, or what began at `since`. Ids begin with their time, so they tell."""

    now: datetime
    since: datetime | None = None

    @classmethod
    def parse(cls, text: str | None, *, now: datetime) -> Self:
        """Read an RFC 3339 time or a span before now (90s, 15m, 2h, 1d); ValueError if neither."""
        if text is None:
            return cls(now)
        if span := _SPAN.fullmatch(text):
            return cls(now, now - timedelta(**{_UNITS[span[2]]: int(span[1])}))
        since = datetime.fromisoformat(text)
        if since.tzinfo is None:
            raise ValueError("a time needs its zone, like 2025-01-31T08:00:00Z")
        return cls(now, since)

    @property
    def events_since(self) -> datetime | None:
        """The first event of an order has an older id than the order."""
        return self.since - MARGIN if self.since else None

    @property
    def orders_after(self) -> UUID:
        """An id that lies before all orders of the scope."""
        return _first_id_at(self.since)

    @property
    def events_after(self) -> UUID:
        """An id that lies before all events of the scope."""
        return _first_id_at(self.events_since)

    def horizon(self, *, forgetting: bool) -> Horizon:
        """Return from where on everything must be known.

        Args:
            forgetting: a stream does not begin with its first message any more.
        """
        scope = self
        if forgetting:
            oldest = self.now - EVENTS_KEPT + CLOSE_TO_THE_END
            scope = replace(self, since=max(oldest, self.since) if self.since else oldest)
        return Horizon(str(scope.orders_after), str(scope.events_after))

    def holds_order(self, order_id: str) -> bool:
        """Tell whether the order belongs to the scope; what has no such id does."""
        return self.since is None or order_id > str(self.orders_after)

    def holds_event(self, event_id: str) -> bool:
        """Tell whether the event belongs to the scope; what has no such id does."""
        return self.since is None or event_id > str(self.events_after)


def _first_id_at(moment: datetime | None) -> UUID:
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << 80 if moment else 0)
