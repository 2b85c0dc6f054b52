"""Which part of the shop's past is looked at."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from shared.events.topology import EVENTS_KEPT

CLOSE_TO_THE_END = timedelta(hours=1)
_SPAN = re.compile(r"(\d+)(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


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
    def after(self) -> UUID:
        """An id that lies before all that belong to the scope."""
        return _first_id_at(self.since) if self.since else UUID(int=0)

    def remembered(self, *, forgetting: bool) -> str:
        """Return an id: of every event with a greater one the streams must still know.

        Args:
            forgetting: a stream does not begin with its first message any more.
        """
        if not forgetting:
            return str(self.after)
        oldest = self.now - EVENTS_KEPT + CLOSE_TO_THE_END
        return max(str(self.after), str(_first_id_at(oldest)))

    def holds(self, some_id: str) -> bool:
        """Tell whether what has this id belongs to the scope; what has no such id does."""
        return self.since is None or some_id > str(self.after)


def _first_id_at(moment: datetime) -> UUID:
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)
