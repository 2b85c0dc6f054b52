"""The HTTP/1.1 under both, byte for byte."""

import socket

import httpx
import pytest

from tests.integration.sandbox.running import DEADLINE_S, Running


def told(provider: Running, said: bytes) -> bytes:
    """Say it and read until the server closes."""
    with socket.create_connection(("127.0.0.1", provider.ports["http"])) as client:
        client.settimeout(DEADLINE_S)
        client.sendall(said)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_pipelined_requests_are_answered_in_their_order(provider: Running) -> None:
    answers = told(
        provider,
        b"GET /healthz HTTP/1.1\r\n\r\nGET /ledger HTTP/1.1\r\n\r\nGET /none HTTP/1.1\r\n\r\n"
        b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
    )
    parts = answers.split(b"HTTP/1.1 ")[1:]
    assert [part[:3] for part in parts] == [b"200", b"200", b"404", b"200"]
    assert b'{"movements":[' in parts[1]
    assert b"connection: close" in parts[3]


def test_a_request_behind_a_slow_answer_waits_for_it(provider: Running) -> None:
    body = b'{"order_id":"slow","amount_cents":1,"currency":"EUR","payment_method":"card_slow"}'
    answers = told(
        provider,
        b"POST /charges HTTP/1.1\r\nIdempotency-Key: slow\r\nContent-Length: %d\r\n\r\n%b"
        b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n" % (len(body), body),
    )
    assert answers.index(b"201 Created") < answers.index(b"200 OK")


def test_many_pipelined_requests_are_no_danger(provider: Running) -> None:
    body = b'{"order_id":"many","amount_cents":1,"currency":"EUR","payment_method":"card_slow"}'
    answers = told(
        provider,
        b"POST /charges HTTP/1.1\r\nIdempotency-Key: many\r\nContent-Length: %d\r\n\r\n%b"
        % (len(body), body)
        + b"GET /healthz HTTP/1.1\r\n\r\n" * 2000
        + b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
    )
    assert answers.count(b"200 OK") == 2001


def test_a_body_may_come_in_chunks(provider: Running) -> None:
    body = b'{"order_id":"1","amount_cents":1,"currency":"EUR","payment_method":"card_ok"}'
    answer = provider.http.post(
        "/charges", content=iter([body[:9], body[9:]]), headers={"Idempotency-Key": "chunked"}
    )
    assert answer.status_code == 201


def test_a_client_may_ask_before_it_sends(provider: Running) -> None:
    answers = told(
        provider,
        b"PUT /faults HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\n"
        b"Content-Length: 2\r\n\r\n{}",
    )
    assert answers.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 422 ")


@pytest.mark.parametrize(
    "said", [b"nonsense\r\n\r\n", b"GET /healthz HTTP/9.9\r\n\r\n", b"\x16\x03"]
)
def test_what_is_not_http_is_refused(provider: Running, said: bytes) -> None:
    assert told(provider, said).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_goes_away_harms_nobody(provider: Running) -> None:
    with httpx.stream("GET", provider.http.base_url.join("/ledger")):
        pass
    assert provider.http.get("/healthz").status_code == 200
