"""Two services that hear the same event and count what they did with it; one of them has a bug."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import nats
from httpx import ASGITransport, AsyncClient
from nats.aio.client import Client
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError
from pydantic import SecretStr

from shared.events import OrderPlaced
from shared.events.topology import STREAMS
from shared.messaging.desk.desk import Desk
from shared.messaging.desk.letters import Filed, State
from shared.messaging.desk.selection import Selection
from shared.messaging.topology_setup import set_up
from shared.persistence.work import Decision, Work
from shared.service import Service
from shared.settings import ServiceSettings
from shopctl.servers import Servers
from tests.eventually import eventually
from tests.integration.shared.toy import CounterRepository, Counters, placed
from tests.integration.shared.toy_tables import make_tables

GROUPS = ("inventory", "analytics")
FAILING = "inventory"
DELIVERIES = 2


@dataclass
class Group:
    """A service with one handler, which fails for the customers in `bugs`."""

    service: Service
    database_url: str
    bugs: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)

    def listen(self) -> None:
        commits = self.service.commits(CounterRepository())

        @self.service.consumer.on(OrderPlaced)
        async def on_order_placed(event: OrderPlaced) -> None:
            self.calls.append(event.customer_id)
            if event.customer_id in self.bugs:
                raise LookupError(f"no shelf for {event.customer_id}")
            await commits.run(Work(event.customer_id, _counting(event), consumed=event))

    async def counted(self, customer: str) -> int:
        connection = await asyncpg.connect(self.database_url)
        try:
            query = "SELECT value FROM counters WHERE name = $1"
            return int(await connection.fetchval(query, customer) or 0)
        finally:
            await connection.close()

    async def inbox(self) -> int:
        connection = await asyncpg.connect(self.database_url)
        try:
            return int(await connection.fetchval("SELECT count(*) FROM inbox"))
        finally:
            await connection.close()


@dataclass
class TwoGroups:
    nats_url: str
    broker: Client
    groups: Mapping[str, Group]

    @property
    def failing(self) -> Group:
        return self.groups[FAILING]

    @property
    def other(self) -> Group:
        return self.groups["analytics"]

    @property
    def desk(self) -> Desk:
        return Desk(lambda: self.broker)

    def http(self, headers: Mapping[str, str], group: str = FAILING) -> AsyncClient:
        transport = ASGITransport(self.groups[group].service.app)
        return AsyncClient(transport=transport, base_url="http://service", headers=headers)

    async def publish(self, customer: str) -> OrderPlaced:
        event = placed(customer)
        headers = {"Nats-Msg-Id": str(event.event_id)}
        await self.broker.jetstream().publish(event.subject, event.to_bytes(), headers=headers)
        return event

    async def letter_by_a_bug(self, customer: str) -> Filed:
        """An event that one group fails at and the other handles; the bug is mended then."""
        self.failing.bugs.add(customer)
        await self.publish(customer)
        await eventually(lambda: self.open_letters(customer), 1)
        await eventually(lambda: self.other.counted(customer), 1)
        self.failing.bugs.clear()
        (found,) = await self.desk.letters(Selection(error=customer, state=State.OPEN))
        return found

    async def open_letters(self, customer: str) -> int:
        return len(await self.desk.letters(Selection(error=customer, state=State.OPEN)))

    async def state(self, seq: int) -> State:
        return (await self.desk.letter(seq)).state

    async def in_dead_letters(self, seq: int) -> RawStreamMsg | None:
        try:
            return await self.broker.jetstream().get_msg("DEAD_LETTERS", seq)
        except NotFoundError:
            return None


@asynccontextmanager
async def two_groups(servers: Servers) -> AsyncIterator[TwoGroups]:
    await set_up(servers.nats_url)
    async with AsyncExitStack() as stack:
        broker = await nats.connect(servers.nats_url)
        stack.push_async_callback(broker.close)
        for stream in STREAMS:
            await broker.jetstream().purge_stream(stream.name)
        groups = {name: await _group(servers, name) for name in GROUPS}
        for group in groups.values():
            group.listen()
            app = group.service.app
            await stack.enter_async_context(app.router.lifespan_context(app))
        yield TwoGroups(servers.nats_url, broker, groups)


async def _group(servers: Servers, name: str) -> Group:
    url = await servers.new_database(f"desk_{name}")
    await make_tables(url)
    settings = ServiceSettings(
        database_url=url,
        nats_url=servers.nats_url,
        redis_url=servers.redis_url,
        customer_token=SecretStr("customer-token"),
        operator_token=SecretStr("operator-token"),
        max_deliveries=DELIVERIES,
    )
    return Group(Service(name, settings), url)


def _counting(event: OrderPlaced) -> Callable[[Counters], Decision[None]]:
    def decide(counters: Counters) -> Decision[None]:
        counters[event.customer_id] += sum(item.quantity for item in event.items)
        return Decision(None)

    return decide
