"""One call to the provider: its deadline, its retries, the bound on calls at once, the breaker.

A try ends in a response, or in a ProviderFailure:

ProviderFailure
├── NotSent      no connection: the provider has heard nothing; tried again
├── Throttled    429: nothing was done; tried again after its Retry-After, up to a bound
├── Refused      a status that no charge deserves (wrong address, wrong credentials)
└── NoAnswer     it may have been done
    ├── Broken       the connection broke, or 5xx; tried again with the same key
    └── TimedOut     not tried again: it would take as long again, and asking is quicker

The breaker counts whole calls, not tries.
"""

import asyncio
import random
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Self

import aiohttp
import stamina
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from services.payment.exchange import UNSENT, Exchange, Request, Response
from services.payment.metrics import ProviderMetrics
from shared.errors import DependencyDown

PROVIDER = "provider"
LONGEST_RETRY_AFTER_S = 2.0
CONFLICT, TOO_MANY, SERVER_ERROR = 409, 429, 500


class ProviderFailure(Exception):
    retry_after_s: float | None = None


class NotSent(ProviderFailure):
    pass


class Throttled(ProviderFailure):
    pass


class Refused(ProviderFailure):
    pass


class NoAnswer(ProviderFailure):
    pass


class Broken(NoAnswer):
    pass


class TimedOut(NoAnswer):
    pass


@dataclass(frozen=True, slots=True)
class CallLimits:
    """How long and how often: one try, one call with all its tries, and when to stop calling."""

    workers: int = 32
    timeout_s: float = 2.0
    deadline_s: float = 6.0
    tries: int = 3
    breaker_failures: int = 10
    breaker_open_s: float = 2.0


class ProviderCalls:
    """The kept connections; an async context manager, entered once a process."""

    def __init__(self, limits: CallLimits, metrics: ProviderMetrics) -> None:
        self._limits = limits
        self._metrics = metrics
        self._workers = asyncio.Semaphore(limits.workers)
        self._breakers = AsyncCircuitBreakerFactory(limits.breaker_failures, limits.breaker_open_s)
        self._breakers.add_listener(metrics.note_breaker)

    async def __aenter__(self) -> Self:
        self._breaker = await self._breakers.get_breaker(PROVIDER)
        self._connections = Exchange()
        self._now = asyncio.get_running_loop().time
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._connections.close()

    def slot(self, call: str) -> "_Slot":
        """Hold one of the workers, under the breaker's eyes.

        Raises:
            DependencyDown: the breaker is open, or the provider cannot be reached at all.
            NoAnswer: as the body raised it.
        """
        return _Slot(call, self._workers, self._breaker, self._metrics)

    async def persist(self, request: Request) -> Response:
        """Send until there is an answer, the tries are used up, or the deadline is reached."""
        deadline = self._now() + self._limits.deadline_s
        try:
            return await self._try(request, deadline)
        except ProviderFailure as failure:
            return await self._try_again(request, deadline, failure)

    async def once(self, request: Request, timeout_s: float) -> Response:
        """Send once, with a deadline of its own."""
        return await self._try(request, self._now() + timeout_s)

    async def _try_again(
        self, request: Request, deadline: float, failure: ProviderFailure
    ) -> Response:
        # The first try went without stamina, whose set-up costs 50 µs that few calls need.
        async for attempt in stamina.retry_context(
            on=_wait_before_retry,
            attempts=self._limits.tries,
            timeout=self._limits.deadline_s,
            wait_initial=0.05,
            wait_max=1.0,
            wait_jitter=0.1,
        ):
            with attempt:
                if attempt.num == 1:
                    raise failure
                return await self._try(request, deadline)
        raise failure

    async def _try(self, request: Request, deadline: float) -> Response:
        until = min(deadline, self._now() + self._limits.timeout_s)
        try:
            async with asyncio.timeout_at(until):
                response = await self._exchange(request)
        except UNSENT as error:
            raise NotSent(f"no connection: {error}") from error
        except TimeoutError as error:
            raise TimedOut("the provider did not answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Broken(f"connection lost: {error}") from error
        return _answered(response)

    async def _exchange(self, request: Request) -> Response:
        return await self._connections.send(request)


class _Slot:
    """The context of one call; as a class it takes 2 µs less than as a generator."""

    __slots__ = ("_breaker", "_call", "_metrics", "_started", "_workers")

    def __init__(
        self,
        call: str,
        workers: asyncio.Semaphore,
        breaker: AbstractAsyncContextManager[object],
        metrics: ProviderMetrics,
    ) -> None:
        self._call = call
        self._workers = workers
        self._breaker = breaker
        self._metrics = metrics

    async def __aenter__(self) -> None:
        await self._workers.acquire()
        self._started = perf_counter()
        try:
            await self._breaker.__aenter__()
        except OpenedState:
            self._leave("down")
            raise DependencyDown(PROVIDER, "too many calls failed") from None

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._breaker.__aexit__(error_type, error, traceback)
        finally:
            self._leave(_result(error))
        if isinstance(error, ProviderFailure) and not isinstance(error, NoAnswer):
            raise DependencyDown(PROVIDER, str(error)) from error

    def _leave(self, result: str) -> None:
        self._metrics.called(self._call, result, perf_counter() - self._started)
        self._workers.release()


def _result(error: BaseException | None) -> str:
    if error is None:
        return "answered"
    return "unanswered" if isinstance(error, NoAnswer) else "down"


def _answered(response: Response) -> Response:
    status = response.status
    if status == TOO_MANY:
        raise _waiting(Throttled("429 Too Many Requests"), response)
    if status >= SERVER_ERROR or status == CONFLICT:  # conflict: another try is still under way
        raise _waiting(Broken(f"the provider answered {status}"), response)
    return response


def _waiting(failure: ProviderFailure, response: Response) -> ProviderFailure:
    if response.retry_after.isdecimal():
        failure.retry_after_s = float(response.retry_after)
    return failure


def _wait_before_retry(error: Exception) -> bool | float:
    """Stamina's hook: whether to try again, or after how many seconds."""
    if not isinstance(error, NotSent | Throttled | Broken):
        return False
    if error.retry_after_s is None:
        return True
    jitter = random.uniform(0, 0.1)  # noqa: S311 - spreads retries
    return min(error.retry_after_s, LONGEST_RETRY_AFTER_S) + jitter
