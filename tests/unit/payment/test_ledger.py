"""The provider's ledger as it comes over HTTP: whole, broken, or another one."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from services.payment.metrics import ProviderMetrics
from services.payment.provider_calls import CallLimits, ProviderCalls
from services.payment.reconciliation.ledger import (
    START,
    LedgerLost,
    LedgerUnreadable,
    ProviderLedger,
)
from shared.errors import DependencyDown
from tests.unit.payment.scripted_provider import (
    Behaviour,
    ScriptedProvider,
    hang_up,
    say_nothing,
    says,
    serving,
)

QUICK = CallLimits(timeout_s=0.1)


def movement(number: int, **differing: Any) -> dict[str, Any]:
    fields = {
        "movement_id": number,
        "kind": "charge",
        "status": "succeeded",
        "charge_id": f"ch_{number}",
        "order_id": "o-1",
        "key": f"charge-{number}",
        "amount_cents": 1250,
        "currency": "EUR",
        "created_at": "2025-01-31T12:00:00+00:00",
    }
    return fields | differing


def page(*numbers: int) -> Behaviour:
    return says(200, movements=[movement(number) for number in numbers])


async def rubbish(_: web.Request) -> web.Response:
    return web.Response(text="<html>")


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    async with serving(ScriptedProvider(page())) as provider:
        yield provider


@pytest.fixture
async def ledger(provider: ScriptedProvider) -> AsyncIterator[ProviderLedger]:
    async with ProviderCalls(QUICK, ProviderMetrics(CollectorRegistry())) as calls:
        yield ProviderLedger(provider.url, calls)


async def test_a_ledger_is_read_from_its_start(
    provider: ScriptedProvider, ledger: ProviderLedger
) -> None:
    provider.script = [page(1, 2)]
    assert [it.movement_id for it in await ledger.after(START, limit=10)] == [1, 2]
    assert await ledger.after(START, limit=10) == []


async def test_the_last_movement_is_asked_for_again_and_left_out(
    provider: ScriptedProvider, ledger: ProviderLedger
) -> None:
    provider.script = [page(2, 3, 4), page(4)]
    assert [it.movement_id for it in await ledger.after((2, "charge-2"), limit=10)] == [3, 4]
    assert await ledger.after((4, "charge-4"), limit=10) == []


async def test_a_provider_that_knows_no_pages_is_read_no_further_than_asked(
    provider: ScriptedProvider, ledger: ProviderLedger
) -> None:
    provider.script = [page(*range(1, 10))]
    assert len(await ledger.after(START, limit=3)) == 3


@pytest.mark.parametrize("answer", [page(), page(1, 2, 3), says(200, movements=[movement(7)])])
async def test_a_ledger_without_what_was_read_last_was_lost(
    provider: ScriptedProvider, ledger: ProviderLedger, answer: Behaviour
) -> None:
    provider.script = [answer]
    with pytest.raises(LedgerLost):
        await ledger.after((7, "charge-of-old"), limit=10)


@pytest.mark.parametrize(
    "answer",
    [
        rubbish,
        says(200, lines=[]),
        says(200, movements=[{"movement_id": 1}]),
        says(200, movements=[movement(1, amount_cents="much")]),
        says(200, movements=[movement(1, created_at="2025-01-31T12:00:00")]),
        page(1, 3),
        page(2, 1),
    ],
)
async def test_what_is_no_page_of_a_ledger_is_unreadable(
    provider: ScriptedProvider, ledger: ProviderLedger, answer: Behaviour
) -> None:
    provider.script = [answer]
    with pytest.raises(LedgerUnreadable):
        await ledger.after(START, limit=10)


@pytest.mark.parametrize("answer", [hang_up, say_nothing, says(500), says(404), says(429)])
async def test_a_provider_in_trouble_is_down(
    provider: ScriptedProvider, ledger: ProviderLedger, answer: Behaviour
) -> None:
    provider.otherwise = answer
    with pytest.raises(DependencyDown):
        await ledger.after(START, limit=10)
