"""Ports that servers come up on seconds later, and come back to."""

import socket
import sys

import pytest

from shopctl import ports as looking
from shopctl.ports import LOOPBACK, Ports


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> Ports:
    """All look among the same dozen ports, which nobody else is likely to want."""
    start = Ports().free() + 1
    monkeypatch.setattr(looking, "_outside_ephemeral", lambda: range(start, start + 12))
    return Ports()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a server would be refused too")
def test_a_port_is_given_to_nobody_else(ports: Ports) -> None:
    others = Ports()

    assert not {ports.free() for _ in range(5)} & {others.free() for _ in range(5)}


def test_a_server_takes_it_and_comes_back_to_it(ports: Ports) -> None:
    port = ports.free()
    for _ in range(2):
        with (
            socket.create_server((LOOPBACK, port)),
            socket.create_connection((LOOPBACK, port), timeout=5),
        ):
            pass


def test_where_no_server_is_up_clients_are_refused(ports: Ports) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, ports.free()), timeout=5)
