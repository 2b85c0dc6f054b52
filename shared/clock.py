"""Where time and ids come from. Passed into use cases, so that the domain stays pure."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

Clock = Callable[[], datetime]
NewId = Callable[[], UUID]


def utc_now() -> datetime:
    """Return this moment, aware, in UTC."""
    return datetime.now(UTC)


def new_id() -> UUID:
    """Return a UUIDv7: unique anywhere, and sorted by the time it was made (RFC 9562)."""
    return uuid7()


def first_id_at(moment: datetime) -> UUID:
    """Return the smallest UUIDv7 of that millisecond: older ids sort before it."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
