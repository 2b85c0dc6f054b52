import asyncio
import socket
import time
from contextlib import ExitStack

import uvicorn
import uvloop

from shared.server import LISTENERS, listeners

CLIENTS = 10 * LISTENERS
TURN_S = 0.001


async def _turns_until_all_are_accepted() -> int:
    """Let clients connect at once to a server whose loop has other work, too, in each turn."""
    loop = asyncio.get_running_loop()
    everybody = loop.create_future()
    accepted = turns = 0

    class Visit(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            nonlocal accepted
            accepted += 1
            transport.close()
            if accepted == CLIENTS:
                everybody.set_result(None)

    def work() -> None:
        nonlocal turns
        turns += 1
        time.sleep(TURN_S)
        if not everybody.done():
            loop.call_soon(work)

    with ExitStack() as stack:
        sockets = listeners(uvicorn.Config("", host="127.0.0.1", port=0, log_config=None))
        servers = [await loop.create_server(Visit, sock=one, backlog=CLIENTS) for one in sockets]
        for _ in range(CLIENTS):
            stack.enter_context(socket.create_connection(sockets[0].getsockname()))
        work()
        await asyncio.wait_for(everybody, 10)
        for server in servers:
            server.close()
    return turns


def test_a_busy_loop_accepts_many_connections_in_a_turn() -> None:
    assert uvloop.run(_turns_until_all_are_accepted()) < CLIENTS / 4
