"""A whole service in the tests' own process: HTTP in front, JetStream behind."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from nats.js import JetStreamContext

from shared.events import Event


@asynccontextmanager
async def running(
    app: FastAPI, *, headers: Mapping[str, str] | None = None
) -> AsyncIterator[AsyncClient]:
    """Run the service and ask it over HTTP, each time with these headers."""
    async with (
        app.router.lifespan_context(app),
        AsyncClient(
            transport=ASGITransport(app), base_url="http://service", headers=headers
        ) as client,
    ):
        yield client


async def publish(jetstream: JetStreamContext, *events: Event) -> None:
    """Without message ids: the broker takes no repeat for one."""
    for event in events:
        await jetstream.publish(event.subject, event.to_bytes())
