import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from shared.healthcheck import main, status_of

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(answer: bytes) -> AsyncIterator[str]:
    """A server that answers whatever it is asked; yields its URL."""

    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer.replace(b"<asked>", request.split(b"\r\n")[0]))
        writer.close()

    async with await asyncio.start_server(on_connection, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/readyz"


async def test_a_ready_service_is_healthy() -> None:
    async with listening(b"HTTP/1.1 200 OK\r\n\r\n") as url:
        await asyncio.to_thread(main, [url])


async def test_a_service_that_is_not_ready_is_unhealthy() -> None:
    async with listening(b"HTTP/1.1 503 Service Unavailable\r\n\r\n") as url:
        with pytest.raises(SystemExit, match="/readyz: 503"):
            await asyncio.to_thread(main, [url])


async def test_the_path_is_asked_for() -> None:
    async with listening(b"asked: <asked>") as url:
        with pytest.raises(ValueError, match="asked: GET /readyz "):
            await asyncio.to_thread(status_of, url)


@pytest.mark.parametrize("answer", [b"", b"220 mail ESMTP\r\n"])
async def test_what_is_no_http_is_unhealthy(answer: bytes) -> None:
    async with listening(answer) as url:
        with pytest.raises(SystemExit, match="/readyz: "):
            await asyncio.to_thread(main, [url])


async def test_where_nobody_listens_it_is_unhealthy() -> None:
    async with listening(b"") as url:
        pass
    with pytest.raises(SystemExit, match="/readyz: "):
        await asyncio.to_thread(main, [url])


def test_it_wants_one_address() -> None:
    with pytest.raises(SystemExit, match="usage"):
        main([])
