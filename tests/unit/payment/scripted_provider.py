"""A provider that answers as the test says, call after call, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class ScriptedProvider:
    """`script` is used up first; then every call gets `otherwise`."""

    otherwise: Behaviour
    script: list[Behaviour] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)  # method, key
    at_once: int = 0
    most_at_once: int = 0
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        key = request.headers.get("Idempotency-Key") or request.query.get("key", "")
        self.calls.append((request.method, key))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await (self.script.pop(0) if self.script else self.otherwise)(request)
        finally:
            self.at_once -= 1


@asynccontextmanager
async def serving(provider: ScriptedProvider) -> AsyncIterator[ScriptedProvider]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", provider.handle)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    provider.url = f"http://{host}:{port}"
    try:
        yield provider
    finally:
        await runner.cleanup()


def says(code: int, headers: dict[str, str] | None = None, /, **body: object) -> Behaviour:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body, status=code, headers=headers)

    return answer


def captured(charge_id: str = "ch_1") -> Behaviour:
    return says(201, charge_id=charge_id, status="succeeded")


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Take the request, and break the connection."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def say_nothing(_: web.Request) -> web.StreamResponse:
    """Take the request, and leave the caller waiting."""
    await asyncio.Event().wait()
    return web.Response()
