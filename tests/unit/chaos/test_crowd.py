import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import aiohttp
import pytest

from chaos.client import Client
from chaos.crowd import Crowd
from chaos.history import History, Outcome, Purchase
from tests.unit.shopctl.stacks import stack

BODY = b'{"order_id": "o-1"}'
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
BUSY = b"HTTP/1.1 503 Busy\r\ncontent-length: 2\r\nretry-after: 1\r\n\r\n{}"
NO_HINT = b"HTTP/1.1 503 Busy\r\ncontent-length: 2\r\n\r\n{}"


class Shop:
    """Answers with what is next on its list, in pieces."""

    def __init__(self, *answers: list[bytes]) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.heard = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while self.answers and (request := await reader.read(10_000)):
            self.heard = request
            for piece in self.answers.pop(0):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()


@asynccontextmanager
async def crowd_at(shop: Shop) -> AsyncIterator[tuple[Client, Crowd]]:
    server = await asyncio.start_server(shop.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with server, aiohttp.ClientSession() as http:
        client = Client(http, stack(), History())
        with closing(Crowd(client, f"http://{host}:{port}", token="hush")) as crowd:
            yield client, crowd


def purchase() -> Purchase:
    return Purchase("k-1", b"{}", begun_at=0.0)


async def test_an_answer_in_pieces_is_read_whole_and_the_connection_kept() -> None:
    shop = Shop([ACCEPTED[:9], ACCEPTED[9:40], ACCEPTED[40:]], [ACCEPTED])
    async with crowd_at(shop) as (client, crowd):
        said = [await client.try_to_buy(purchase(), ask=crowd.ask) for _ in range(2)]

    assert said == ["202", "202"]
    assert [it.order_id for it in client.history.ok] == ["o-1", "o-1"]
    assert shop.connections == 1
    assert shop.heard.startswith(b"POST /orders HTTP/1.1\r\n")
    assert b"\r\nIdempotency-Key: k-1\r\n" in shop.heard


@pytest.mark.parametrize(("answer", "said"), [(BUSY, "503"), (NO_HINT, "503 without Retry-After")])
async def test_a_refusal_must_say_when_to_come_back(answer: bytes, said: str) -> None:
    async with crowd_at(Shop([answer])) as (client, crowd):
        wanted = purchase()

        assert await client.try_to_buy(wanted, ask=crowd.ask) == said
        assert wanted.outcome is Outcome.UNKNOWN


async def test_a_connection_that_breaks_is_no_answer() -> None:
    async with crowd_at(Shop([ACCEPTED[:20]])) as (client, crowd):
        wanted = purchase()

        assert await client.try_to_buy(wanted, ask=crowd.ask) == "ConnectionResetError"
        assert client.history.statuses == {"ConnectionResetError": 1}
