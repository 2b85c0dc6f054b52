"""One order is one trace: request, outbox row, and what hears the event."""

from collections.abc import AsyncIterator

import pytest
from httpx import ASGITransport, AsyncClient
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import format_span_id, format_trace_id

from shared import telemetry
from shared.settings import ServiceSettings
from shared.telemetry import Tracing
from tests.eventually import eventually
from tests.integration.shared.conftest import MakeToy
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import Toy, placed

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    start = telemetry.tracing

    def with_exporter(settings: ServiceSettings, *, service: str) -> Tracing:
        return start(settings, service=service, exporter=exporter)

    monkeypatch.setattr(telemetry, "tracing", with_exporter)
    return exporter


@pytest.fixture
async def traced(exporter: InMemorySpanExporter, make_toy: MakeToy) -> Toy:
    return await make_toy()


@pytest.fixture
async def client(traced: Toy) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(traced.service.app), base_url="http://") as it:
        yield it


async def test_a_requests_trace_goes_through_the_outbox_into_the_stream(
    floor: Floor, client: AsyncClient, exporter: InMemorySpanExporter
) -> None:
    await client.post("/count/ada", headers={"traceparent": CALLER})
    request = next(s for s in exporter.get_finished_spans() if s.name.startswith("POST"))
    context = request.get_span_context()
    assert context is not None
    expected = f"00-{format_trace_id(context.trace_id)}-{format_span_id(context.span_id)}-01"
    assert expected.split("-")[1] == CALLER.split("-")[1]
    ((stored,),) = await floor.sql("SELECT traceparent FROM outbox")
    assert stored == expected
    await eventually(floor.said, 1)
    message = await floor.jetstream.get_last_msg("ORDERS", "orders.shipped")
    assert message.headers
    assert message.headers["traceparent"] == expected


async def test_what_a_consumer_says_continues_the_trace_it_heard(
    floor: Floor, traced: Toy, exporter: InMemorySpanExporter
) -> None:
    event = placed("ada")
    await floor.jetstream.publish(event.subject, event.to_bytes(), headers={"traceparent": CALLER})
    await floor.finished(1)
    (consume,) = [s for s in exporter.get_finished_spans() if s.name.startswith("consume")]
    assert consume.parent is not None
    assert format_span_id(consume.parent.span_id) == CALLER.split("-")[2]
    ((stored,),) = await floor.sql("SELECT traceparent FROM outbox")
    assert stored.split("-")[1] == CALLER.split("-")[1]
    context = consume.get_span_context()
    assert context is not None
    assert stored.split("-")[2] == format_span_id(context.span_id)
