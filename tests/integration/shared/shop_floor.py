"""What the toy did, seen from outside: in its database, and in the streams."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic

import asyncpg
import psutil
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError
from redis.asyncio import Redis

from shared.clock import new_id
from shared.events import Event, OrderPlaced
from shared.events.topology import STREAMS
from shared.messaging.topology_setup import ensure_consumer, ensure_stream
from shopctl.servers import Servers
from tests.eventually import eventually
from tests.integration.shared.toy import DURABLE, SUBSCRIPTION, placed


@dataclass(frozen=True, slots=True)
class Floor:
    servers: Servers
    database_url: str
    broker: Client
    jetstream: JetStreamContext

    async def clear(self) -> None:
        """Nothing stored, nothing in the streams, a durable that has heard nothing."""
        await self.sql("TRUNCATE counters, inbox, outbox_groups")
        await self.make_streams()
        for stream in STREAMS:
            await self.jetstream.purge_stream(stream.name)
        with suppress(NotFoundError):
            await self.jetstream.delete_consumer("ORDERS", DURABLE)
        await ensure_consumer(self.jetstream, SUBSCRIPTION)

    async def make_streams(self) -> None:
        for stream in STREAMS:
            await ensure_stream(self.jetstream, stream)

    # What happens

    async def publish(self, events: Iterable[Event]) -> None:
        """Each under a message id of its own: JetStream recognises no repeat."""
        for event in events:
            headers = {"Nats-Msg-Id": str(new_id())}
            await self.jetstream.publish(event.subject, event.to_bytes(), headers=headers)

    async def order(self, *customers: str) -> list[OrderPlaced]:
        events = [placed(customer) for customer in customers]
        await self.publish(events)
        return events

    async def take_and_give_back(self, times: int) -> None:
        """As replicas that die, one after the other, with the one event in hand."""
        pull = await self.jetstream.pull_subscribe_bind(durable=DURABLE, stream="ORDERS")
        for _ in range(times):
            (msg,) = await pull.fetch(1, timeout=5)
            await msg.nak()

    async def sql(self, query: str, *values: object) -> list[asyncpg.Record]:
        """On a connection of its own: the server may have been restarted."""
        connection = await asyncpg.connect(self.database_url, timeout=5)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(query, *values)
            return rows
        finally:
            await connection.close()

    @contextmanager
    def suspended(self, name: str) -> Iterator[None]:
        """A server hangs: it and all its processes stand still."""
        server = psutil.Process(self.servers.pid(name))
        family = [server, *server.children(recursive=True)]
        for process in family:
            process.suspend()
        try:
            yield
        finally:
            for process in family:
                process.resume()

    async def wipe_redis(self) -> None:
        redis = Redis.from_url(self.servers.redis_url)
        await redis.flushall()
        await redis.aclose()

    # What is seen

    async def counters(self) -> dict[str, int]:
        rows = await self.sql("SELECT name, value FROM counters WHERE value > 0")
        return {row["name"]: row["value"] for row in rows}

    async def total(self) -> int:
        return sum((await self.counters()).values())

    async def inbox(self) -> int:
        return int((await self.sql("SELECT count(*) FROM inbox"))[0][0])

    async def unmarked(self) -> int:
        """Messages in the outbox that are not known to be published."""
        query = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
        return int((await self.sql(query))[0][0])

    async def said(self) -> int:
        """The toy's own events, in the stream."""
        return await self.stored("ORDERS", "orders.shipped")

    async def stored(self, stream: str, subject: str) -> int:
        info = await self.jetstream.stream_info(stream, subjects_filter=subject)
        return int((info.state.subjects or {}).get(subject, 0))

    async def waiting(self) -> tuple[int, int]:
        """Events not delivered, and delivered but not acknowledged."""
        info = await self.jetstream.consumer_info("ORDERS", DURABLE)
        return info.num_pending or 0, info.num_ack_pending or 0

    async def repeated_deliveries(self) -> int:
        info = await self.jetstream.consumer_info("ORDERS", DURABLE)
        assert info.delivered
        distinct = await self.stored("ORDERS", "orders.placed") - (info.num_pending or 0)
        return int(info.delivered.consumer_seq) - distinct

    async def fetch(self, batch: int, *, within_s: float = 5.0) -> int:
        """As another replica: how many events come, within half the ack wait."""
        pull = await self.jetstream.pull_subscribe_bind(durable=DURABLE, stream="ORDERS")
        until = monotonic() + within_s
        heard: set[int] = set()
        with suppress(TimeoutError):
            while len(heard) < batch:
                left_s = max(0.001, until - monotonic())
                for msg in await pull.fetch(batch - len(heard), timeout=left_s):
                    heard.add(int(msg.metadata.sequence.stream))
                    await msg.ack()
        return len(heard)

    async def dead_letters(self) -> list[RawStreamMsg]:
        state = (await self.jetstream.stream_info("DEAD_LETTERS")).state
        numbers = range(max(1, state.first_seq), state.last_seq + 1)
        return [await self.jetstream.get_msg("DEAD_LETTERS", seq) for seq in numbers]

    async def finished(self, orders: int, *, within_s: float = 15.0) -> None:
        """Wait until each order has had its effect, exactly once, and nothing is left over."""

        async def state() -> dict[str, object]:
            return {
                "counted": await self.total(),
                "inbox": await self.inbox(),
                "said": await self.said(),
                "unmarked": await self.unmarked(),
                "waiting": await self.waiting(),
            }

        done = {
            "counted": orders,
            "inbox": orders,
            "said": orders,
            "unmarked": 0,
            "waiting": (0, 0),
        }
        await eventually(state, done, within_s=within_s)
        assert await self.dead_letters() == []
