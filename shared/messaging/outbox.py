"""The outbox: what this service has to say, written in the transaction that made it true."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from uuid import UUID

import asyncpg

from shared.clock import first_id_at
from shared.errors import PermanentError
from shared.events import Event
from shared.events.topology import MAX_PAYLOAD_BYTES
from shared.persistence.writes import Writes
from shared.telemetry import traceparent
from shared.values import value

# One row for all that a group says. A row each took 2 µs of Postgres more a message, and its mark,
# which copied the payload, 7 µs more (ADR 0012).
STORE = """
INSERT INTO outbox_groups (group_id, event_ids, subjects, payloads, traceparents)
VALUES (($1::uuid[])[1], $1::uuid[], $2::text[], $3::bytea[], $4::text[])
"""

# Only one relay of a service polls at a time: the others find the lock taken and get no rows.
# Groups younger than $1 are on their way already, in the process that wrote them. A look takes
# whole groups, until they have $2 messages.
UNPUBLISHED = """
SELECT group_id, event_ids, subjects, payloads, traceparents, stream_seqs FROM (
    SELECT *, sum(cardinality(event_ids)) OVER (ORDER BY group_id) AS so_far FROM (
        SELECT * FROM outbox_groups
        WHERE published_at IS NULL AND created_at < clock_timestamp() - $1::interval
          AND pg_try_advisory_xact_lock(hashtext('outbox-poll'))
        ORDER BY group_id LIMIT $2) AS oldest) AS counted
WHERE so_far - cardinality(event_ids) < $2 ORDER BY group_id
"""

# Each group has its part of the numbers in $4.
MARK = """
UPDATE outbox_groups
SET published_at = clock_timestamp(), stream_seqs = ($4::bigint[])[said.first:said.last]
FROM unnest($1::uuid[], $2::int[], $3::int[]) AS said (group_id, first, last)
WHERE outbox_groups.group_id = said.group_id
"""

BACKLOG = """
SELECT coalesce(sum(cardinality(event_ids)), 0)::bigint,
    coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8
FROM outbox_groups WHERE published_at IS NULL
"""

# The ids begin with their time, so that the primary key finds the old rows.
PRUNE = """
DELETE FROM outbox_groups WHERE group_id IN (
    SELECT group_id FROM outbox_groups
    WHERE group_id < $1 AND published_at < $2 ORDER BY group_id LIMIT $3)
"""


@value
class Message:
    """An event as it travels: subject, bytes and headers."""

    event_id: UUID
    subject: str
    payload: bytes
    traceparent: str

    @property
    def headers(self) -> bytes:
        """As NATS wants them: a first line, a line each, and an empty one."""
        lines = f"Nats-Msg-Id: {self.event_id}\r\ntraceparent: {self.traceparent}\r\n"
        return f"NATS/1.0\r\n{lines}\r\n".encode()


@dataclass(slots=True)
class Group:
    """What one commit has to say, as its row has it.

    `seqs` has each message's number in its stream, None until the broker has acknowledged it; the
    keys are the event ids as numbers: a UUID hashes and compares itself in Python. `messages` are
    those without a number.
    """

    group_id: UUID
    messages: list[Message]
    seqs: dict[int, int | None]

    @classmethod
    def of(cls, messages: Sequence[Message]) -> "Group":
        """Return the group that `store` made of these."""
        ids = (message.event_id.int for message in messages)
        return cls(messages[0].event_id, list(messages), dict.fromkeys(ids))

    @classmethod
    def stored(cls, row: asyncpg.Record) -> "Group":
        """Return the group of a row, with its columns as in `UNPUBLISHED`."""
        group_id, event_ids, *columns, stream_seqs = row
        seqs = stream_seqs or [None] * len(event_ids)
        every = map(Message, event_ids, *columns)
        missing = [it for it, seq in zip(every, seqs, strict=True) if seq is None]
        ids = (event_id.int for event_id in event_ids)
        return cls(group_id, missing, dict(zip(ids, seqs, strict=True)))


def message_of(event: Event, trace: str | None = None) -> Message:
    """Return the event in its form for the way; serialised here, once.

    PermanentError if no stream would take it: the relay would try for ever.
    """
    trace = trace or traceparent(event.event_id, event.correlation_id)
    if len(payload := event.to_bytes()) > MAX_PAYLOAD_BYTES:
        raise PermanentError(f"{event.event_type} is too large for a stream: {len(payload)} bytes")
    return Message(event.event_id, event.subject, payload, trace)


def store(writes: Writes, messages: Sequence[Message]) -> None:
    """Write one row for all these messages, a `Group`."""
    writes.add(STORE, [(it.event_id, it.subject, it.payload, it.traceparent) for it in messages])


async def unpublished(tx: asyncpg.Connection, older_than: object, limit: int) -> list[Group]:
    """Return groups that were written `older_than` (a timedelta) ago and not published.

    They have `limit` messages or, with the last group, a few more.
    """
    return [Group.stored(row) for row in await tx.fetch(UNPUBLISHED, older_than, limit)]


async def mark(tx: asyncpg.Connection, acknowledged: Iterable[Group]) -> None:
    """Note that these are published, with the sequence number each message has in its stream."""
    groups = sorted(acknowledged, key=lambda group: group.group_id.int)
    lasts = list(accumulate(len(group.seqs) for group in groups))
    firsts = [last - len(group.seqs) + 1 for group, last in zip(groups, lasts, strict=True)]
    seqs = [seq for group in groups for seq in group.seqs.values()]
    await tx.execute(MARK, [group.group_id for group in groups], firsts, lasts, seqs)


async def backlog(tx: asyncpg.Connection) -> tuple[int, float]:
    """Return how many messages wait, by whole groups, and the age of the oldest in seconds."""
    (row,) = await tx.fetch(BACKLOG)
    return row[0], row[1]


async def prune(tx: asyncpg.Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` groups that were published before; return how many."""
    status: str = await tx.execute(PRUNE, first_id_at(before), before, limit)
    return int(status.rpartition(" ")[2])
