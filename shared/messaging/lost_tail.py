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

NUMBER = "SELECT stream_seq FROM outbox WHERE event_id = $1 AND stream_seq IS NOT NULL"

# Out of the newest by id: the one furthest in the stream, and whether two have the same number.
NEWEST = """
WITH newest AS MATERIALIZED (
    SELECT event_id, stream_seq FROM outbox
    WHERE event_id > $1 AND stream_seq IS NOT NULL ORDER BY event_id DESC LIMIT $2)
SELECT event_id, stream_seq,
    EXISTS (SELECT FROM newest GROUP BY stream_seq HAVING count(*) > 1)
FROM newest ORDER BY stream_seq DESC LIMIT 1
"""

KEPT = """
SELECT event_id, stream_seq FROM (
    SELECT event_id, stream_seq FROM outbox
    WHERE stream_seq IS NOT NULL ORDER BY event_id DESC LIMIT $1) AS kept
ORDER BY stream_seq
"""

REOPEN = """
UPDATE outbox SET published_at = NULL, stream_seq = NULL
WHERE event_id = ANY($1) AND stream_seq >= $2
"""

Row = tuple[UUID, int]


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
        self._furthest: UUID | None = None
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
        async with self._connection.transaction() as tx:
            seq = await tx.fetchval(NUMBER, self._furthest)
        return seq is None or await self._stands((self._furthest, seq))

    async def _has_the_newest(self) -> bool:
        since = first_id_at(self._looked_at - LATE)
        async with self._connection.transaction() as tx:
            newest = await tx.fetchrow(NEWEST, since, DEPTH)
        if newest is None:
            return True
        self._furthest, seq, is_taken_twice = newest
        return not is_taken_twice and await self._stands((self._furthest, seq))

    async def _say_again(self) -> None:
        async with self._connection.transaction() as tx:
            kept: list[Row] = [tuple(row) for row in await tx.fetch(KEPT, DEPTH)]
        from_seq = min(kept[await self._first_lost(kept)][1], _first_taken_twice(kept))
        again = [event_id for event_id, seq in kept if seq >= from_seq]
        async with self._connection.transaction() as tx:
            await tx.execute(REOPEN, again, from_seq)
        self._metrics.republished.inc(len(again))
        log.error("relay.lost_tail", stream=self._stream, messages=len(again), from_seq=from_seq)

    async def _stands(self, row: Row) -> bool:
        """Tell whether the stream has the row's event under the row's number."""
        event_id, seq = row
        try:
            message = await self._jetstream().get_msg(self._stream, seq)
        except NotFoundError:
            return False
        return (message.headers or {}).get("Nats-Msg-Id") == str(event_id)

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
    numbers = (seq for _, seq in kept)
    return min((seq for seq, following in pairwise(numbers) if seq == following), default=inf)
