"""Where time and ids come from. Passed into use cases, so that the domain stays pure."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils
from asyncpg.pgproto import pgproto

Clock = Callable[[], datetime]
NewId = Callable[[], UUID]


def utc_now() -> datetime:
    """Return this moment, aware, in UTC."""
    return datetime.now(UTC)


def new_id() -> UUID:
    """Return a UUIDv7: unique anywhere, and sorted by the time it was made (RFC 9562).

    In the form that Postgres's driver gives ids, a subclass of UUID in C: it is made in half the
    time, and its text takes 0.1 µs where the standard library's takes 1.7.
    """
    return pgproto.UUID(uuid_utils.uuid7().bytes)


def first_id_at(moment: datetime) -> UUID:
    """Return the smallest UUIDv7 of that millisecond: older ids sort before it."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
