"""Requests and responses as they are on the wire, against a server that speaks in bytes."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from zlib import compress

import aiohttp
import pytest

from services.payment.exchange import LOST, UNSENT, Exchange, Request, Response

KEPT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HANG_UP = b""


@dataclass
class WireServer:
    """Answers request after request with these bytes; `HANG_UP` ends the connection instead."""

    answers: list[bytes] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    answer_late: asyncio.Event | None = None
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while request := await _read_request(reader):
            self.requests.append(request)
            if self.answer_late is not None:
                await self.answer_late.wait()
            if not (answer := self.answers.pop(0) if self.answers else KEPT):
                break
            writer.write(answer)
            if b"Connection: close" in answer:
                break
        writer.close()


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    _, _, length = head.partition(b"Content-Length: ")
    return head + (await reader.readexactly(int(length.split()[0])) if length else b"")


@asynccontextmanager
async def _listening(wire: WireServer) -> AsyncIterator[WireServer]:
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    wire.url = "http://{}:{}".format(*server.sockets[0].getsockname())
    async with server:
        yield wire


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    exchange = Exchange()
    yield exchange
    await exchange.close()


@pytest.fixture
async def wire(exchange: Exchange) -> AsyncIterator[WireServer]:
    async with _listening(WireServer()) as wire:
        yield wire
        await exchange.close()


def asked(wire: WireServer, path: str = "/ledger") -> Request:
    return Request("GET", f"{wire.url}{path}")


def charge(wire: WireServer) -> Request:
    return Request("POST", f"{wire.url}/charges", headers={"Idempotency-Key": "k"}, body=b"{}")


async def test_a_request_has_its_headers_and_body(wire: WireServer, exchange: Exchange) -> None:
    assert await exchange.send(charge(wire)) == Response(200, b"ok", "")
    head, _, body = wire.requests[0].decode().partition("\r\n\r\n")
    line, *headers = head.split("\r\n")
    assert (line, body) == ("POST /charges HTTP/1.1", "{}")
    assert {"Idempotency-Key: k", "Content-Length: 2", "Accept: */*"} < set(headers)
    assert [it for it in headers if it.startswith("Host:")] == [f"Host: {wire.url[7:]}"]


async def test_credentials_of_the_address_go_as_a_header(
    wire: WireServer, exchange: Exchange
) -> None:
    await exchange.send(Request("GET", wire.url.replace("//", "//shop:secret@")))
    assert b"Authorization: Basic c2hvcDpzZWNyZXQ=\r\n" in wire.requests[0]


async def test_a_query_is_quoted_and_not_kept(wire: WireServer, exchange: Exchange) -> None:
    url = f"{wire.url}/charges"
    await exchange.send(Request("GET", url, query={"key": "a&b\r\nc"}))
    await exchange.send(Request("GET", url, query={"after": 1, "limit": 2}))
    lines = [request.partition(b"\r\n")[0] for request in wire.requests]
    assert lines == [
        b"GET /charges?key=a%26b%0D%0Ac HTTP/1.1",
        b"GET /charges?after=1&limit=2 HTTP/1.1",
    ]


async def test_a_connection_is_kept_for_the_next(wire: WireServer, exchange: Exchange) -> None:
    for _ in range(3):
        await exchange.send(charge(wire))
    await exchange.send(asked(wire))
    assert wire.connections == 1


async def test_a_connection_that_the_server_closes_is_not_used_again(
    wire: WireServer, exchange: Exchange
) -> None:
    wire.answers = [KEPT.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")]
    for _ in range(2):
        assert await exchange.send(charge(wire)) == Response(200, b"ok", "")
    assert wire.connections == 2


async def test_an_answer_that_comes_too_late_is_not_taken_for_the_next(
    wire: WireServer, exchange: Exchange
) -> None:
    wire.answer_late = asyncio.Event()
    wire.answers = [KEPT.replace(b"ok", b"no")]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await exchange.send(charge(wire))
    wire.answer_late.set()
    for _ in range(2):
        assert (await exchange.send(charge(wire))).body == b"ok"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + KEPT,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n%s"
        % (len(compress(b"ok")), compress(b"ok")),
    ],
)
async def test_each_way_to_answer_is_understood(
    wire: WireServer, exchange: Exchange, answer: bytes
) -> None:
    wire.answers = [answer]
    assert await exchange.send(charge(wire)) == Response(200, b"ok", "")
    assert await exchange.send(charge(wire)) == Response(200, b"ok", "")


async def test_an_answer_without_a_body_is_one(wire: WireServer, exchange: Exchange) -> None:
    wire.answers = [b"HTTP/1.1 204 No Content\r\n\r\n"]
    assert await exchange.send(charge(wire)) == Response(204, b"", "")


async def test_a_redirect_is_not_followed(wire: WireServer, exchange: Exchange) -> None:
    wire.answers = [b"HTTP/1.1 307 X\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"]
    assert (await exchange.send(charge(wire))).status == 307
    assert len(wire.requests) == 1


async def test_what_is_not_http_is_a_client_error(wire: WireServer, exchange: Exchange) -> None:
    wire.answers = [b"220 mail.example ESMTP\r\n\r\n"]
    with pytest.raises(aiohttp.ClientResponseError, match="400"):
        await exchange.send(charge(wire))
    assert (await exchange.send(charge(wire))).status == 200


async def test_half_a_body_is_a_client_error(wire: WireServer, exchange: Exchange) -> None:
    wire.answers = [b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\nok"]
    with pytest.raises(aiohttp.ClientPayloadError):
        await exchange.send(charge(wire))


async def test_a_question_is_asked_again_where_the_connection_was_let_go(
    wire: WireServer, exchange: Exchange
) -> None:
    wire.answers = [KEPT, HANG_UP]
    for _ in range(2):
        assert (await exchange.send(asked(wire))).body == b"ok"
    assert (len(wire.requests), wire.connections) == (3, 2)


async def test_a_charge_is_not_sent_again_unasked(wire: WireServer, exchange: Exchange) -> None:
    wire.answers = [HANG_UP]
    with pytest.raises(LOST):
        await exchange.send(charge(wire))
    assert len(wire.requests) == 1


async def test_nobody_there_is_unsent(exchange: Exchange) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        url = "http://{}:{}".format(*unused.getsockname())
        with pytest.raises(UNSENT, match="Cannot connect"):
            await exchange.send(Request("GET", url))


async def test_a_connection_that_does_not_come_about_in_time_is_unsent() -> None:
    exchange = Exchange(connect_timeout_s=0.1)
    with socket.socket() as full, ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # nobody accepts: the queue is full after one or two
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        url = "http://{}:{}".format(*full.getsockname())
        with pytest.raises(UNSENT, match="Connection timeout to host"):
            await exchange.send(Request("GET", url))
    await exchange.close()
