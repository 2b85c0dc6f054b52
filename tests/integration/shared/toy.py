"""A service with one table, to try the mechanisms on: it counts orders by customer, and says so.

Each OrderPlaced adds one to its customer's counter, and makes an OrderShipped in the same
transaction. `python -m tests.integration.shared.toy` runs it as a process, which dies once at the
place that TOY_DIES_AT names.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import FastAPI
from nats.aio.client import Client

from shared.clock import new_id, utc_now
from shared.errors import PermanentError, TransientError
from shared.events import Event, Item, OrderPlaced, OrderShipped, caused_by, first_cause
from shared.events.topology import Subscription
from shared.messaging import outbox
from shared.messaging.client import EventClient
from shared.messaging.desk.archive import Archive
from shared.persistence.group_commit import GroupCommit
from shared.persistence.work import Decision, Work
from shared.persistence.writes import Writes
from shared.server import run
from shared.service import Service
from shared.settings import ServiceSettings

GROUP = "toy"
SUBSCRIPTION = Subscription(GROUP, "OrderPlaced")
DURABLE = SUBSCRIPTION.durable

ENSURE = """
INSERT INTO counters (name, value)
SELECT name, 0 FROM unnest($1::text[]) AS wanted (name) ORDER BY name ON CONFLICT DO NOTHING
"""
LOAD = "SELECT name, value FROM counters WHERE name = ANY($1) ORDER BY name FOR UPDATE"
SAVE = """
UPDATE counters SET value = changed.value
FROM unnest($1::text[], $2::bigint[]) AS changed (name, value) WHERE changed.name = counters.name
"""


class Refused(Exception):
    """The toy's domain error: nothing was changed."""


Counters = dict[str, int]


class CounterRepository:
    async def load(self, tx: asyncpg.Connection, needs: Sequence[str]) -> Counters:
        names = sorted(set(needs))
        await tx.execute(ENSURE, names)
        return {row["name"]: row["value"] for row in await tx.fetch(LOAD, names)}

    async def save(self, writes: Writes, state: Counters) -> None:
        writes.add(SAVE, list(state.items()))


async def nothing(_event: OrderPlaced) -> None:
    pass


Hook = Callable[[OrderPlaced], Awaitable[None]]


@dataclass
class Toy:
    """The service, and where a test can reach into it."""

    service: Service
    commits: GroupCommit[str, Counters]
    before: Hook = nothing
    after: Hook = nothing
    heard: list[str] = field(default_factory=list)

    @property
    def nats(self) -> Client:
        connection: Client = self.service.broker.config.connection_state.connection
        return connection

    def metric(self, name: str) -> float:
        """One of the consumer's counters, or the relay's."""
        registry = self.service.metrics.registry
        labels = {"subscription": DURABLE} if name.startswith("shop_consumer") else {}
        return registry.get_sample_value(name, labels) or 0.0


def toy_of(settings: ServiceSettings, *, together: bool = False) -> Toy:
    """A toy that handles each event by itself, or decides all together that came together.

    Only alone there is a before and an after.
    """
    service = Service(GROUP, settings)
    toy = Toy(service, service.commits(CounterRepository(), refusals=(Refused,)))

    async def by_itself(event: OrderPlaced) -> None:
        toy.heard.append(event.customer_id)
        await toy.before(event)
        await toy.commits.run(Work(event.customer_id, counting(event), consumed=event))
        await toy.after(event)

    def decided(event: OrderPlaced) -> Work[str, Counters, Any]:
        toy.heard.append(event.customer_id)
        return Work(event.customer_id, counting(event), consumed=event)

    if together:
        service.consumer.deciding(OrderPlaced, toy.commits)(decided)
    else:
        service.consumer.on(OrderPlaced)(by_itself)

    @service.app.post("/count/{name}")
    async def count(name: str) -> dict[str, int]:
        return {"value": await toy.commits.run(Work(name, counting(placed(name))))}

    return toy


def counting(event: OrderPlaced) -> Callable[[Counters], Decision[int]]:
    """Decide as the customer's name wants it: some names misbehave."""

    def decide(counters: Counters) -> Decision[int]:
        name = event.customer_id
        match name.partition("-")[0]:
            case "refused":
                raise Refused(name)
            case "bug":
                raise RuntimeError(name)
            case "permanent":
                raise PermanentError(name)
            case "transient":
                raise TransientError(name)
        counters[name] += 1
        return Decision(counters[name], (said_of(event),))

    return decide


def placed(customer_id: str) -> OrderPlaced:
    return OrderPlaced(
        **first_cause(event_id=new_id(), at=utc_now()),
        order_id=new_id(),
        customer_id=customer_id,
        customer_email="ada@example.com",
        items=(Item(sku="lamp", name="Lamp", quantity=1, unit_price_cents=100),),
        total_cents=100,
        currency="EUR",
        payment_method="card_ok",
    )


def said_of(event: OrderPlaced) -> Event:
    return OrderShipped(
        **caused_by(event, event_id=new_id(), at=utc_now()),
        order_id=event.order_id,
        customer_id=event.customer_id,
        customer_email=event.customer_email,
        carrier="post",
        tracking_number="1",
    )


def build(settings: ServiceSettings) -> FastAPI:
    toy = toy_of(settings, together="TOY_TOGETHER" in os.environ)
    place, once = os.environ.get("TOY_DIES_AT"), Path(os.environ.get("TOY_DIED", ""))
    if place and not once.exists():
        _dies_at(place, toy, once)
    return toy.service.app


def _dies_at(place: str, toy: Toy, note: Path) -> None:
    async def die(*_: Any) -> None:
        note.touch()
        os.kill(os.getpid(), signal.SIGKILL)
        await asyncio.Event().wait()

    match place:
        case "before commit":
            CounterRepository.save = die  # type: ignore[method-assign, assignment]  # in this process
        case "after commit, before ack":
            toy.after = die
            EventClient.acknowledge = _now(die)  # type: ignore[method-assign]  # in this process
        case "after publish, before mark":
            outbox.mark = die  # type: ignore[assignment]  # in this process
        case "replay handled, before its record":
            Archive.close = die  # type: ignore[method-assign, assignment]  # in this process
        case "replay recorded, before its letter goes":
            Archive._delete = die  # type: ignore[method-assign, assignment]  # in this process
        case "letter gone, before ack":
            close = Archive.close

            async def close_and_die(*args: Any, **options: Any) -> None:
                await close(*args, **options)
                await die()

            Archive.close = close_and_die  # type: ignore[method-assign]  # in this process


def _now(die: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    def die_at_once(*_: Any) -> None:
        with suppress(StopIteration):
            die().send(None)

    return die_at_once


if __name__ == "__main__":
    run(ServiceSettings, build)
