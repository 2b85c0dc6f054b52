"""When the broker forgets: a stream that is shorter than what it acknowledged.

JetStream acknowledges before the disk has it, and a store may be restored from an older copy. The
outbox keeps published rows for a while, each with the sequence number it got. The tail was lost

- if the row that was the furthest at the last look stands no more in the stream under its number,
- if the one that is the furthest now does not, or
- if two that came since have the same number: the stream has grown past its former end meanwhile,
  and what is published now takes the places of what was lost.

So it does not matter how much is published between the broker's return and the next look.

What lies behind the first loss is marked unpublished: the relay's poll says it again, the stream
drops what it has already, and every inbox knows what it has had.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf
from typing import NamedTuple
from uuid import UUID

import structlog
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from shared.clock import first_id_at, utc_now
from shared.metrics import RelayMetrics
from shared.persistence.database import KeptConnection

log = structlog.get_logger(__name__)

CHECK_EVERY_S = 3.0
# A loss that reaches further back than so many messages is noticed, but not healed whole.
DEPTH = 200_000

# Ids begin with their time. A row may be published so long after its id was made, without an
# outage; and clocks differ.
LATE = timedelta(seconds=20)
EVER = datetime(1970, 1, 2, tzinfo=UTC)

NUMBER = """
SELECT seq FROM outbox_groups, unnest(event_ids, stream_seqs) AS said (event_id, seq)
WHERE group_id = $1 AND event_id = $2 AND seq IS NOT NULL
"""

# Out of the newest by id: the one furthest in the stream, and whether two have the same number.
NEWEST = """
WITH newest AS MATERIALIZED (
    SELECT group_id, event_id, seq
    FROM outbox_groups, unnest(event_ids, stream_seqs) AS said (event_id, seq)
    WHERE group_id > $1 AND seq IS NOT NULL ORDER BY group_id DESC LIMIT $2)
SELECT group_id, event_id, seq, EXISTS (SELECT FROM newest GROUP BY seq HAVING count(*) > 1)
FROM newest ORDER BY seq DESC LIMIT 1
"""

KEPT = """
SELECT group_id, event_id, seq FROM (
    SELECT group_id, event_id, seq
    FROM outbox_groups, unnest(event_ids, stream_seqs) AS said (event_id, seq)
    WHERE seq IS NOT NULL ORDER BY group_id DESC LIMIT $1) AS kept
ORDER BY seq
"""

# What stands before the loss keeps its number: only what has none is said again.
REOPEN = """
UPDATE outbox_groups SET published_at = NULL, stream_seqs = (
    SELECT array_agg(CASE WHEN seq < $2 THEN seq END ORDER BY place)
    FROM unnest(stream_seqs) WITH ORDINALITY AS had (seq, place))
WHERE group_id = ANY($1) AND $2 <= ANY(stream_seqs)
"""


class Row(NamedTuple):
    """A message that was acknowledged: its group, its id, and its number in the stream."""

    group_id: UUID
    event_id: UUID
    seq: int


class LostTail:
    """Looks every few seconds whether a stream still has what it acknowledged to this service."""

    def __init__(
        self,
        connection: KeptConnection,
        stream: str,
        jetstream: Callable[[], JetStreamContext],
        metrics: RelayMetrics,
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._jetstream = jetstream
        self._metrics = metrics
        self._furthest: Row | None = None
        self._looked_at = EVER

    async def check(self) -> None:
        """Mark as unpublished what the stream has lost.

        Raises:
            DependencyDown: Postgres is away.
            nats.errors.Error: the broker is.
        """
        now = utc_now()
        if await self._has_the_last() and await self._has_the_newest():
            self._looked_at = now
        else:
            self._furthest = None
            await self._say_again()

    async def _has_the_last(self) -> bool:
        """Tell whether what was the furthest at the last look stands, if it is still kept.

        Another replica may have noticed the loss before: then the row has no number, or a new one.
        """
        if self._furthest is None:
            return True
        async with self._connection.statements() as db:
            seq = await db.fetchval(NUMBER, self._furthest.group_id, self._furthest.event_id)
        return seq is None or await self._stands(self._furthest._replace(seq=seq))

    async def _has_the_newest(self) -> bool:
        since = first_id_at(self._looked_at - LATE)
        async with self._connection.statements() as db:
            newest = await db.fetchrow(NEWEST, since, DEPTH)
        if newest is None:
            return True
        *furthest, is_taken_twice = newest
        self._furthest = Row(*furthest)
        return not is_taken_twice and await self._stands(self._furthest)

    async def _say_again(self) -> None:
        async with self._connection.statements() as db:
            kept = [Row(*row) for row in await db.fetch(KEPT, DEPTH)]
        from_seq = min(kept[await self._first_lost(kept)].seq, _first_taken_twice(kept))
        again = [row for row in kept if row.seq >= from_seq]
        async with self._connection.statements() as db:
            await db.execute(REOPEN, {row.group_id for row in again}, from_seq)
        self._metrics.republished.inc(len(again))
        log.error("relay.lost_tail", stream=self._stream, messages=len(again), from_seq=from_seq)

    async def _stands(self, row: Row) -> bool:
        """Tell whether the stream has the row's event under the row's number."""
        try:
            message = await self._jetstream().get_msg(self._stream, row.seq)
        except NotFoundError:
            return False
        return (message.headers or {}).get("Nats-Msg-Id") == str(row.event_id)

    async def _first_lost(self, kept: Sequence[Row]) -> int:
        """Return the index of the first lost row, where all before it stand and none after."""
        low, high = 0, len(kept) - 1
        while low < high:
            middle = (low + high) // 2
            if await self._stands(kept[middle]):
                low = middle + 1
            else:
                high = middle
        return low


def _first_taken_twice(kept: Sequence[Row]) -> float:
    """Return the lowest sequence number that two rows have; infinite if none has."""
    numbers = (row.seq for row in kept)
    return min((seq for seq, following in pairwise(numbers) if seq == following), default=inf)
