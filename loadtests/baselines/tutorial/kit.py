"""What each of the five services begins with: engine, broker, Redis, and its app."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from faststream.nats import JStream, NatsBroker
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.events import Event

WORKERS = 10

database_url = os.environ["SHOP_DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://")
engine = create_async_engine(database_url, connect_args={"server_settings": {"jit": "off"}})
broker = NatsBroker(os.environ["SHOP_NATS_URL"])
redis = Redis.from_url(os.environ["SHOP_REDIS_URL"])

STREAMS = {
    name.lower(): JStream(name, subjects=[f"{name.lower()}.*"])
    for name in ("ORDERS", "INVENTORY", "PAYMENTS")
}


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


def stream_of(subject: str) -> JStream:
    return STREAMS[subject.partition(".")[0]]


async def publish(event: Event) -> None:
    await broker.publish(event, event.subject, stream=stream_of(event.subject).name)


async def is_new(group: str, event: Event) -> bool:
    """The usual idempotency: mark it as seen, then work. A crash in between loses the event."""
    return bool(await redis.set(f"{group}:{event.event_id}", 1, nx=True, ex=86_400))
