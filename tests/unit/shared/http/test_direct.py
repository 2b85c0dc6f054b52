"""A direct endpoint is answered as FastAPI would answer it; only sooner."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from uvicorn.server import ServerState

from shared.http import direct, limits, metrics, problems
from shared.http.admission import Admission
from shared.http.direct import DirectProtocol, DirectRoutes, Headers, as_route
from shared.http.problems import Refusal, problem
from shared.metrics import Metrics
from shared.server import Server
from tests.eventually import until

LIMIT = 1000
HEAD = b"POST /echo HTTP/1.1\r\nHost: shop\r\n"


class Foreseen(Exception):
    """Answered 409."""


async def echo(headers: Headers, body: bytes) -> Response:
    match body:
        case b"refuse":
            raise Refusal(problem(403, detail="no", headers={"Retry-After": "7"}))
        case b"foreseen":
            raise Foreseen("as ever")
        case b"bug":
            raise KeyError("a bug")
    said = headers.get(b"x-said", b"nothing")
    return PlainTextResponse(said + b": " + body, 202, headers={"Location": "/here"})


class Shop:
    """The same endpoint at /echo in both ways; `past` the app, or through it."""

    def __init__(self, *, past: bool) -> None:
        self.counted = Metrics()
        self.through = 0
        self.app = FastAPI()
        problems.install(self.app, {Foreseen: 409})
        self.routes = DirectRoutes(
            self.app.exception_handlers, max_bytes=LIMIT, metrics=self.counted.http
        )
        self.app.add_api_route("/echo", as_route(echo), methods=["POST"])
        self.app.add_middleware(limits.BodyLimit, max_bytes=LIMIT)
        self.app.add_middleware(metrics.RequestMetrics, metrics=self.counted.http)
        self.app.middleware("http")(self._counting)
        if past:
            self.routes.add("POST", "/echo", echo)
        self.protocol = Admission(9, self.counted.registry).protocol(self.routes)

    async def _counting(
        self, request: Request, following: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        self.through += 1
        return await following(request)

    def answered(self, status: int) -> float:
        (family,) = self.counted.http.seconds.collect()
        return sum(
            sample.value
            for sample in family.samples
            if sample.name.endswith("_count") and sample.labels["status"] == str(status)
        )


@asynccontextmanager
async def serving(shop: Shop) -> AsyncIterator[Server]:
    config = uvicorn.Config(
        shop.app,
        host="127.0.0.1",
        port=0,
        lifespan="off",
        log_config=None,
        http=shop.protocol,
        server_header=False,
        date_header=False,
    )
    server = Server(config)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield server
    finally:
        server.should_exit = True
        await task


async def said(server: Server, request: bytes, *more: bytes) -> bytes:
    """Send the pieces, and return all that comes until the server closes."""
    reader, writer = await asyncio.open_connection(*server.listener.getsockname())
    for piece in (request, *more):
        writer.write(piece)
        await asyncio.sleep(0.01)  # so that they arrive apart
    heard = await reader.read()
    writer.close()
    return heard


def post(body: bytes, *headers: bytes) -> bytes:
    lines = (b"Content-Length: %d" % len(body), b"Connection: close", *headers)
    return HEAD + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


CHUNKED = HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
SAME: dict[str, tuple[list[bytes], int]] = {
    "an answer": ([post(b"hello", b"X-Said: ada", b"X-Said: bob")], 202),
    "no body": ([post(b"")], 202),
    "a body in pieces": ([post(b"hello")[:-3], b"llo"], 202),
    "a body in chunks": ([CHUNKED, b"2\r\nhe\r\n", b"3\r\nllo\r\n0\r\n\r\n"], 202),
    "a refusal": ([post(b"refuse")], 403),
    "a foreseen error": ([post(b"foreseen")], 409),
    "a bug": ([post(b"bug")], 500),
    "a body too large": ([post(b"x" * (LIMIT + 1))], 413),
    "chunks too large": (
        [CHUNKED, b"%x\r\n%b\r\n0\r\n\r\n" % (LIMIT + 1, b"x" * (LIMIT + 1))],
        413,
    ),
    "a body as large as may be": ([post(b"x" * LIMIT)], 202),
    "an old client": ([post(b"old").replace(b"HTTP/1.1", b"HTTP/1.0")], 202),
    "a client that asks first": ([post(b"hello", b"Expect: 100-continue")], 202),
    "one that asks first with too much": (
        [post(b"x" * (LIMIT + 1), b"Expect: 100-continue")],
        413,
    ),
}


@pytest.mark.parametrize(("pieces", "status"), SAME.values(), ids=SAME.keys())
async def test_past_the_app_comes_what_would_come_through_it(
    pieces: list[bytes], status: int
) -> None:
    heard = []
    for shop in (Shop(past=True), Shop(past=False)):
        async with serving(shop) as server:
            heard.append(await said(server, *pieces))
        assert (shop.answered(status), shop.through) == (1, 1 - len(heard) % 2)
    assert heard[0] == heard[1]
    assert b" %d " % status in heard[0]


async def test_requests_in_a_row_on_one_connection_are_answered_in_turn() -> None:
    async with serving(Shop(past=True)) as server:
        bodies = [b"one", b"refuse", b"three"]
        requests = [post(body).replace(b"Connection: close\r\n", b"") for body in bodies]
        heard = await said(server, b"".join(requests[:-1]) + post(bodies[-1]))
    assert [piece[:3] for piece in heard.split(b"HTTP/1.1 ")[1:]] == [b"202", b"403", b"202"]
    assert heard.index(b"nothing: one") < heard.index(b"nothing: three")


async def test_other_methods_and_paths_go_to_the_app() -> None:
    shop = Shop(past=True)
    async with serving(shop) as server:
        host, port = server.listener.getsockname()
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False) as client:
            assert (await client.get("/echo")).status_code == 405
            assert (await client.post("/echoes")).status_code == 404
    assert shop.through == 2


async def test_traced_requests_go_through_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "is_tracing", lambda: True)
    shop = Shop(past=True)
    async with serving(shop) as server:
        assert b" 202 " in await said(server, post(b"hello"))
    assert shop.through == 1


async def test_a_server_that_leaves_asks_the_client_to_let_go() -> None:
    async with serving(Shop(past=True)) as server:
        server.server_state.default_headers.append(direct.CLOSE)
        heard = await said(server, post(b"hello").replace(b"Connection: close\r\n", b""))
    assert b"\r\nconnection: close\r\n" in heard


async def test_a_client_that_goes_in_the_midst_of_its_body_is_a_failed_request() -> None:
    shop = Shop(past=True)
    async with serving(shop) as server:
        _, writer = await asyncio.open_connection(*server.listener.getsockname())
        writer.write(post(b"hello")[:-3])
        await until(lambda: bool(server.server_state.tasks))
        writer.close()
        await until(lambda: not server.server_state.tasks)
    assert shop.answered(500) == 1


class Line(asyncio.Transport):
    """A connection to a client, that takes everything."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return False

    def resume_reading(self) -> None:
        pass

    def pause_reading(self) -> None:
        pass


def speaking(shop: Shop) -> tuple[DirectProtocol, Line]:
    config = uvicorn.Config(shop.app, lifespan="off", log_config=None, server_header=False)
    protocol = shop.protocol(config, ServerState(), {})
    line = Line()
    protocol.connection_made(line)
    return protocol, line


async def test_an_answer_is_one_write() -> None:
    protocol, line = speaking(Shop(past=True))
    protocol.data_received(post(b"hello").replace(b"Connection: close\r\n", b""))
    await until(lambda: not protocol.tasks)
    assert len(line.written) == 1
    assert line.written[0].endswith(b"\r\n\r\nnothing: hello")


async def test_a_client_that_does_not_read_is_waited_for() -> None:
    protocol, line = speaking(Shop(past=True))
    protocol.pause_writing()
    protocol.data_received(post(b"hello").replace(b"Connection: close\r\n", b""))
    for _ in range(10):
        await asyncio.sleep(0)
    assert line.written == []
    protocol.resume_writing()
    await until(lambda: len(line.written) == 1)
