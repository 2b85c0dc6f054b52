"""Running a service as a process: `run(OrderSettings, build)`."""

import asyncio
import gc
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

import structlog
import uvicorn
from fastapi import FastAPI

from shared.http.direct import CLOSE
from shared.settings import ServiceSettings, load

Settings = TypeVar("Settings", bound=ServiceSettings)

log = structlog.get_logger(__name__)

NOT_READY_S = 0.3  # between "not ready" and the last accepted connection: balancers look away
LAST_WORDS_S = 0.2  # between the last accepted connection and the end of idle ones
REQUESTS_S = 2  # for the requests under way
KEEP_ALIVE_S = 75  # longer than the clients' own, so that it is they who let go
ACCEPT_AT_ONCE = 256


class Server(uvicorn.Server):
    """uvicorn, but it lets everybody in, and goes in steps.

    uvloop accepts one connection in a turn of its loop, and under load a turn takes 10 ms and
    more: clients would wait for seconds before anybody could refuse them. Here all that have come
    are let in together.

    On SIGTERM the process first says "not ready", and all goes on, while balancers look away. Then
    it stops listening, and each answer asks the client to let go of its connection; only then
    idle connections are closed. It ends with 0, where uvicorn would die of the signal.

    In between it sleeps, where uvicorn looks ten times a second whether it is to go.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        self._leaving = asyncio.Event()
        super().__init__(config)
        self._greetings: set[asyncio.Task[None]] = set()

    @property  # uvicorn has a field, at which it looks now and then
    def should_exit(self) -> bool:
        return self._leaving.is_set()

    @should_exit.setter
    def should_exit(self, it_should: bool) -> None:
        if it_should:
            self._leaving.set()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        health = self.config.app.state.health  # type: ignore[union-attr]  # ours, a FastAPI
        if sig == signal.SIGINT:
            super().handle_exit(sig, frame)
        elif health.draining:
            self.should_exit = True
        else:
            log.info("service.draining")
            health.draining = True
            asyncio.get_running_loop().call_later(NOT_READY_S, self._leaving.set)

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._leaving.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.listener = self.config.bind_socket()
        self.listener.settimeout(0)  # accept does not wait
        await super().startup(sockets=[])
        self.listener.listen(self.config.backlog)
        asyncio.get_running_loop().add_reader(self.listener, self._let_in)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().remove_reader(self.listener)
        self._let_in()
        self.listener.close()
        # For requests under way too: they hold this very list until they are answered.
        self.server_state.default_headers.append(CLOSE)
        await asyncio.sleep(LAST_WORDS_S)
        await super().shutdown(sockets)

    def _let_in(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(ACCEPT_AT_ONCE):
            try:
                connection, _ = self.listener.accept()
            except OSError:  # nobody is there, or no descriptor is left
                return
            greeting = loop.create_task(self._greet(connection))
            self._greetings.add(greeting)
            greeting.add_done_callback(self._greetings.discard)

    async def _greet(self, connection: socket.socket) -> None:
        try:
            loop = asyncio.get_running_loop()
            await loop.connect_accepted_socket(self._protocol, connection)
        except OSError:  # gone already
            connection.close()

    def _protocol(self) -> asyncio.Protocol:
        """As uvicorn's own listener has it."""
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def _calm_the_collector() -> None:
    """Collect garbage rarely, and never look at what the imports left.

    By default CPython collects every 700 allocations, and a busy event loop allocates that much
    between two events: it took half the time of a consumer (docs/explanation/performance.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def run(settings_class: type[Settings], build: Callable[[Settings], FastAPI]) -> None:
    """Serve until SIGTERM or Ctrl-C; exits with 2 for wrong settings, 3 if it could not start."""
    settings = load(settings_class)
    app = build(settings)
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        loop="uvloop",
        http=app.state.admission.protocol(app.state.direct),
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=REQUESTS_S,
        timeout_keep_alive=KEEP_ALIVE_S,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="none",
    )
    _calm_the_collector()
    server = Server(config)
    server.run()
    if not server.started:
        raise SystemExit(3)
