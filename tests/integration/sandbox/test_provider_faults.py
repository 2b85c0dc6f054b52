"""Faults that a campaign switches on."""

from time import monotonic
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.sandbox import running
from tests.integration.sandbox.asking import charge, moved, refund
from tests.integration.sandbox.running import Running


def switch_on(running: Running, **fault: Any) -> None:
    assert running.http.put("/faults", json=fault).status_code == 200


def injected(running: Running, mode: str) -> int:
    return int(running.http.get("/faults").json()["injected"].get(mode, 0))


def test_an_error_takes_nothing_and_ends_after_its_count(provider: Running) -> None:
    before = injected(provider, "error")
    switch_on(provider, mode="error", count=2)
    order_id = str(uuid4())
    asked = {"key": f"k-{order_id}", "order_id": order_id}
    assert [charge(provider, **asked).status_code for _ in range(3)] == [500, 500, 201]
    assert moved(provider, order_id) == ["charge"]
    assert injected(provider, "error") == before + 2
    assert provider.http.get("/faults").json()["mode"] is None


def test_a_rate_limit_says_when_to_come_back(provider: Running) -> None:
    charged = charge(provider).json()
    switch_on(provider, mode="rate_limit", seconds=2.5, count=1)
    answer = refund(provider, charged)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")


def test_a_delay_holds_the_answer_not_the_money(provider: Running) -> None:
    order_id = str(uuid4())
    switch_on(provider, mode="delay", seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        provider.http.post(
            "/charges",
            json={
                "order_id": order_id,
                "amount_cents": 1,
                "currency": "EUR",
                "payment_method": "card_ok",
            },
            headers={"Idempotency-Key": order_id},
            timeout=0.2,
        )
    assert moved(provider, order_id) == ["charge"]
    switch_on(provider, mode="delay", seconds=0.05)
    assert charge(provider).elapsed.total_seconds() >= 0.05


def test_a_dropped_answer_leaves_the_money_taken(provider: Running) -> None:
    order_id = str(uuid4())
    before = injected(provider, "drop_answer")
    switch_on(provider, mode="drop_answer", seconds=0.05, count=2)
    began = monotonic()
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            charge(provider, key=f"k-{order_id}", order_id=order_id)
    assert monotonic() - began >= 0.1
    assert charge(provider, key=f"k-{order_id}", order_id=order_id).status_code == 200
    assert moved(provider, order_id) == ["charge"]
    assert injected(provider, "drop_answer") == before + 2


def test_questions_are_hit_too_but_not_those_of_who_watches(provider: Running) -> None:
    switch_on(provider, mode="error")
    assert provider.http.get("/charges?key=x").status_code == 500
    assert provider.http.get("/refunds?key=x").status_code == 500
    assert provider.http.get("/ledger").status_code == 200
    assert provider.http.get("/healthz").status_code == 200


def test_a_fault_is_described_and_switched_off(provider: Running) -> None:
    switch_on(provider, mode="error", probability=0, count=3)
    assert charge(provider).status_code == 201
    shown = provider.http.get("/faults").json()
    del shown["injected"]
    assert shown == {"mode": "error", "seconds": 1.0, "probability": 0.0, "count": 3}
    switch_on(provider, mode="error")
    assert provider.http.delete("/faults").json()["mode"] is None
    assert charge(provider).status_code == 201


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"mode": "explode"},
        {"mode": "error", "probability": 2},
        {"mode": "delay", "seconds": -1},
        {"mode": "error", "count": 0},
        {"mode": "error", "often": True},
    ],
)
def test_an_impossible_fault_is_refused(provider: Running, fault: dict[str, Any]) -> None:
    assert provider.http.put("/faults", json=fault).status_code == 422


def test_the_same_seed_throws_the_same_dice() -> None:
    def thrown(seed: str) -> list[int]:
        with running.provider("--seed", seed) as provider:
            switch_on(provider, mode="error", probability=0.5)
            return [charge(provider).status_code for _ in range(20)]

    first = thrown("7")
    assert set(first) == {201, 500}
    assert thrown("7") == first
    assert thrown("8") != first
