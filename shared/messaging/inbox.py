"""The inbox: which events this service has consumed. It decides; Redis only saves the trip."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from shared.clock import first_id_at
from shared.events import Event
from shared.persistence.writes import Writes

# Fails if one of them is there: then all that the transaction did is taken back. Ids are sorted, so
# that two replicas that were given the same events cannot deadlock.
STORE = """
INSERT INTO inbox (event_id, subject)
SELECT unnest($1::uuid[]) AS event_id, unnest($2::text[]) AS subject ORDER BY event_id
"""

KNOWN = "SELECT event_id FROM inbox WHERE event_id = ANY($1::uuid[])"

# A UUIDv7 begins with its time, so that the primary key finds the old ones.
PRUNE = """
DELETE FROM inbox WHERE event_id IN (
    SELECT event_id FROM inbox
    WHERE event_id < $1 AND consumed_at < $2 ORDER BY event_id LIMIT $3)
"""


def store(writes: Writes, events: Sequence[Event]) -> None:
    """Write the events' rows with the rest, in the hope that none was consumed before."""
    writes.add(STORE, [(event.event_id, event.subject) for event in events])


async def known(tx: asyncpg.Connection, events: Sequence[Event]) -> set[int]:
    """Return the ids of those events that were consumed before.

    As numbers: a UUID hashes and compares itself in Python, three times for each event here.
    """
    if not events:
        return set()
    return {row[0].int for row in await tx.fetch(KNOWN, [event.event_id for event in events])}


async def prune(tx: asyncpg.Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` rows of events that were made and consumed before; return how many."""
    status: str = await tx.execute(PRUNE, first_id_at(before), before, limit)
    return int(status.rpartition(" ")[2])
