"""The outbox: what this service has to say, written in the transaction that made it true."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from shared.clock import first_id_at
from shared.errors import PermanentError
from shared.events import Event
from shared.events.topology import MAX_PAYLOAD_BYTES
from shared.persistence.writes import Writes
from shared.telemetry import traceparent

STORE = """
INSERT INTO outbox (event_id, subject, payload, traceparent)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[])
"""

# Only one relay of a service polls at a time: the others find the lock taken and get no rows.
# Rows younger than $1 are on their way already, in the process that wrote them.
UNPUBLISHED = """
SELECT event_id, subject, payload, traceparent FROM outbox
WHERE published_at IS NULL AND created_at < clock_timestamp() - $1::interval
  AND pg_try_advisory_xact_lock(hashtext('outbox-poll'))
ORDER BY event_id LIMIT $2
"""

MARK = """
UPDATE outbox SET published_at = clock_timestamp(), stream_seq = acknowledged.seq
FROM unnest($1::uuid[], $2::bigint[]) AS acknowledged (event_id, seq)
WHERE outbox.event_id = acknowledged.event_id
"""

BACKLOG = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8
FROM outbox WHERE published_at IS NULL
"""

# The ids begin with their time, so that the primary key finds the old rows.
PRUNE = """
DELETE FROM outbox WHERE event_id IN (
    SELECT event_id FROM outbox
    WHERE event_id < $1 AND published_at < $2 ORDER BY event_id LIMIT $3)
"""


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it travels: subject, bytes and headers."""

    event_id: UUID
    subject: str
    payload: bytes
    traceparent: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Nats-Msg-Id": str(self.event_id), "traceparent": self.traceparent}


def message_of(event: Event, trace: str | None = None) -> Message:
    """Return the event in its form for the way; serialised here, once.

    PermanentError if no stream would take it: the relay would try for ever.
    """
    trace = trace or traceparent(event.event_id, event.correlation_id)
    if len(payload := event.to_bytes()) > MAX_PAYLOAD_BYTES:
        raise PermanentError(f"{event.event_type} is too large for a stream: {len(payload)} bytes")
    return Message(event.event_id, event.subject, payload, trace)


def store(writes: Writes, messages: Sequence[Message]) -> None:
    """Write one row for each message."""
    writes.add(STORE, [(it.event_id, it.subject, it.payload, it.traceparent) for it in messages])


async def unpublished(tx: asyncpg.Connection, older_than: object, limit: int) -> list[Message]:
    """Return messages that were written `older_than` (a timedelta) ago and not published."""
    return [Message(*row) for row in await tx.fetch(UNPUBLISHED, older_than, limit)]


async def mark(tx: asyncpg.Connection, acknowledged: Iterable[tuple[UUID, int]]) -> None:
    """Note that these are published, with the sequence number each has in its stream."""
    pairs = sorted(acknowledged)
    await tx.execute(MARK, [event_id for event_id, _ in pairs], [seq for _, seq in pairs])


async def backlog(tx: asyncpg.Connection) -> tuple[int, float]:
    """Return how many messages wait to be published, and the age of the oldest in seconds."""
    (row,) = await tx.fetch(BACKLOG)
    return row[0], row[1]


async def prune(tx: asyncpg.Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` rows that were published before; return how many."""
    status: str = await tx.execute(PRUNE, first_id_at(before), before, limit)
    return int(status.rpartition(" ")[2])
