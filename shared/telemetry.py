"""Traces: one order, followed through HTTP, outbox, JetStream and consumers (OpenTelemetry).

Off unless an OTLP endpoint is configured; then each call here costs one test for None. Logs are
in `shared.logs`, metrics in `shared.metrics`.
"""

import asyncio
import threading
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from opentelemetry import trace
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.logs import bind
from shared.logs import configure as configure_logs

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

    from shared.settings import ServiceSettings

__all__ = [
    "Tracing",
    "bind",
    "configure_logs",
    "current_traceparent",
    "is_tracing",
    "span_from",
    "traceparent",
    "tracing",
]

UNTRACED_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
FLUSH_S = 1.0

_OFF: AbstractContextManager[None] = nullcontext()
_propagator = TraceContextTextMapPropagator()
_tracer: trace.Tracer | None = None


class Tracing:
    """The process's tracing, on or off; made by `tracing`, closed last at shutdown."""

    def __init__(self, provider: "TracerProvider | None") -> None:
        self._provider = provider

    @property
    def http(self) -> "TelemetryConfig":
        """For `FastAPI(telemetry=...)`: a span for each request, if tracing is on."""
        return {
            "tracing": self._provider is not None,
            "tracer_provider": self._provider,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
            "exclude": _untraced,
        }

    async def close(self) -> None:
        """Send what is buffered, for one second at the most: a collector may be away."""
        global _tracer  # noqa: PLW0603 - one tracing a process, as in OpenTelemetry itself
        _tracer = None
        if self._provider is None:
            return
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        shutdown = self._provider.shutdown

        def flush() -> None:
            shutdown()
            with suppress(RuntimeError):  # the loop did not wait, and is closed
                loop.call_soon_threadsafe(done.set)

        # A daemon thread: the executor's would hold up the exit for as long as a collector hangs.
        threading.Thread(target=flush, name="tracing-flush", daemon=True).start()
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), FLUSH_S)


def tracing(
    settings: "ServiceSettings", *, service: str, exporter: "SpanExporter | None" = None
) -> Tracing:
    """Start tracing if the settings name an endpoint (or an exporter is given, in tests)."""
    global _tracer  # noqa: PLW0603 - one tracing a process, as in OpenTelemetry itself
    processor = _processor(settings.otlp_endpoint, exporter)
    if processor is None:
        _tracer = None
        return Tracing(None)
    # Imported here: the SDK takes time and memory that a process without tracing keeps.
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.namespace": "shop"}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("shop")
    return Tracing(provider)


def is_tracing() -> bool:
    return _tracer is not None


def traceparent(event_id: UUID, correlation_id: UUID) -> str:
    """Return the W3C trace context that an event made here and now carries.

    Without a current span it is derived: the order's cause is the trace, the event the span.
    """
    current = current_traceparent()
    if current is not None:
        return current
    sampled = "00" if _tracer is None else "01"
    return f"00-{correlation_id.hex}-{event_id.hex[16:]}-{sampled}"


def current_traceparent() -> str | None:
    """Return the current span's trace context; None if tracing is off or there is no span."""
    if _tracer is None:
        return None
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    flags = int(context.trace_flags)
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags:02x}"


def span_from(
    parent: str | None,
    name: str,
    attributes: Mapping[str, str | int] | None = None,
    *,
    kind: SpanKind = SpanKind.CONSUMER,
) -> AbstractContextManager[object]:
    """Enter a span under the trace context that came with an event; a broken one starts anew."""
    if _tracer is None:
        return _OFF
    context = _propagator.extract({"traceparent": parent or ""})
    return _tracer.start_as_current_span(name, context, kind=kind, attributes=attributes)


def _processor(endpoint: str | None, exporter: "SpanExporter | None") -> "SpanProcessor | None":
    if exporter is None and endpoint is None:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - as above
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.trace.export import (  # noqa: PLC0415 - as above
        BatchSpanProcessor,
        SimpleSpanProcessor,
    )

    if exporter is not None:
        return SimpleSpanProcessor(exporter)
    return BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=2))


def _untraced(scope: MutableMapping[str, Any]) -> bool:
    return scope.get("path") in UNTRACED_PATHS
