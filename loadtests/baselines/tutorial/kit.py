"""What each of the five services begins with: engine, broker, Redis, and its app."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from fastapi import FastAPI
from faststream.nats import JStream, NatsBroker, NatsMessage
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.events import Event

E = TypeVar("E", bound=Event)

WORKERS = 10
POOL = 10
SEEN_FOR_S = 86_400
STREAMS = {
    name.lower(): JStream(name, subjects=[f"{name.lower()}.*"])
    for name in ("ORDERS", "INVENTORY", "PAYMENTS")
}

database_url = os.environ["SHOP_DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://")
engine = create_async_engine(database_url, pool_size=POOL, max_overflow=0)
broker = NatsBroker(os.environ["SHOP_NATS_URL"])
redis = Redis.from_url(os.environ["SHOP_REDIS_URL"])


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    await broker.start()
    yield
    await broker.stop()


app = FastAPI(lifespan=lifespan)


@app.get("/readyz")
async def ready() -> dict[str, str]:
    return {"status": "ready"}


def session() -> AsyncSession:
    return AsyncSession(engine, expire_on_commit=False)


def hears(group: str, event: type[E]) -> Callable[[Callable[[E], Awaitable[None]]], object]:
    """Subscribe a handler; our events are strict, so they are read from the bytes themselves."""

    async def decode(message: NatsMessage, _original: Any) -> E:
        return event.from_bytes(message.body)

    return broker.subscriber(
        event.subject,
        stream=_stream_of(event.subject),
        durable=f"{group}-{event.__name__}",
        decoder=decode,
        max_workers=WORKERS,
    )


async def publish(event: Event) -> None:
    await broker.publish(
        event.to_bytes(),
        event.subject,
        stream=_stream_of(event.subject).name,
        headers={"Nats-Msg-Id": str(event.event_id)},
        timeout=5.0,
    )


async def is_new(group: str, event: Event) -> bool:
    """The usual idempotency: mark it as seen, then work. A crash in between loses the event."""
    return bool(await redis.set(f"{group}:{event.event_id}", 1, nx=True, ex=SEEN_FOR_S))


def _stream_of(subject: str) -> JStream:
    return STREAMS[subject.partition(".")[0]]
