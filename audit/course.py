"""The course of an audit: probe if asked, wait for the drain, read everything, compare."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from time import monotonic

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError

from audit import drain
from audit.comparing import compare
from audit.drain import Drain
from audit.evidence import Evidence
from audit.plan import Plan
from audit.probe import Probe, some_sku
from audit.reading.databases import connected
from audit.reading.everything import Reader
from audit.reading.http import client
from audit.reading.progress import Progress
from audit.reading.underway import Watch
from audit.stack import Stack, StackError
from audit.violations import Findings, Invariant

CONNECT_S = 5.0
RECONNECTS = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    findings: Findings
    drain: Drain
    seconds: float

    @property
    def holds(self) -> bool:
        return self.drain.done and not self.findings.total


async def run(plan: Plan, *, say: Callable[[str], None], progress: Progress) -> Outcome:
    """Raises StackError."""
    started, findings = monotonic(), Findings(plan.wanted)
    async with _broker(plan.stack.nats.url) as broker:
        if plan.probe and plan.wants(Invariant.I9):
            await _probe(plan.stack, findings)
        drained = await _drain(plan, broker, say)
        for waiting in drained.left:
            findings.add(waiting.violations())
        evidence = Evidence()
        try:
            await Reader(plan, evidence, findings, progress=progress).read(broker)
            evidence.complete()
            await compare(plan, evidence, findings)
        finally:
            evidence.close()
    return Outcome(findings, drained, monotonic() - started)


@asynccontextmanager
async def _broker(url: str) -> AsyncIterator[Client]:
    try:
        connection = await nats.connect(
            url,
            name="audit",
            connect_timeout=CONNECT_S,
            max_reconnect_attempts=RECONNECTS,
            error_cb=_nothing_to_say,
        )
    except (NatsError, OSError) as error:
        raise StackError(f"NATS does not answer at {url}: {error!r}") from error
    try:
        yield connection
    finally:
        await connection.close()


async def _nothing_to_say(_: Exception) -> None:
    """A connection that was lost is noticed by who reads: it begins again, or gives up."""


async def _probe(stack: Stack, findings: Findings) -> None:
    async with client(stack.services["inventory"].url, stack.tokens.customer) as inventory:
        sku = await some_sku(inventory)
    if sku is None:
        findings.skip(Invariant.I9, "there is no product to order")
        return
    async with client(stack.services["order"].url, stack.tokens.customer) as order:
        findings.add(await Probe(order, sku).run())
    findings.note(Invariant.I9, "tried with orders of its own")


async def _drain(plan: Plan, broker: Client, say: Callable[[str], None]) -> Drain:
    async with AsyncExitStack() as opened:
        databases = {
            service: await opened.enter_async_context(connected(url, service))
            for service, url in plan.stack.postgres.databases.items()
        }
        look = Watch(broker, databases).look
        return await drain.wait(look, deadline_s=plan.wait_s, say=say)
