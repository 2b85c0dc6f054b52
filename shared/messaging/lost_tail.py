"""When the broker forgets: a stream that is shorter than what it acknowledged.

JetStream acknowledges before the disk has it, and a store may be restored from an older copy. The
outbox keeps published rows for a while, each with the sequence number it got. If the newest of
them does not stand in the stream under its number, the tail was lost, and what lies in it is
marked unpublished: the relay's poll says it again, and every inbox knows what it has had.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg
import structlog
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from shared.metrics import RelayMetrics
from shared.persistence.database import KeptConnection

log = structlog.get_logger(__name__)

CHECK_EVERY_S = 3.0
# A loss that reaches further back than so many messages is noticed, but not healed whole.
DEPTH = 200_000

# Out of the newest thousand by id (ids begin with their time), the one furthest in the stream.
NEWEST = """
SELECT event_id, stream_seq FROM (
    SELECT event_id, stream_seq FROM outbox
    WHERE stream_seq IS NOT NULL ORDER BY event_id DESC LIMIT 1000) AS newest
ORDER BY stream_seq DESC LIMIT 1
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

    async def check(self) -> None:
        """Mark as unpublished what the stream has lost.

        Raises:
            DependencyDown: Postgres is away.
            nats.errors.Error: the broker is.
        """
        async with self._connection.transaction() as tx:
            newest = await tx.fetch(NEWEST)
        if not newest or await self._stands(tuple(newest[0])):
            return
        async with self._connection.transaction() as tx:
            kept: list[Row] = [tuple(row) for row in await tx.fetch(KEPT, DEPTH)]
        lost = kept[await self._first_lost(kept) :]
        async with self._connection.transaction() as tx:
            await self._reopen(tx, lost)
        self._metrics.republished.inc(len(lost))
        log.error("relay.lost_tail", stream=self._stream, messages=len(lost), from_seq=lost[0][1])

    async def _stands(self, row: Row) -> bool:
        """Tell whether the stream has the row's event under the row's number."""
        event_id, seq = row
        try:
            message = await self._jetstream().get_msg(self._stream, seq)
        except NotFoundError:
            return False
        return (message.headers or {}).get("Nats-Msg-Id") == str(event_id)

    async def _first_lost(self, kept: Sequence[Row]) -> int:
        """Return the index of the first lost row: before it all stand, after it none does."""
        low, high = 0, len(kept) - 1
        while low < high:
            middle = (low + high) // 2
            if await self._stands(kept[middle]):
                low = middle + 1
            else:
                high = middle
        return low

    async def _reopen(self, tx: asyncpg.Connection, lost: Sequence[Row]) -> None:
        await tx.execute(REOPEN, [event_id for event_id, _ in lost], lost[0][1])
