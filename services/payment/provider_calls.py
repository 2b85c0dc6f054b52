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
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Self

import aiohttp
import httpx
import stamina
from httpx_aiohttp import AiohttpTransport
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from services.payment.metrics import ProviderMetrics
from shared.errors import DependencyDown

PROVIDER = "provider"
CONNECT_TIMEOUT_S = 1.0
KEEPALIVE_S = 4.0  # uvicorn's servers hang up after 5: we let go first
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
        # httpx's transport without its client: redirects, cookies and credentials, none of which
        # a provider's API has, cost a quarter of a call.
        pool = httpx.Limits(max_connections=None, keepalive_expiry=KEEPALIVE_S)
        self._transport = AiohttpTransport(limits=pool)
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._transport.aclose()

    @asynccontextmanager
    async def slot(self, call: str) -> AsyncIterator[None]:
        """Hold one of the workers, under the breaker's eyes.

        Raises:
            DependencyDown: the breaker is open, or the provider cannot be reached at all.
            NoAnswer: as the body raised it.
        """
        async with self._workers:
            started, result = perf_counter(), "down"
            try:
                async with self._breaker:
                    yield
                result = "answered"
            except OpenedState:
                raise DependencyDown(PROVIDER, "too many calls failed") from None
            except NoAnswer:
                result = "unanswered"
                raise
            except ProviderFailure as failure:
                raise DependencyDown(PROVIDER, str(failure)) from failure
            finally:
                self._metrics.called(call, result, perf_counter() - started)

    async def persist(self, request: httpx.Request) -> httpx.Response:
        """Send until there is an answer, the tries are used up, or the deadline is reached."""
        deadline = asyncio.get_running_loop().time() + self._limits.deadline_s
        try:
            return await self._try(request, deadline)
        except ProviderFailure as failure:
            return await self._try_again(request, deadline, failure)

    async def once(self, request: httpx.Request, timeout_s: float) -> httpx.Response:
        """Send once, with a deadline of its own."""
        return await self._try(request, asyncio.get_running_loop().time() + timeout_s)

    async def _try_again(
        self, request: httpx.Request, deadline: float, failure: ProviderFailure
    ) -> httpx.Response:
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

    async def _try(self, request: httpx.Request, deadline: float) -> httpx.Response:
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(deadline, now + self._limits.timeout_s)):
                response = await self._exchange(request)
        except TimeoutError as error:
            raise TimedOut("the provider did not answer in time") from error
        except httpx.HTTPError as error:
            raise _failure_of(error) from error
        return _answered(response)

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        # The deadline around bounds it all; this one tells "never connected" from the rest.
        request.extensions["timeout"] = {"connect": CONNECT_TIMEOUT_S}
        async with aclosing(await self._transport.handle_async_request(request)) as response:
            await response.aread()
        return response


def _failure_of(error: httpx.HTTPError) -> ProviderFailure:
    """Tell whether the request left.

    httpx-aiohttp 0.2 calls every lost connection a ConnectTimeout, also one that broke after the
    request was sent, so only aiohttp's own error below it can be trusted.
    """
    unsent = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
    if isinstance(error.__cause__, unsent):
        return NotSent(f"no connection: {error}")
    return Broken(f"connection lost: {error}")


def _answered(response: httpx.Response) -> httpx.Response:
    status = response.status_code
    if status == TOO_MANY:
        raise _waiting(Throttled("429 Too Many Requests"), response)
    if status >= SERVER_ERROR or status == CONFLICT:  # conflict: another try is still under way
        raise _waiting(Broken(f"the provider answered {status}"), response)
    return response


def _waiting(failure: ProviderFailure, response: httpx.Response) -> ProviderFailure:
    after = response.headers.get("Retry-After", "")
    if after.isdecimal():
        failure.retry_after_s = float(after)
    return failure


def _wait_before_retry(error: Exception) -> bool | float:
    """Stamina's hook: whether to try again, or after how many seconds."""
    if not isinstance(error, NotSent | Throttled | Broken):
        return False
    if error.retry_after_s is None:
        return True
    jitter = random.uniform(0, 0.1)  # noqa: S311 - spreads retries
    return min(error.retry_after_s, LONGEST_RETRY_AFTER_S) + jitter
