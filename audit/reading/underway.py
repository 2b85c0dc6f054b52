"""What is under way: asked of the broker and of every database."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import asyncpg
from nats.aio.client import Client
from nats.errors import Error as NatsError

from audit.drain import Look, Waiting
from audit.stack import StackError
from audit.violations import Invariant
from shared.events.topology import REPLAYS, STREAMS, SUBSCRIPTIONS

TIMEOUT_S = 10.0
DURABLES = (*(it.durable for it in SUBSCRIPTIONS), *(it.durable for it in REPLAYS))


class Question(NamedTuple):
    """How many of something are open in a service's database."""

    service: str
    about: str
    name: str
    statement: str
    breaks: Invariant | None = None


OUTBOX = "SELECT count(*) FROM outbox WHERE published_at IS NULL"

QUESTIONS = (
    Question(
        "order",
        "orders",
        "PLACED or RESERVED",
        "SELECT count(*) FROM orders WHERE status IN ('PLACED', 'RESERVED')",
    ),
    Question(
        "payment",
        "payments",
        "PENDING or UNKNOWN",
        "SELECT count(*) FROM payments WHERE status IN ('PENDING', 'UNKNOWN')",
    ),
    Question(
        "payment",
        "payments",
        "owed back",
        "SELECT count(*) FROM payments WHERE status = 'SUCCESS' AND refund_key IS NOT NULL",
    ),
    Question(
        "email",
        "mails",
        "PENDING",
        "SELECT count(*) FROM mails WHERE status = 'PENDING'",
    ),
)


class Behind(NamedTuple):
    """How far a durable consumer is behind its stream."""

    pending: int
    unacknowledged: int


class Watch:
    """Looks again and again, over connections that stay open."""

    def __init__(self, connection: Client, databases: Mapping[str, asyncpg.Connection]) -> None:
        self._jetstream = connection.jetstream(timeout=TIMEOUT_S)
        self._databases = databases

    async def look(self) -> Look:
        """Raises StackError."""
        try:
            last_seqs, durables = await self._broker()
        except (NatsError, OSError) as error:
            raise StackError(f"NATS does not answer as it should: {error}") from error
        try:
            databases = await self._stored()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise StackError(f"Postgres does not answer: {error}") from error
        return Look((*behind(durables), *databases), last_seqs)

    async def _broker(self) -> tuple[tuple[int, ...], dict[str, Behind]]:
        last_seqs, durables = [], {}
        for stream in STREAMS:
            last_seqs.append((await self._jetstream.stream_info(stream.name)).state.last_seq)
            for info in await self._jetstream.consumers_info(stream.name):
                durables[info.name] = Behind(info.num_pending or 0, info.num_ack_pending or 0)
        return tuple(last_seqs), durables

    async def _stored(self) -> list[Waiting]:
        questions = [
            Question(service, "outbox of", service, OUTBOX, breaks=Invariant.I7)
            for service in self._databases
        ]
        waiting = []
        for service, about, name, statement, breaks in (*questions, *QUESTIONS):
            count = await self._databases[service].fetchval(statement)
            if count:
                waiting.append(Waiting(about, name, count, f"{count} left", breaks))
        return waiting


def behind(durables: Mapping[str, Behind]) -> Iterator[Waiting]:
    """Yield each durable of the topology that is behind, or is not there."""
    for name in DURABLES:
        it = durables.get(name)
        if it is None:
            yield Waiting("durable", name, 1, "does not exist", Invariant.I7)
        elif it.pending or it.unacknowledged:
            detail = f"{it.pending} pending, {it.unacknowledged} unacknowledged"
            count = it.pending + it.unacknowledged
            yield Waiting("durable", name, count, detail, Invariant.I7)
