"""Bugs in the pipeline around the handlers: acknowledging, the inbox, the relay."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

import asyncpg
from nats.errors import MsgAlreadyAckdError

from shared.events import Event
from shared.messaging import inbox, outbox
from shared.messaging.client import EventMsg
from shared.messaging.outbox import Group
from shared.messaging.pipeline import Delivery, Next
from shared.messaging.retry import Settling
from shared.messaging.together import DecidedTogether
from shared.persistence.writes import Writes

NEWEST = "SELECT coalesce(max(group_id::text), '')::text FROM outbox_groups"
BEHIND = """
SELECT group_id, event_ids, subjects, payloads, traceparents, stream_seqs FROM outbox_groups
WHERE group_id::text > $1 ORDER BY group_id LIMIT $2
"""


def ack_before_commit() -> None:
    """The message is settled before its effect is: who dies in between has lost it."""
    settle = Settling.__call__

    async def acknowledge_first(self: Settling, delivery: Delivery, following: Next) -> None:
        await delivery.msg.ack()
        with suppress(MsgAlreadyAckdError):
            await settle(self, delivery, following)

    decide = DecidedTogether.__call__

    async def acknowledge_all_first(self: DecidedTogether, batch: Sequence[EventMsg]) -> None:
        batch[0].client.acknowledge(batch)
        await decide(self, batch)

    Settling.__call__ = acknowledge_first  # type: ignore[method-assign]  # planted
    DecidedTogether.__call__ = acknowledge_all_first  # type: ignore[method-assign]  # planted


def inbox_row_dropped() -> None:
    """Every event is new, for ever."""

    async def known(_tx: asyncpg.Connection, _events: Iterable[Event]) -> set[int]:
        return set()

    def store(_writes: Writes, _events: Iterable[Event]) -> None:
        pass

    inbox.known = known  # type: ignore[assignment]  # planted
    inbox.store = store  # type: ignore[assignment]  # planted


def relay_with_cursor() -> None:
    """The poll goes on after the last id it saw, instead of taking what is not yet published."""
    cursor: str | None = None

    async def behind_cursor(tx: asyncpg.Connection, _older_than: object, limit: int) -> list[Group]:
        nonlocal cursor
        if cursor is None:
            cursor = await tx.fetchval(NEWEST)
        groups = [Group.stored(row) for row in await tx.fetch(BEHIND, cursor, limit)]
        cursor = str(groups[-1].group_id) if groups else cursor
        return groups

    outbox.unpublished = behind_cursor  # type: ignore[assignment]  # planted
