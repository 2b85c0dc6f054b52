"""`/healthz`: the process lives. `/readyz`: it can work, and if not, why."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic

import structlog
from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from shared.errors import DependencyDown
from shared.http.problems import problem

Check = Callable[[], Awaitable[None]]

DEADLINE_S = 1.0
KEEP_S = 0.2
OK = "ok"

log = structlog.get_logger(__name__)


class Health:
    """The named checks; each raises if what it asks is away.

    Results are kept for 0.2 s and one run serves all that ask meanwhile: probes, however many,
    cannot load the database. A check that hangs is not started a second time.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        *,
        deadline_s: float = DEADLINE_S,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self.draining = False
        self._checks = dict(checks)
        self._deadline_s = deadline_s
        self._now = now
        self._running: dict[str, asyncio.Task[str]] = {}
        self._results: dict[str, str] = {}
        self._fresh_until = float("-inf")
        self._turn = asyncio.Lock()

    async def results(self) -> dict[str, str]:
        """Return "ok" or the reason, for each check."""
        async with self._turn:
            if self._now() >= self._fresh_until:
                results = await self._run()
                if results != self._results:
                    log.info("health.changed", checks=results)
                self._results = results
                self._fresh_until = self._now() + KEEP_S
            return self._results

    async def readiness(self) -> Response:
        if self.draining:
            return _not_ready(["shutting down"])
        results = await self.results()
        reasons = [f"{name}: {result}" for name, result in results.items() if result != OK]
        if reasons:
            return _not_ready(reasons)
        return JSONResponse({"status": "ready", "checks": results})

    async def _run(self) -> dict[str, str]:
        for name, check in self._checks.items():
            if name not in self._running or self._running[name].done():
                self._running[name] = asyncio.create_task(_outcome(check), name=f"check-{name}")
        if self._running:
            # Not `asyncio.timeout`: it would wait for what a hung client does when cancelled.
            await asyncio.wait(self._running.values(), timeout=self._deadline_s)
        return {name: self._result(task) for name, task in self._running.items()}

    def _result(self, task: asyncio.Task[str]) -> str:
        if task.done() and not task.cancelled():
            return task.result()
        task.cancel()
        return f"no answer within {self._deadline_s:g} s"


def router(health: Health) -> APIRouter:
    """Return `GET /healthz` and `GET /readyz`."""
    routes = APIRouter(tags=["operation"])

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @routes.get("/readyz")
    async def readyz() -> Response:
        return await health.readiness()

    return routes


async def _outcome(check: Check) -> str:
    try:
        await check()
    except DependencyDown:
        return "not available"
    except Exception as error:  # noqa: BLE001 - whatever it is, the probe gets an answer
        return type(error).__name__  # the text may hold addresses or names of users
    return OK


def _not_ready(reasons: list[str]) -> Response:
    return problem(503, detail="not ready", headers={"Retry-After": "1"}, reasons=reasons)
