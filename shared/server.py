"""Running a service as a process: `run(OrderSettings, build)`."""

import asyncio
import gc
import signal
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

import structlog
import uvicorn
from fastapi import FastAPI

from shared.settings import ServiceSettings, load

Settings = TypeVar("Settings", bound=ServiceSettings)

log = structlog.get_logger(__name__)

NOT_READY_S = 0.3  # between "not ready" and the last accepted connection: balancers look away
REQUESTS_S = 2  # for the requests under way
KEEP_ALIVE_S = 75  # longer than the clients' own, so that it is they who let go


class Server(uvicorn.Server):
    """uvicorn, but on SIGTERM the process first says "not ready", and then stops listening."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        health = self.config.app.state.health  # type: ignore[union-attr]  # ours, a FastAPI
        if health.draining or sig == signal.SIGINT:
            super().handle_exit(sig, frame)
            return
        log.info("service.draining")
        health.draining = True
        asyncio.get_running_loop().call_later(NOT_READY_S, super().handle_exit, sig, frame)


def _calm_the_collector() -> None:
    """Collect garbage rarely, and never look at what the imports left.

    By default CPython collects every 700 allocations, and a busy event loop allocates that much
    between two events: it took half the time of a consumer (docs/explanation/performance.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def run(settings_class: type[Settings], build: Callable[[Settings], FastAPI]) -> None:
    """Serve until SIGTERM or Ctrl-C; exits with 2 for wrong settings, 3 if it could not start."""
    settings = load(settings_class)
    config = uvicorn.Config(
        build(settings),
        host=settings.http_host,
        port=settings.http_port,
        loop="uvloop",
        http="httptools",
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
