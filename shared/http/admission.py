"""So many requests under way in a process, and no more: the next is answered 503 at once.

Without it requests wait in the event loop, long before the queue of a group commit is full, until
their clients have given up; and are worked on all the same.

Under three times the load two of three requests are refused, and what that costs the orders lack.
So it is done where the server has read a request's head, with a ready answer and without a task:
20 µs, where an ASGI middleware takes 40 and an order 450. It rests on private parts of uvicorn
(`_start_asgi_task`, and what `RequestResponseCycle` is told); the tests fail when they change.
"""

from typing import Any

from prometheus_client import CollectorRegistry, Counter
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from shared.http.direct import DirectProtocol, DirectRoutes, head_of
from shared.http.problems import too_much_waits

# Whoever watches the service must be answered above all when it is full.
ALWAYS = frozenset({"/healthz", "/readyz", "/metrics"})

_REFUSAL = too_much_waits()
_HEAD = head_of(_REFUSAL)


class Admission:
    """Lets `limit` requests in at once."""

    def __init__(self, limit: int, registry: CollectorRegistry) -> None:
        self.limit = limit
        self.refused = Counter(
            "shop_http_refused",
            "Requests refused because too many were under way",
            registry=registry,
        )

    def protocol(self, direct: DirectRoutes | None = None) -> type[DirectProtocol]:
        """Return what the server is to speak with each client; `direct` goes past its app."""
        routes = direct

        class Admitting(_AdmittingProtocol):
            admission = self
            direct = routes

        return Admitting


class _AdmittingProtocol(DirectProtocol):
    admission: Admission

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if len(self.tasks) < self.admission.limit or cycle.scope["path"] in ALWAYS:
            super()._start_asgi_task(cycle, app)
            return
        self.admission.refused.inc()
        self.write(cycle, _HEAD, _REFUSAL.body)
