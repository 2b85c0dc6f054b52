"""The generator's own protocols, against servers of a few lines."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from loadtests.generator.http1 import Customer
from loadtests.generator.listening import Listener, order_of

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[int]:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(closing, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


async def test_an_answer_in_pieces_is_one_answer_and_the_connection_is_kept() -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for piece in (b"HTTP/1.1 202 Acc", b"epted\r\nContent-Length: 5\r\n\r\nhe", b"llo") * 2:
            if piece.startswith(b"HTTP"):
                await reader.readuntil(b"\r\n\r\n")
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    async with server(serve) as port:
        customer = Customer(f"http://127.0.0.1:{port}")
        request = customer.head("token") + b"\r\n"
        answers = [await customer.ask(request) for _ in range(2)]
        customer.close()
    assert [(answer.status, answer.body) for answer in answers] == [(202, b"hello")] * 2
    assert connections == 1


async def test_a_connection_that_breaks_is_an_answer_without_a_status() -> None:
    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with server(serve) as port:
        customer = Customer(f"http://127.0.0.1:{port}")
        answer = await customer.ask(customer.head("token") + b"\r\n")
    assert answer.status == 0


async def test_messages_are_heard_also_where_they_come_in_pieces() -> None:
    heard: list[tuple[str, bytes]] = []
    all_heard = asyncio.Event()

    def hear(subject: str, payload: bytes) -> None:
        heard.append((subject, payload))
        if len(heard) == 2:
            all_heard.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"INFO {}\r\n")
        while not (await reader.readline()).startswith(b"PING"):
            pass
        writer.write(b"PONG\r\nMSG orders.confirmed 1 6\r\na\r\nb")
        await writer.drain()
        writer.write(b"cd\r\nPING\r\nMSG orders.confirmed 1 2\r\nef\r\n")
        await reader.readuntil(b"PONG\r\n")

    async with server(serve) as port:
        listener = await Listener.at(f"nats://127.0.0.1:{port}", ["orders.confirmed"], hear)
        async with asyncio.timeout(5):
            await all_heard.wait()
        listener.close()
    assert heard == [("orders.confirmed", b"a\r\nbcd"), ("orders.confirmed", b"ef")]


def test_an_events_order_is_found_in_its_bytes() -> None:
    assert order_of(b'{"event_id": "e", "order_id": "o-1"}') == "o-1"
