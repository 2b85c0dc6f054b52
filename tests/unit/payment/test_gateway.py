"""The provider's client against a real HTTP server that behaves as badly as it can."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from time import monotonic

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from services.payment.answers import Absent, Captured, Declined, PaidBack, Unanswered
from services.payment.domain import Payment
from services.payment.gateway import Provider
from services.payment.metrics import ProviderMetrics
from services.payment.provider_calls import CallLimits, ProviderCalls
from shared.errors import DependencyDown
from tests.eventually import eventually_found, until
from tests.unit.payment.scripted_provider import (
    Behaviour,
    ScriptedProvider,
    captured,
    hang_up,
    say_nothing,
    says,
    serving,
)
from tests.unit.payment.stories import SOON, cancellation, pending

IMPATIENT = CallLimits(timeout_s=0.2, deadline_s=0.6)

Connect = Callable[[str, CallLimits], Awaitable[Provider]]


@pytest.fixture
async def server() -> AsyncIterator[ScriptedProvider]:
    async with serving(ScriptedProvider(otherwise=captured())) as provider:
        yield provider


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    async with AsyncExitStack() as stack:

        async def connected(url: str, limits: CallLimits) -> Provider:
            calls = ProviderCalls(limits, ProviderMetrics(CollectorRegistry()))
            return Provider(url, await stack.enter_async_context(calls))

        yield connected


@pytest.fixture
async def gateway(server: ScriptedProvider, connect: Connect) -> Provider:
    return await connect(server.url, CallLimits())


@pytest.fixture
async def impatient(server: ScriptedProvider, connect: Connect) -> Provider:
    """For a provider that says nothing. On a busy machine it may miss an answer, too."""
    return await connect(server.url, IMPATIENT)


def owed() -> Payment:
    payment = pending()
    payment.record(Captured("ch_1"), SOON)
    payment.cancel(cancellation(), SOON)
    return payment


async def test_a_charge_carries_the_payments_key(
    server: ScriptedProvider, gateway: Provider
) -> None:
    payment = pending()
    assert await gateway.charge(payment) == Captured("ch_1")
    assert server.calls == [("POST", payment.charge_key)]


async def test_a_declined_card_is_an_answer(server: ScriptedProvider, gateway: Provider) -> None:
    server.script = [says(201, charge_id="ch_1", status="declined", reason="no funds")]
    assert await gateway.charge(pending()) == Declined("no funds", "ch_1")


async def test_an_unacceptable_charge_is_declined_with_the_reason(
    server: ScriptedProvider, gateway: Provider
) -> None:
    server.script = [says(422, detail="currency: unknown")]
    answer = await gateway.charge(pending())
    assert answer == Declined("refused by the provider: currency: unknown")


@pytest.mark.parametrize("trouble", [says(500), says(503), says(429), says(409), hang_up])
async def test_what_may_pass_is_tried_again_with_the_same_key(
    server: ScriptedProvider, gateway: Provider, trouble: Behaviour
) -> None:
    server.script = [trouble, trouble]
    payment = pending()
    assert await gateway.charge(payment) == Captured("ch_1")
    assert server.calls == [("POST", payment.charge_key)] * 3


async def test_retry_after_is_waited_for(server: ScriptedProvider, connect: Connect) -> None:
    server.script = [says(429, {"Retry-After": "1"})]
    gateway = await connect(server.url, CallLimits())
    started = monotonic()
    assert await gateway.charge(pending()) == Captured("ch_1")
    assert monotonic() - started >= 1.0


async def test_a_timeout_is_no_failure_but_a_question(
    server: ScriptedProvider, impatient: Provider
) -> None:
    server.script = [say_nothing]
    payment = pending()
    assert await impatient.charge(payment) == Captured("ch_1")
    assert server.calls == [("POST", payment.charge_key), ("GET", payment.charge_key)]


async def test_a_timeout_is_unknown_if_the_provider_has_no_charge(
    server: ScriptedProvider, impatient: Provider
) -> None:
    server.script = [say_nothing, says(404)]
    assert isinstance(await impatient.charge(pending()), Unanswered)


async def test_a_provider_that_says_nothing_at_all_leaves_it_unknown_in_time(
    server: ScriptedProvider, impatient: Provider
) -> None:
    server.otherwise = say_nothing
    started = monotonic()
    assert isinstance(await impatient.charge(pending()), Unanswered)
    assert monotonic() - started < 1.0


async def test_endless_errors_leave_it_unknown(server: ScriptedProvider, gateway: Provider) -> None:
    server.otherwise = says(500)
    assert await gateway.charge(pending()) == Unanswered("the provider answered 500")
    assert [method for method, _ in server.calls] == ["POST"] * 3 + ["GET"]


async def test_an_answer_that_cannot_be_understood_is_asked_about(
    server: ScriptedProvider, gateway: Provider
) -> None:
    server.script = [says(201, status="perhaps")]
    assert await gateway.charge(pending()) == Captured("ch_1")


async def test_an_unreachable_provider_is_down_and_nothing_was_sent(connect: Connect) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        gateway = await connect(f"http://127.0.0.1:{unused.getsockname()[1]}", IMPATIENT)
        with pytest.raises(DependencyDown, match="no connection"):
            await gateway.charge(pending())


@pytest.mark.parametrize("status", [401, 404])
async def test_a_wrong_address_or_credential_is_an_outage_not_a_declined_card(
    server: ScriptedProvider, gateway: Provider, status: int
) -> None:
    server.otherwise = says(status)
    with pytest.raises(DependencyDown, match=str(status)):
        await gateway.charge(pending())


async def test_endless_429_is_an_outage(server: ScriptedProvider, gateway: Provider) -> None:
    server.otherwise = says(429)
    with pytest.raises(DependencyDown, match="429"):
        await gateway.charge(pending())


async def test_the_breaker_opens_and_closes_again(
    server: ScriptedProvider, connect: Connect
) -> None:
    limits = CallLimits(timeout_s=0.2, tries=1, breaker_failures=3, breaker_open_s=0.3)
    gateway = await connect(server.url, limits)
    server.otherwise = says(500)
    for _ in range(3):
        assert isinstance(await gateway.charge(pending()), Unanswered)
    asked = len(server.calls)
    with pytest.raises(DependencyDown, match="too many calls failed"):
        await gateway.charge(pending())
    assert len(server.calls) == asked
    server.otherwise = captured()

    async def charge() -> object:
        with suppress(DependencyDown):
            return await gateway.charge(pending())
        return None

    assert await eventually_found(charge) == Captured("ch_1")


async def test_single_bad_cards_do_not_open_the_breaker(
    server: ScriptedProvider, connect: Connect
) -> None:
    gateway = await connect(server.url, CallLimits(timeout_s=0.2, breaker_failures=2))
    server.script = [says(500), captured()] * 6
    for _ in range(6):
        assert await gateway.charge(pending()) == Captured("ch_1")


async def test_calls_at_once_are_bounded(server: ScriptedProvider, connect: Connect) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.01)
        return await captured()(request)

    server.otherwise = slow
    gateway = await connect(server.url, CallLimits(workers=4))
    answers = await asyncio.gather(*(gateway.charge(pending()) for _ in range(40)))
    assert answers == [Captured("ch_1")] * 40
    assert server.most_at_once == 4


async def test_a_call_that_is_not_let_through_or_called_off_takes_no_worker(
    server: ScriptedProvider, connect: Connect
) -> None:
    gateway = await connect(
        server.url, CallLimits(workers=1, tries=1, breaker_failures=2, breaker_open_s=0.1)
    )
    server.script = [say_nothing]
    called_off = asyncio.create_task(gateway.charge(pending()))
    await until(lambda: server.calls)
    called_off.cancel()
    with suppress(asyncio.CancelledError):
        await called_off
    server.otherwise = says(404)
    with pytest.raises(DependencyDown, match="404"):
        await gateway.charge(pending())
    for _ in range(3):
        with pytest.raises(DependencyDown, match="too many calls failed"):
            await gateway.charge(pending())
    server.otherwise = captured()

    async def charge() -> object:
        with suppress(DependencyDown):
            return await gateway.charge(pending())
        return None

    assert await eventually_found(charge) == Captured("ch_1")


async def test_calls_are_counted_by_what_became_of_them(server: ScriptedProvider) -> None:
    registry = CollectorRegistry()
    limits = CallLimits(timeout_s=0.2, tries=1, breaker_failures=2, breaker_open_s=9.0)
    async with ProviderCalls(limits, ProviderMetrics(registry)) as calls:
        gateway = Provider(server.url, calls)
        server.script = [captured(), says(500), says(404), says(404)]
        await gateway.charge(pending())
        await gateway.look_up("charge-1")
        for _ in range(2):  # the second is not let through
            with pytest.raises(DependencyDown):
                await gateway.charge(pending())
    counted = {
        (sample.labels["call"], sample.labels["result"]): sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == "shop_payment_provider_call_seconds_count"
    }
    assert counted == {
        ("charge", "answered"): 1,
        ("look_up", "unanswered"): 1,
        ("charge", "down"): 2,
    }
    assert registry.get_sample_value("shop_payment_provider_breaker") == 2


@pytest.mark.parametrize(
    ("behaviour", "answer"),
    [
        (captured("ch_7"), Captured("ch_7")),
        (says(200, charge_id="ch_7", status="declined", reason="no"), Declined("no", "ch_7")),
        (says(404), Absent()),
        (hang_up, None),
        (say_nothing, None),
    ],
)
async def test_looking_up_a_charge(
    server: ScriptedProvider, impatient: Provider, behaviour: Behaviour, answer: object
) -> None:
    server.otherwise = behaviour
    found = await impatient.look_up("charge-1")
    assert found == answer if answer else isinstance(found, Unanswered)


async def test_a_refund_is_tried_again_with_its_own_key(
    server: ScriptedProvider, gateway: Provider
) -> None:
    server.script = [says(500), hang_up, says(201, refund_id="re_1", status="succeeded")]
    payment = owed()
    assert await gateway.refund(payment) == PaidBack("re_1")
    assert server.calls == [("POST", payment.refund_key)] * 3


@pytest.mark.parametrize("behaviour", [say_nothing, says(422, detail="holds 0 cents"), says(500)])
async def test_a_refund_that_was_not_made_stays_owed(
    server: ScriptedProvider, impatient: Provider, behaviour: Behaviour
) -> None:
    server.otherwise = behaviour
    assert isinstance(await impatient.refund(owed()), Unanswered)


async def test_a_connection_lost_after_sending_is_unknown_not_down(
    server: ScriptedProvider, gateway: Provider
) -> None:
    server.otherwise = hang_up
    assert isinstance(await gateway.charge(pending()), Unanswered)
