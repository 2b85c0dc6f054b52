"""The world outside in trouble: the sandbox's own faults, switched on and off over HTTP."""

import asyncio
from typing import Any

from chaos.faults.base import Fault
from chaos.stage import DidNotFireError, Stage

OFTEN = 0.5


class SandboxFault(Fault):
    """`mode` strikes half of the requests for a while; the sandbox counts them."""

    promise_s = 10.0

    def __init__(self, name: str, place: str, mode: str, does: str) -> None:
        self.name = name
        self.does = does
        self._place = place
        self._mode = mode

    async def strike(self, stage: Stage) -> int:
        before = await self._injected(stage)
        await self._put(stage, {"mode": self._mode, "probability": OFTEN, **self._seconds(stage)})
        try:
            await asyncio.sleep(stage.pace.hold_s)
        finally:
            async with stage.http.delete(self._url(stage)) as answer:
                answer.raise_for_status()
        struck = await self._injected(stage) - before
        if struck == 0:
            raise DidNotFireError(f"{self._place} has not met {self._mode} once")
        return struck

    def _seconds(self, stage: Stage) -> dict[str, float]:
        match self._mode:
            case "delay":
                return {"seconds": stage.pace.delay_s}
            case "drop_answer":
                return {"seconds": stage.chance.uniform(0, 0.5)}
            case _:
                return {}

    async def _put(self, stage: Stage, fault: dict[str, Any]) -> None:
        async with stage.http.put(self._url(stage), json=fault) as answer:
            answer.raise_for_status()

    async def _injected(self, stage: Stage) -> int:
        async with stage.http.get(self._url(stage)) as answer:
            described = await answer.json()
        return int(described["injected"].get(self._mode, 0))

    def _url(self, stage: Stage) -> str:
        file = stage.stack.file
        return f"{file.provider.url if self._place == 'provider' else file.mail.url}/faults"


SANDBOX_FAULTS = (
    SandboxFault("provider-drop", "provider", "drop_answer", "money taken, answer dropped"),
    SandboxFault("provider-500", "provider", "error", "500 Internal Server Error"),
    SandboxFault("provider-delay", "provider", "delay", "money taken, answer far too late"),
    SandboxFault("provider-429", "provider", "rate_limit", "429 with Retry-After"),
    SandboxFault("mail-cut", "mail", "cut_after_data", "connection cut after DATA"),
    SandboxFault("mail-4xx", "mail", "reject_4xx", "mail refused for now"),
    SandboxFault("mail-5xx", "mail", "reject_5xx", "mail refused for good: dead letters"),
)
