"""The inbox: which events this service has consumed. It decides; Redis only saves the trip."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import asyncpg

from shared.clock import first_id_at
from shared.events import Event

# Each id is inserted once, whoever comes first; those that come back are new to this service.
# Ids are sorted, so that two replicas that were given the same events cannot deadlock.
CLAIM = """
INSERT INTO inbox (event_id, subject)
SELECT * FROM unnest($1::uuid[], $2::text[]) AS heard (event_id, subject) ORDER BY event_id
ON CONFLICT (event_id) DO NOTHING
RETURNING event_id
"""

# A UUIDv7 begins with its time, so that the primary key finds the old ones.
PRUNE = """
DELETE FROM inbox WHERE event_id IN (
    SELECT event_id FROM inbox
    WHERE event_id < $1 AND consumed_at < $2 ORDER BY event_id LIMIT $3)
"""


async def claim(tx: asyncpg.Connection, events: Iterable[Event]) -> set[UUID]:
    """Write the events' rows, and return the ids of those that were not there before."""
    heard = {event.event_id: event.subject for event in events}
    if not heard:
        return set()
    rows = await tx.fetch(CLAIM, list(heard), list(heard.values()))
    return {row[0] for row in rows}


async def prune(tx: asyncpg.Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` rows of events that were made and consumed before; return how many."""
    status: str = await tx.execute(PRUNE, first_id_at(before), before, limit)
    return int(status.rpartition(" ")[2])
