"""Faults that a campaign switches on and off over HTTP, and the count of those that struck."""

from collections import Counter
from enum import StrEnum
from random import Random
from typing import Any, Generic, TypeVar

import structlog
from pydantic import BaseModel, ConfigDict, Field

from sandbox.web import Answer, Request, Route, answered

Mode = TypeVar("Mode", bound=StrEnum)

log = structlog.get_logger()


class Fault(BaseModel, Generic[Mode]):
    """Strikes with `probability`, at most `count` times (null: for ever)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode
    seconds: float = Field(default=1.0, ge=0, le=3600)
    probability: float = Field(default=1.0, ge=0, le=1)
    count: int | None = Field(default=None, ge=1)


class Faults(Generic[Mode]):
    """The one fault that is on, if any. The counts go on until the process ends."""

    def __init__(self, kind: type[Fault[Mode]], random: Random) -> None:
        self._kind = kind
        self._random = random
        self._fault: Fault[Mode] | None = None
        self._left: int | None = None
        self._injected: Counter[str] = Counter()

    def switch_on(self, fault: Fault[Mode]) -> None:
        self._fault, self._left = fault, fault.count

    def switch_off(self) -> None:
        self._fault = None

    def strike(self) -> Fault[Mode] | None:
        """Return the fault that hits this request, and count it."""
        fault = self._fault
        if fault is None or self._random.random() >= fault.probability:
            return None
        self._injected[fault.mode.value] += 1
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                self.switch_off()
        return fault

    def described(self) -> dict[str, Any]:
        """Return the fault (`count`: how often it may strike still), and `injected` by mode."""
        fault = self._fault.model_dump() | {"count": self._left} if self._fault else {"mode": None}
        return fault | {"injected": dict(self._injected)}

    def routes(self) -> tuple[Route, ...]:
        return (
            ("GET", "/faults", lambda _: answered(200, self.described())),
            ("PUT", "/faults", self._put),
            ("DELETE", "/faults", self._delete),
        )

    def _put(self, request: Request) -> Answer:
        self.switch_on(request.parsed(self._kind))
        log.info("fault.on", **self.described())
        return answered(200, self.described())

    def _delete(self, _: Request) -> Answer:
        self.switch_off()
        log.info("fault.off", **self.described())
        return answered(200, self.described())
