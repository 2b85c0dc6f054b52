"""All sources, as far as the invariants that were asked for need them."""

import asyncio
from collections.abc import Coroutine, Iterator
from itertools import islice
from pathlib import Path

import asyncpg
from nats.aio.client import Client
from nats.errors import Error as NatsError

from audit.evidence import Evidence
from audit.plan import Plan
from audit.reading import ledger, orders, sink, stock, streams, traffic, unsettled
from audit.reading.databases import snapshot
from audit.reading.http import client
from audit.reading.progress import Progress
from audit.rows import Accepted
from audit.stack import StackError
from audit.violations import Findings, Invariant

IDS_AT_ONCE = 5000


class Reader:
    """Reads the sources side by side, so that their servers work while rows are taken in.

    Only the databases wait for the streams: a broker cuts off who is too busy to read.
    """

    def __init__(
        self, plan: Plan, evidence: Evidence, findings: Findings, *, progress: Progress
    ) -> None:
        self._plan = plan
        self._evidence = evidence
        self._findings = findings
        self._progress = progress

    async def read(self, broker: Client) -> None:
        """Raises StackError."""
        try:
            await asyncio.gather(self._inside(broker), *self._outside())
        except (asyncpg.PostgresError, asyncpg.InterfaceError, NatsError, OSError) as error:
            raise StackError(f"the stack went away while it was read: {error!r}") from error

    async def _inside(self, broker: Client) -> None:
        plan = self._plan
        if plan.wants(Invariant.I1, Invariant.I5, Invariant.I7, Invariant.I8):
            await streams.read(broker, self._evidence, scope=plan.scope, progress=self._progress)
        databases = plan.stack.postgres.databases.items()
        await asyncio.gather(*(self._database(service, url) for service, url in databases))

    async def _database(self, service: str, url: str) -> None:
        plan, evidence = self._plan, self._evidence
        async with snapshot(url, service) as tx:
            if service == "order":
                await self._orders(tx)
            if service == "inventory" and plan.wants(Invariant.I4, Invariant.I10):
                await stock.read(tx, evidence, scope=plan.scope)
            await unsettled.read(tx, self._findings, service=service, scope=plan.scope)
            if plan.wants(Invariant.I7, Invariant.I8):
                await traffic.read(
                    tx, evidence, service=service, scope=plan.scope, progress=self._progress
                )

    async def _orders(self, tx: asyncpg.Connection) -> None:
        plan, evidence, findings = self._plan, self._evidence, self._findings
        if plan.wants(Invariant.I1, Invariant.I9):
            await orders.read_answers(tx, evidence, findings, scope=plan.scope)
        if plan.wanted - {Invariant.I8, Invariant.I9}:
            await orders.read(tx, evidence, findings, scope=plan.scope, progress=self._progress)

    def _outside(self) -> Iterator[Coroutine[None, None, None]]:
        plan = self._plan
        if plan.wants(Invariant.I3, Invariant.I5, Invariant.I10):
            yield self._ledger(plan.stack.provider.url)
        if plan.wants(Invariant.I5) and plan.stack.mail.url:
            yield self._sink(plan.stack.mail.url)
        if plan.wants(Invariant.I4):
            yield self._listed_stock()
        if plan.accepted:
            yield self._accepted(plan.accepted)

    async def _ledger(self, url: str) -> None:
        async with client(url) as http:
            await ledger.read(http, self._evidence, scope=self._plan.scope, progress=self._progress)

    async def _sink(self, url: str) -> None:
        async with client(url) as http:
            await sink.read(http, self._evidence, scope=self._plan.scope, progress=self._progress)

    async def _listed_stock(self) -> None:
        async with client(self._plan.stack.services["inventory"].url) as http:
            await stock.read_answers(http, self._evidence)

    async def _accepted(self, path: Path) -> None:
        with path.open() as lines:
            ids = filter(None, map(str.strip, lines))
            while batch := list(islice(ids, IDS_AT_ONCE)):
                self._evidence.add(Accepted, [("a client's 202", order_id) for order_id in batch])
