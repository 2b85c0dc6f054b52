import asyncio
import socket
import time
from contextlib import ExitStack

import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

from shared.server import Server

CLIENTS = 100
TURN_S = 0.001


async def _app(_scope: Scope, _receive: Receive, _send: Send) -> None:
    pass


async def _turns_until_all_are_let_in() -> int:
    """Let clients connect at once to a server whose loop has other work, too, in each turn."""
    config = uvicorn.Config(_app, host="127.0.0.1", port=0, log_config=None, lifespan="off")
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
    with ExitStack() as stack:
        for _ in range(CLIENTS):
            stack.enter_context(socket.create_connection(server.listener.getsockname()))
        turns = 0
        while len(server.server_state.connections) < CLIENTS:
            turns += 1
            time.sleep(TURN_S)
            await asyncio.sleep(0)
    server.should_exit = True
    await serving
    return turns


def test_a_busy_loop_lets_in_all_who_have_come_together() -> None:
    assert uvloop.run(_turns_until_all_are_let_in()) < CLIENTS / 4
