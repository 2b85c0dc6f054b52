import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
import uvicorn
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from shared.http import problems
from shared.http.admission import ALWAYS, Admission
from shared.server import Server
from tests.eventually import until

LIMIT = 3


class Shop:
    """Every request waits until the test says go, but for those that are always let in."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.inside = 0
        self.registry = CollectorRegistry()
        self.admission = Admission(LIMIT, self.registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._answer(Request(scope, receive)))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.url.path not in ALWAYS:
            self.inside += 1
            await self.go.wait()
        if request.url.path == "/fail":
            raise RuntimeError("a bug")
        return PlainTextResponse(str(len(await request.body())))

    @property
    def refused(self) -> float | None:
        return self.registry.get_sample_value("shop_http_refused_total")


@asynccontextmanager
async def served(shop: Shop) -> AsyncIterator[tuple[Server, httpx.AsyncClient]]:
    config = uvicorn.Config(
        shop,
        host="127.0.0.1",
        port=0,
        lifespan="off",
        log_config=None,
        http=shop.admission.protocol(),
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    host, port = server.listener.getsockname()
    try:
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False) as client:
            yield server, client
    finally:
        shop.go.set()
        server.should_exit = True
        await serving


@asynccontextmanager
async def full(shop: Shop, path: str = "/") -> AsyncIterator[tuple[Server, httpx.AsyncClient]]:
    """So many requests under way as may be; at the end they are answered."""
    async with served(shop) as (server, client):
        waiting = [asyncio.create_task(client.get(path)) for _ in range(LIMIT)]
        await until(lambda: shop.inside == LIMIT)
        try:
            yield server, client
        finally:
            shop.go.set()
            await asyncio.gather(*waiting)


async def test_one_request_too_many_is_503_at_once_and_says_when_to_come_back() -> None:
    shop = Shop()
    async with full(shop) as (_, client):
        answer = await client.post("/", content=b"an order")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
    assert answer.json() == {
        "title": "Service Unavailable",
        "status": 503,
        "detail": "too much work is waiting",
    }
    assert (shop.inside, shop.refused) == (LIMIT, 1)


async def test_the_connection_of_a_refused_request_serves_the_next() -> None:
    shop = Shop()
    async with full(shop) as (server, client):
        connections = server.server_state.connections
        await client.post("/", content=b"x" * 100_000)
        before = set(connections)
        await client.head("/")
        await client.get("/healthz")
        shop.go.set()
        await until(lambda: not server.server_state.tasks)
        answer = await client.post("/", content=b"an order")

        assert (answer.status_code, answer.text) == (200, "8")
        assert connections == before


@pytest.mark.parametrize("path", sorted(ALWAYS))
async def test_who_watches_is_answered_by_a_full_shop(path: str) -> None:
    async with full(Shop()) as (_, client):
        assert (await client.get(path)).status_code == 200


async def test_what_has_ended_makes_room_however_it_ended() -> None:
    shop = Shop()
    async with full(shop, "/fail") as (_, client):
        shop.go.set()
        answers = [await client.get("/fail") for _ in range(LIMIT + 1)]

    assert {answer.status_code for answer in answers} == {500}


async def test_a_client_that_wants_to_go_is_refused_and_let_go() -> None:
    async with full(Shop()) as (server, client):
        answer = await client.get("/", headers={"Connection": "close"})
        assert (answer.status_code, answer.headers["connection"]) == (503, "close")
        await until(lambda: len(server.server_state.connections) == LIMIT)


async def test_requests_in_a_row_on_one_connection_are_refused_one_by_one() -> None:
    async with full(Shop()) as (server, _):
        reader, writer = await asyncio.open_connection(*server.listener.getsockname())
        writer.write(2 * b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
        heard = b""
        with suppress(asyncio.IncompleteReadError):
            while heard.count(b"too much work is waiting") < 2:
                heard += await reader.readexactly(1)
        writer.close()

    assert heard.count(b"HTTP/1.1 503 Service Unavailable\r\n") == 2
