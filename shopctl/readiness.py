"""Whether a process can do its work yet: asked at the address where others will reach it."""

import asyncio
from urllib.parse import urlsplit

import psutil

from shopctl.processes import Running, process_of

ANSWER_WITHIN_S = 2.0
PING = b"PING\r\n"
# A startup packet of protocol 3.0 for a user that does not exist: a server that is still starting
# or recovering answers with SQLSTATE 57P03, one that is ready with a request to authenticate.
PG_STARTUP = b"\0\0\0\x15\0\x03\0\0user\0nobody\0\0"


async def is_ready(running: Running) -> bool:
    """All its addresses answer, and it is this process that listens there."""
    for address in running.program.ready_when:
        if not (await _answers(address) and _listens(running, address)):
            return False
    return True


async def _answers(address: str) -> bool:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await _ask(address)
    except (OSError, TimeoutError):
        return False


async def _ask(address: str) -> bool:
    where = urlsplit(address)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        match where.scheme:
            case "http":
                writer.write(f"GET {where.path} HTTP/1.0\r\nHost: {where.netloc}\r\n\r\n".encode())
                return b" 200 " in await reader.readline()
            case "redis":
                writer.write(PING)
                return (await reader.readline()).startswith(b"+PONG")
            case "postgresql":
                writer.write(PG_STARTUP)
                return (await reader.read(1)) == b"R"
            case _:
                return True
    finally:
        writer.close()


def _listens(running: Running, address: str) -> bool:
    """Not another process that was quicker to take the port."""
    process = process_of(running)
    if process is None:
        return False
    try:
        connections = process.net_connections("tcp")
    except psutil.NoSuchProcess:
        return False
    port = urlsplit(address).port
    return any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections)
