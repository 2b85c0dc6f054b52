"""The faults of a campaign: what may befall any call of the shop's, whichever card it carries."""

from dataclasses import replace
from enum import StrEnum
from math import ceil
from typing import assert_never

from sandbox.faults import Fault, Faults
from sandbox.web import Answer, Handler, Request, problem, refusing


class Outage(StrEnum):
    ERROR = "error"
    RATE_LIMIT = "rate_limit"
    DELAY = "delay"
    DROP_ANSWER = "drop_answer"


def exposed(handle: Handler, faults: Faults[Outage]) -> Handler:
    """Return the handler with the faults striking before it, or its answer after it.

    With `delay` and `drop_answer` the call takes effect at once: only its answer is late or lost.
    """
    handle = refusing(handle)

    def handled(request: Request) -> Answer:
        fault = faults.strike()
        return handle(request) if fault is None else _struck(handle, request, fault)

    return handled


def _struck(handle: Handler, request: Request, fault: Fault[Outage]) -> Answer:
    match fault.mode:
        case Outage.ERROR:
            return problem(500, "the provider is in trouble")
        case Outage.RATE_LIMIT:
            wait = ("retry-after", str(max(1, ceil(fault.seconds))))
            return problem(429, "too many requests", headers=(wait,))
        case Outage.DELAY:
            return replace(handle(request), after_s=fault.seconds)
        case Outage.DROP_ANSWER:
            return replace(handle(request), after_s=fault.seconds, hang_up=True)
    assert_never(fault.mode)
