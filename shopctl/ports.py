"""Loopback ports for servers that must come back on the same one."""

import secrets
import socket
import sys
from pathlib import Path

LOOPBACK = "127.0.0.1"
LOWEST = 10_240
EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
IANA_EPHEMERAL_START = 49_152


class Ports:
    """Hands out free ports, no port twice; on Linux, to no other process while this one lives.

    They lie below the system's ephemeral range. Inside it, a client that keeps knocking at a
    dead server's port is one day given that very port as its own, connects to itself, and
    keeps the server from coming back.
    """

    def __init__(self) -> None:
        self._given: set[int] = set()
        self._range = _outside_ephemeral()

    def free(self) -> int:
        while True:
            port = secrets.choice(self._range)
            if port not in self._given and _reserve(port):
                self._given.add(port)
                return port


def _outside_ephemeral() -> range:
    try:
        start = int(EPHEMERAL_RANGE.read_text().split()[0])
    except OSError:
        start = IANA_EPHEMERAL_START
    return range(LOWEST, start) if start > LOWEST + 1_000 else range(LOWEST, 65_536)


def _reserve(port: int) -> bool:
    """False where it is taken.

    A server takes seconds to come up, and another run that looks meanwhile must not find its
    port free. On Linux a socket stays bound to it: whoever looks like this is refused, a server
    (with SO_REUSEADDR, as all here) is not, and clients are, as nobody listens. Elsewhere the
    server would be refused too: there nothing is kept, and a supervisor tries again.
    """
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        if sys.platform == "linux":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.detach()
    return True
