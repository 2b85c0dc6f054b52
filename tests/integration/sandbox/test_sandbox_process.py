"""How the processes start, stop and come back."""

import signal
import socket
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from tests.integration.sandbox import running
from tests.integration.sandbox.asking import charge, refund
from tests.integration.sandbox.mailing import send
from tests.integration.sandbox.running import DEADLINE_S, Running


def test_the_ledger_survives_a_kill(tmp_path: Path) -> None:
    store = ("--store", str(tmp_path / "new" / "ledger"))
    with running.provider(*store) as provider:
        charged = charge(provider, key="k-1", amount_cents=1000).json()
        charge(provider, payment_method="card_declined")
        refund(provider, charged, amount_cents=600)
        before = provider.ledger()
        provider.kill()
    with running.provider(*store) as provider:
        assert provider.ledger() == before
        again = charge(provider, key="k-1", amount_cents=1000, order_id=charged["order_id"])
        assert (again.status_code, again.json()) == (200, charged)
        assert refund(provider, charged, amount_cents=401).status_code == 422
        assert refund(provider, charged, amount_cents=400).status_code == 201
        assert provider.ledger()[-1]["movement_id"] == 4


def test_mails_survive_a_kill_as_they_were_read_and_deleted(tmp_path: Path) -> None:
    store = ("--store", str(tmp_path / "mails"))
    with running.mailsink(*store) as mailsink:
        for number in range(4):
            send(mailsink, subject=f"mail {number}")
        shown = mailsink.http.get("/api/v1/messages").json()["messages"]
        mailsink.http.get(f"/api/v1/message/{shown[0]['ID']}")
        mailsink.http.request("DELETE", "/api/v1/messages", json={"IDs": [shown[1]["ID"]]})
        before = mailsink.http.get("/api/v1/messages").json()
        mailsink.kill()
    assert (before["total"], before["unread"]) == (3, 2)
    with running.mailsink(*store) as mailsink:
        assert mailsink.http.get("/api/v1/messages").json() == before
        mailsink.http.delete("/api/v1/messages")
        mailsink.kill()
    with running.mailsink(*store) as mailsink:
        assert mailsink.http.get("/api/v1/messages").json()["total"] == 0


@pytest.mark.parametrize("torn", [b'{"movement":{"movement_id":2,"ki', b"{", b"\0\0\0"])
def test_a_torn_last_line_is_cut_off(tmp_path: Path, torn: bytes) -> None:
    store = tmp_path / "ledger"
    with running.provider("--store", str(store)) as provider:
        charge(provider)
        provider.kill()
    whole = store.read_bytes()
    store.write_bytes(whole + torn)
    with running.provider("--store", str(store)) as provider:
        assert len(provider.ledger()) == 1
        assert store.read_bytes() == whole
        charge(provider)
        assert [line["movement_id"] for line in provider.ledger()] == [1, 2]
        provider.kill()
    with running.provider("--store", str(store)) as provider:
        assert len(provider.ledger()) == 2


def test_a_line_broken_inside_is_no_start(tmp_path: Path) -> None:
    store = tmp_path / "ledger"
    store.write_bytes(b'{"movement":\n{}\n')
    with running.launched("sandbox.provider", "--store", str(store)) as process:
        _, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert "line 1 is broken" in errors


def test_a_store_has_one_process(tmp_path: Path) -> None:
    store = ("--store", str(tmp_path / "ledger"))
    with running.provider(*store), running.launched("sandbox.provider", *store) as second:
        _, errors = second.communicate(timeout=DEADLINE_S)
    assert second.returncode == 1
    assert "another process has it open" in errors


def test_a_port_in_use_is_no_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with running.launched("sandbox.provider", "--port", port) as process:
            _, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert "address already in use" in errors.lower()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_end_cleanly_on_a_signal(number: signal.Signals) -> None:
    with running.provider() as provider, running.mailsink() as mailsink:
        charge(provider)
        send(mailsink)
        for one in (provider, mailsink):
            one.process.send_signal(number)
            assert one.process.wait(DEADLINE_S) == 0


def test_a_held_answer_does_not_hold_the_end() -> None:
    body = b'{"order_id":"1","amount_cents":1,"currency":"EUR","payment_method":"card_timeout"}'
    with running.provider("--drop-after", "600") as provider, connected_to(provider) as client:
        client.sendall(
            b"POST /charges HTTP/1.1\r\nIdempotency-Key: k\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )
        while provider.http.get("/charges?key=k").status_code == 404:
            pass
        assert provider.stop() == 0
        assert client.recv(1) == b""


def connected_to(one: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", one.ports["http"]), timeout=DEADLINE_S)


def test_they_listen_on_loopback_only(provider: Running, mailsink: Running) -> None:
    for one in (provider, mailsink):
        listening = [
            connection.laddr
            for connection in psutil.Process(one.process.pid).net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert {address.ip for address in listening} == {"127.0.0.1"}
        assert {address.port for address in listening} == set(one.ports.values())


def test_the_host_can_be_chosen_for_containers() -> None:
    with running.provider("--host", "0.0.0.0") as provider:
        assert provider.http.get("/healthz").status_code == 200


@pytest.mark.parametrize("module", ["sandbox.provider", "sandbox.mailsink"])
def test_each_explains_itself(module: str) -> None:
    with running.launched(module, "--help") as process:
        shown, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert "--store" in shown


def test_a_restart_takes_the_same_port_at_once(tmp_path: Path) -> None:
    store = ("--store", str(tmp_path / "ledger"))
    key = str(uuid4())
    with running.provider(*store) as provider:
        port = str(provider.ports["http"])
        charge(provider, key=key)
        provider.kill()
    with running.provider(*store, "--port", port) as provider:
        assert provider.http.get("/charges", params={"key": key}).status_code == 200
