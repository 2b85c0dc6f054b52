"""One sandbox process: its sockets, its `listening` line, its end on SIGTERM."""

import asyncio
import signal
import sys
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
import uvloop

from sandbox.journal import StoreError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Listener:
    """What answers on one port; port 0 takes a free one."""

    scheme: str
    host: str
    port: int
    protocol: Callable[[], asyncio.Protocol]


def arguments(program: str, description: str) -> ArgumentParser:
    """Return a parser with what every sandbox process takes."""
    parser = ArgumentParser(
        prog=f"python -m {program}",
        description=description,
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--store", type=Path, help="append-only file; without it all ends here")
    parser.add_argument("--seed", type=int, default=0, help="of the faults' dice")
    return parser


def run(build: Callable[[], tuple[Listener, ...]]) -> None:
    """Build the process, serve until SIGTERM or SIGINT, and exit 0; 1 if it could not start."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        uvloop.run(_serve(build()))
    except (StoreError, OSError) as error:
        sys.exit(f"cannot start: {error}")


async def _serve(listeners: tuple[Listener, ...]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    servers = [await loop.create_server(one.protocol, one.host, one.port) for one in listeners]
    print("listening", *map(_address, listeners, servers), flush=True)  # noqa: T201 — the contract
    await stopped.wait()
    for server in servers:
        server.close()
    log.info("stopped")


def _address(listener: Listener, server: asyncio.Server) -> str:
    return f"{listener.scheme}://{listener.host}:{server.sockets[0].getsockname()[1]}"
