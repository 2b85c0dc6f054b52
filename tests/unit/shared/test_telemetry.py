import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, format_span_id, format_trace_id
from pydantic import SecretStr

from shared.settings import ServiceSettings
from shared.telemetry import Tracing, current_traceparent, span_from, traceparent, tracing
from tests.unit.shared.http.asgi import client_of

EVENT = UUID("0198c0de-0000-7000-8000-00000000beef")
CAUSE = UUID("0198c0de-0000-7000-8000-00000000cafe")


def settings(otlp_endpoint: str | None = None) -> ServiceSettings:
    return ServiceSettings(
        database_url="postgresql://db/order",
        customer_token=SecretStr("customer-token"),
        operator_token=SecretStr("operator-token"),
        otlp_endpoint=otlp_endpoint,
    )


def an_app(on: Tracing, outbox: list[str]) -> FastAPI:
    """Stores an event, as POST /orders does: with the trace it happened in."""
    app = FastAPI(telemetry=on.http)

    @app.post("/orders")
    async def place() -> None:
        outbox.append(traceparent(EVENT, CAUSE))

    @app.get("/healthz")
    async def healthz() -> None:
        pass

    return app


@dataclass(frozen=True, slots=True)
class Traced:
    """Tracing that is on, and where its spans end up."""

    tracing: Tracing
    exporter: InMemorySpanExporter

    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.exporter.get_finished_spans()}


@pytest.fixture
async def traced() -> AsyncIterator[Traced]:
    exporter = InMemorySpanExporter()
    on = tracing(settings(), service="order", exporter=exporter)
    yield Traced(on, exporter)
    await on.close()


async def test_off_the_trace_is_derived_from_the_cause() -> None:
    outbox: list[str] = []
    async with client_of(an_app(tracing(settings(), service="order"), outbox)) as client:
        await client.post("/orders")

    assert outbox == [f"00-{CAUSE.hex}-{EVENT.hex[16:]}-00"]
    assert current_traceparent() is None
    with span_from(outbox[0], "consume"):
        assert current_traceparent() is None


async def test_one_trace_links_request_outbox_relay_and_consumer(
    traced: Traced,
) -> None:
    outbox: list[str] = []
    async with client_of(an_app(traced.tracing, outbox)) as client:
        await client.post("/orders")

    with span_from(outbox[0], "publish", kind=SpanKind.PRODUCER):
        pass
    with span_from(outbox[0], "consume", {"messaging.destination": "orders.placed"}):
        answer = traceparent(EVENT, CAUSE)
    with span_from(answer, "consume the answer"):
        pass

    found = traced.spans()
    request, consume = found["POST /orders"], found["consume"]
    traces = {format_trace_id(span.context.trace_id) for span in found.values()}
    assert traces == {outbox[0].split("-")[1]}
    assert len(found) == 4
    for name, parent in (
        ("publish", request),
        ("consume", request),
        ("consume the answer", consume),
    ):
        above = found[name].parent
        assert above is not None
        assert above.span_id == parent.context.span_id
    assert found["publish"].kind is SpanKind.PRODUCER
    assert consume.attributes == {"messaging.destination": "orders.placed"}
    assert consume.resource.attributes["service.name"] == "order"


async def test_a_callers_trace_is_continued(traced: Traced) -> None:
    outbox: list[str] = []
    theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with client_of(an_app(traced.tracing, outbox)) as client:
        await client.post("/orders", headers={"traceparent": theirs})

    assert outbox[0].split("-")[1] == theirs.split("-")[1]


async def test_probes_leave_no_spans(traced: Traced) -> None:
    async with client_of(an_app(traced.tracing, [])) as client:
        await client.get("/healthz")

    assert traced.spans() == {}


async def test_without_a_span_an_event_begins_the_trace_of_its_order(
    traced: Traced,
) -> None:
    with span_from(traceparent(EVENT, CAUSE), "consume"):
        pass

    consume = traced.spans()["consume"]
    assert consume.parent is not None
    assert format_trace_id(consume.context.trace_id) == CAUSE.hex
    assert format_span_id(consume.parent.span_id) == EVENT.hex[16:]


@pytest.mark.parametrize("broken", [None, "", "00-zz-zz-00", "00-" + "0" * 32 + "-1-01"])
async def test_a_broken_trace_starts_anew(traced: Traced, broken: str | None) -> None:
    with span_from(broken, "consume"):
        pass

    assert traced.spans()["consume"].parent is None


async def test_an_error_is_noted_in_its_span_and_goes_on(traced: Traced) -> None:
    with pytest.raises(KeyError), span_from(None, "consume"):
        raise KeyError

    assert traced.spans()["consume"].events[0].name == "exception"


async def test_tasks_at_once_have_each_their_own_trace(traced: Traced) -> None:
    async def consume(parent: str) -> str:
        with span_from(parent, "consume"):
            await asyncio.sleep(0)
            return traceparent(EVENT, CAUSE)

    parents = [f"00-{number:032x}-{number:016x}-01" for number in range(1, 20)]
    answers = await asyncio.gather(*map(consume, parents))

    assert [answer.split("-")[1] for answer in answers] == [p.split("-")[1] for p in parents]


async def test_after_the_close_tracing_is_off() -> None:
    traced = tracing(settings(), service="order", exporter=InMemorySpanExporter())
    await traced.close()

    assert traceparent(EVENT, CAUSE).endswith("-00")


async def test_a_collector_that_hangs_does_not_hold_up_the_end() -> None:
    released = asyncio.Event()

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        traced = tracing(settings(f"http://127.0.0.1:{port}"), service="order")
        with span_from(None, "consume"):
            pass
        began = monotonic()
        await traced.close()
        released.set()

    assert monotonic() - began < 2.0
