"""So many requests under way in a process, and no more: the next is answered 503 at once.

Without it requests wait in the event loop, long before the queue of a group commit is full, until
their clients have given up; and are worked on all the same.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.problems import too_much_waits

# Whoever watches the service must be answered above all when it is full.
ALWAYS = frozenset({"/healthz", "/readyz", "/metrics"})


class Admission:
    """Pure ASGI middleware. Refusing must stay far cheaper than serving: the answer is ready."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._under_way = 0
        self._refusal = too_much_waits()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self._app(scope, receive, send)
            return
        if self._under_way >= self._limit:
            await self._refusal(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1
