"""What the provider takes, gives back and writes down."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.sandbox.asking import charge, moved, refund
from tests.integration.sandbox.running import Running


def test_a_charge_is_answered_with_what_was_taken(provider: Running) -> None:
    order_id, key = str(uuid4()), str(uuid4())
    answer = charge(provider, key=key, order_id=order_id)
    body = answer.json()
    assert answer.status_code == 201
    assert body.pop("charge_id").startswith("ch_")
    assert body.pop("created_at").endswith("+00:00")
    assert body == {
        "status": "succeeded",
        "key": key,
        "order_id": order_id,
        "amount_cents": 1250,
        "currency": "EUR",
        "reason": None,
    }


def test_the_same_key_again_moves_nothing_and_answers_the_same(provider: Running) -> None:
    order_id = str(uuid4())
    first = charge(provider, key=f"k-{order_id}", order_id=order_id)
    second = charge(provider, key=f"k-{order_id}", order_id=order_id)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content
    assert moved(provider, order_id) == ["charge"]


def test_the_same_key_many_times_at_once_is_one_movement(provider: Running) -> None:
    order_id = str(uuid4())
    with ThreadPoolExecutor(16) as threads:
        tries = [
            threads.submit(charge, provider, key=f"k-{order_id}", order_id=order_id)
            for _ in range(48)
        ]
    statuses = [one.result().status_code for one in tries]
    assert sorted(statuses) == [200] * 47 + [201]
    assert moved(provider, order_id) == ["charge"]


@pytest.mark.parametrize(
    "change",
    [
        {"amount_cents": 1},
        {"order_id": "another"},
        {"currency": "GBP"},
        {"payment_method": "card_slow"},
    ],
)
def test_a_key_with_another_body_is_refused(
    provider: Running, change: dict[str, str | int]
) -> None:
    order_id = str(uuid4())
    charge(provider, key=f"k-{order_id}", order_id=order_id)
    asked = {"order_id": order_id} | change
    assert charge(provider, key=f"k-{order_id}", **asked).status_code == 422
    assert moved(provider, order_id) == ["charge"]


def test_a_charges_key_is_no_refunds_key(provider: Running) -> None:
    key = str(uuid4())
    charged = charge(provider, key=key).json()
    assert refund(provider, charged, key=key).status_code == 422


def test_a_declined_card_moves_nothing_but_stands_in_the_ledger(provider: Running) -> None:
    answer = charge(provider, payment_method="card_declined")
    body = answer.json()
    assert answer.status_code == 201
    assert (body["status"], body["reason"]) == ("declined", "card_declined")
    line = provider.ledger()[-1]
    assert (line["charge_id"], line["status"]) == (body["charge_id"], "declined")
    assert refund(provider, body).status_code == 422


def test_a_refund_gives_back_once_for_its_key(provider: Running) -> None:
    charged = charge(provider).json()
    key = str(uuid4())
    first = refund(provider, charged, key=key)
    second = refund(provider, charged, key=key)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content
    body = first.json()
    assert body["refund_id"].startswith("re_")
    assert (body["status"], body["charge_id"]) == ("succeeded", charged["charge_id"])
    assert moved(provider, charged["order_id"]) == ["charge", "refund"]


def test_no_more_is_refunded_than_was_captured(provider: Running) -> None:
    charged = charge(provider, amount_cents=1000).json()
    assert refund(provider, charged, amount_cents=1001).status_code == 422
    first, second = (refund(provider, charged, amount_cents=400) for _ in range(2))
    assert first.json()["refund_id"] != second.json()["refund_id"]
    assert refund(provider, charged, amount_cents=201).status_code == 422
    assert refund(provider, charged, amount_cents=200).status_code == 201


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"charge_id": "ch_unknown"}, 404),
        ({"order_id": "another"}, 422),
        ({"currency": "GBP"}, 422),
    ],
)
def test_a_refund_must_fit_its_charge(
    provider: Running, change: dict[str, str], status: int
) -> None:
    assert refund(provider, charge(provider).json(), **change).status_code == status


def test_charges_and_refunds_are_found_by_their_keys(provider: Running) -> None:
    charged = charge(provider, key="k /+&%41").json()
    refunded = refund(provider, charged, key="r-1").json()
    found = provider.http.get("/charges", params={"key": "k /+&%41"})
    assert found.json() == charged
    assert provider.http.get("/refunds", params={"key": "r-1"}).json() == refunded


@pytest.mark.parametrize("path", ["/charges?key=none", "/charges", "/refunds?key=none"])
def test_what_no_key_made_is_not_found(provider: Running, path: str) -> None:
    assert provider.http.get(path).status_code == 404


def test_a_charges_key_finds_no_refund(provider: Running) -> None:
    key = charge(provider).json()["key"]
    assert provider.http.get("/refunds", params={"key": key}).status_code == 404


def test_the_ledger_has_every_movement_in_order(provider: Running) -> None:
    before = len(provider.ledger())
    first, second = charge(provider).json(), charge(provider).json()
    refunded = refund(provider, first).json()
    lines = provider.ledger()
    assert [line["movement_id"] for line in lines] == list(range(1, before + 4))
    assert [line["key"] for line in lines[before:]] == [
        one["key"] for one in (first, second, refunded)
    ]
    assert lines[-1] == {
        "movement_id": before + 3,
        "kind": "refund",
        "status": "succeeded",
        "charge_id": first["charge_id"],
        "order_id": first["order_id"],
        "key": refunded["key"],
        "amount_cents": 1250,
        "currency": "EUR",
        "created_at": refunded["created_at"],
    }


def test_the_ledger_can_be_read_in_pages(provider: Running) -> None:
    for _ in range(5):
        charge(provider)
    whole = provider.ledger()
    assert provider.ledger(after=2) == whole[2:]
    assert provider.ledger(after=2, limit=2) == whole[2:4]
    assert provider.ledger(limit=3) == whole[:3]
    assert provider.ledger(after=10**6) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount_cents": "12"}, "amount_cents"),
        ({"amount_cents": -1}, "amount_cents"),
        ({"amount_cents": 10**30}, "amount_cents"),
        ({"amount_cents": 1.5}, "amount_cents"),
        ({"currency": "euro"}, "currency"),
        ({"order_id": ""}, "order_id"),
        ({"order_id": None}, "order_id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_input_is_refused_by_the_fields_name(
    provider: Running, change: dict[str, Any], field: str
) -> None:
    answer = charge(provider, **change)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"", 400), (b"\xff", 400), (b"[]", 422), (b"{" + b" " * 70_000, 413)],
)
def test_a_body_that_is_no_request_is_refused(provider: Running, body: bytes, status: int) -> None:
    answer = provider.http.post("/charges", content=body, headers={"Idempotency-Key": "k"})
    assert answer.status_code == status


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": ""}, {"Idempotency-Key": "k" * 256}])
def test_the_key_is_required(provider: Running, headers: dict[str, str]) -> None:
    body = {"order_id": "1", "amount_cents": 1, "currency": "EUR", "payment_method": "card_ok"}
    assert provider.http.post("/charges", json=body, headers=headers).status_code == 400


def test_an_unknown_method_behaves_like_card_ok(provider: Running) -> None:
    assert charge(provider, payment_method="iban").json()["status"] == "succeeded"


def test_a_flaky_card_fails_first_and_takes_nothing(provider: Running) -> None:
    order_id = str(uuid4())
    asked = {"order_id": order_id, "payment_method": "card_flaky"}
    assert charge(provider, key=f"k-{order_id}", **asked).status_code == 500
    assert moved(provider, order_id) == []
    assert provider.http.get("/charges", params={"key": f"k-{order_id}"}).status_code == 404
    assert charge(provider, key=f"k-{order_id}", **asked).status_code == 201
    assert moved(provider, order_id) == ["charge"]


def test_a_timeout_card_takes_the_money_and_drops_the_first_answer(provider: Running) -> None:
    order_id = str(uuid4())
    asked = {"order_id": order_id, "payment_method": "card_timeout"}
    began = monotonic()
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
        charge(provider, key=f"k-{order_id}", **asked)
    assert monotonic() - began >= 0.05
    found = provider.http.get("/charges", params={"key": f"k-{order_id}"})
    assert found.json()["status"] == "succeeded"
    again = charge(provider, key=f"k-{order_id}", **asked)
    assert (again.status_code, again.json()) == (200, found.json())
    assert moved(provider, order_id) == ["charge"]


def test_a_slow_card_answers_late(provider: Running) -> None:
    answer = charge(provider, payment_method="card_slow")
    assert answer.status_code == 201
    assert answer.elapsed.total_seconds() >= 0.05
