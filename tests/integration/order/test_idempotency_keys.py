"""The same key and body: the byte-same answer, and one order."""

import asyncio

import uvicorn
from httpx import AsyncClient

from services.order.main import build
from services.order.settings import OrderSettings
from shared.server import Server
from tests.eventually import until
from tests.integration.in_process import running
from tests.integration.order.counter import CUSTOMER, OPERATOR, Counter, body


async def test_the_same_again_gives_the_same_bytes_and_one_order(counter: Counter) -> None:
    headers = {**CUSTOMER, "Idempotency-Key": "same"}
    wanted = body(customer_id="same")
    first, again = [await counter.place(wanted, headers) for _ in range(2)]
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.content == again.content
    assert first.headers["Location"] == again.headers["Location"]
    assert await orders_of(counter, "same") == 1


async def test_another_body_is_422(counter: Counter) -> None:
    headers = {**CUSTOMER, "Idempotency-Key": "other"}
    await counter.place(body(), headers)
    answer = await counter.place(body(customer_id="bob"), headers)
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["detail"]


async def test_a_key_belongs_to_its_caller(counter: Counter) -> None:
    answers = [
        await counter.place(body(), {**caller, "Idempotency-Key": "mine"})
        for caller in (CUSTOMER, OPERATOR)
    ]
    assert answers[0].json()["order_id"] != answers[1].json()["order_id"]


async def test_a_refused_order_leaves_its_key_free(counter: Counter) -> None:
    headers = {**CUSTOMER, "Idempotency-Key": "free"}
    refused = await counter.place(body({"sku": "x", "quantity": 1}), headers)
    assert refused.status_code == 422
    assert (await counter.place(body(), headers)).status_code == 202


async def test_fifty_at_once_make_one_order(counter: Counter) -> None:
    headers = {**CUSTOMER, "Idempotency-Key": "fifty"}
    wanted = body(customer_id="fifty")
    answers = await asyncio.gather(*(counter.place(wanted, headers) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {202, 409}
    assert len({answer.content for answer in answers if answer.status_code == 202}) == 1
    assert await orders_of(counter, "fifty") == 1


async def test_the_servers_short_way_and_the_app_are_one_shop(
    counter: Counter, settings: OrderSettings
) -> None:
    app = build(settings)
    protocol = app.state.admission.protocol(app.state.direct)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, lifespan="off", log_config=None, http=protocol
    )
    server = Server(config)
    headers = {**CUSTOMER, "Idempotency-Key": "short"}
    async with running(app) as through:
        serving = asyncio.create_task(server.serve())
        await until(lambda: server.started)
        host, port = server.listener.getsockname()
        async with AsyncClient(base_url=f"http://{host}:{port}", trust_env=False) as past:
            first = await past.post("/orders", json=body(customer_id="short"), headers=headers)
        again = await through.post("/orders", json=body(customer_id="short"), headers=headers)
        server.should_exit = True
        await serving
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.content == again.content
    assert first.headers["Location"] == again.headers["Location"]
    assert app.state.direct.find("POST", "/orders") is not None
    assert await orders_of(counter, "short") == 1


async def orders_of(counter: Counter, customer: str) -> int:
    answer = await counter.client.get("/orders", params={"customer_id": customer}, headers=CUSTOMER)
    return len(answer.json()["orders"])
