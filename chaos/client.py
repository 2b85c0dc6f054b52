"""The buying client: it never gives up on an order before it knows what became of it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from chaos.history import History, Outcome, Purchase
from shopctl.stack_file import StackFile

ANSWER_WITHIN_S = 5.0
CONNECT_WITHIN_S = 1.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 1.0
NOT_SENT = "not sent"
ACCEPTED, IN_FLIGHT, TOO_MANY, SERVER_ERROR = 202, 409, 429, 500
READY_EVERY_S = 0.1

Ask = Callable[[Purchase], Awaitable[str]]  # returns what was said


class Client:
    """Speaks with all replicas in turn; those that are known not to be ready are left out."""

    def __init__(self, http: aiohttp.ClientSession, stack: StackFile, history: History) -> None:
        self.history = history
        self._http = http
        self._stack = stack
        self._turn = itertools.count()
        self._away: set[str] = set()

    async def buy(self, purchase: Purchase, *, ask: Ask | None = None) -> None:
        """Ask until it is known; an unknown outcome is asked for again under the same key."""
        wait_s = FIRST_WAIT_S
        while purchase.outcome is Outcome.UNKNOWN:
            said = await self.try_to_buy(purchase, ask=ask)
            if purchase.outcome is Outcome.UNKNOWN:
                purchase.was_unknown |= said != NOT_SENT
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    async def try_to_buy(self, purchase: Purchase, *, ask: Ask | None = None) -> str:
        """Ask once, in another way if there is one; note and return what was said."""
        if purchase.tries == 0:
            self.history.purchases.append(purchase)
        purchase.tries += 1
        said = await (ask or self._ask)(purchase)
        self.history.statuses[said] += 1
        return said

    async def command(self, order_id: str, verb: str, body: dict[str, str] | None = None) -> int:
        """Cancel or ship; returns the status, 0 if there was no answer."""
        return await self.post("order", f"/orders/{order_id}/{verb}", body)

    async def post(self, service: str, path: str, body: dict[str, str] | None = None) -> int:
        """Do something as the operator; returns the status, 0 if there was no answer."""
        headers = {"Authorization": f"Bearer {self._stack.tokens.operator}"}
        try:
            url = self._replica(service) + path
            async with self._http.post(url, headers=headers, json=body) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0

    async def read(self, service: str, path: str) -> dict[str, Any] | None:
        """Return what it answers, as the operator; None if it does not, or not with 200."""
        headers = {"Authorization": f"Bearer {self._stack.tokens.operator}"}
        try:
            async with self._http.get(self._replica(service) + path, headers=headers) as answer:
                return dict(await answer.json()) if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None

    async def follow_readiness(self) -> None:
        """Look, for ever, which replicas of order say that they are ready."""
        while True:
            urls = [replica.url for replica in self._stack.services["order"].replicas]
            ready = await asyncio.gather(*map(self._is_ready, urls))
            self._away = {url for url, ok in zip(urls, ready, strict=True) if not ok}
            await asyncio.sleep(READY_EVERY_S)

    async def _ask(self, purchase: Purchase) -> str:
        headers = {
            "Authorization": f"Bearer {self._stack.tokens.customer}",
            "Content-Type": "application/json",
            "Idempotency-Key": purchase.key,
        }
        url = f"{self._replica('order')}/orders"
        try:
            async with self._http.post(url, headers=headers, data=purchase.body) as answer:
                body = await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return NOT_SENT
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__
        return self.heard(purchase, answer.status, answer.headers.get("Retry-After", ""), body)

    def heard(self, purchase: Purchase, status: int, retry_after: str, body: bytes) -> str:
        """Note what the answer means for the purchase; return it in a word."""
        if status == ACCEPTED:
            self.history.accepted(purchase, body, at=asyncio.get_running_loop().time())
        elif status < SERVER_ERROR and status not in (IN_FLIGHT, TOO_MANY):
            purchase.outcome = Outcome.FAILED
        if status in (429, 503) and not retry_after.isdecimal():
            return f"{status} without Retry-After"
        return str(status)

    def _replica(self, service: str) -> str:
        urls = [it.url for it in self._stack.services[service].replicas]
        ready = [url for url in urls if url not in self._away] or urls
        return ready[next(self._turn) % len(ready)]

    async def _is_ready(self, url: str) -> bool:
        try:
            async with self._http.get(f"{url}/readyz") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False


@asynccontextmanager
async def client_of(stack: StackFile) -> AsyncIterator[Client]:
    # No limit: a request that waits for a connection of ours would never reach the shop.
    connections = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
    patience = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S, sock_connect=CONNECT_WITHIN_S)
    async with aiohttp.ClientSession(
        connector=connections, timeout=patience, trust_env=False
    ) as http:
        yield Client(http, stack, History())
