"""Loopback ports for servers that must come back on the same one."""

import secrets
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
LOWEST = 10_240
EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
IANA_EPHEMERAL_START = 49_152


class Ports:
    """Hands out ports that were free a moment ago, no port twice.

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
            if port not in self._given and _can_bind(port):
                self._given.add(port)
                return port


def _outside_ephemeral() -> range:
    try:
        start = int(EPHEMERAL_RANGE.read_text().split()[0])
    except OSError:
        start = IANA_EPHEMERAL_START
    return range(LOWEST, start) if start > LOWEST + 1_000 else range(LOWEST, 65_536)


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
