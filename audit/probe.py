"""I9, tried out: places orders of its own, which their payment method makes fail.

Off unless asked for, because an auditor should leave no traces.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import orjson

from audit.reading.http import get
from audit.stack import StackError
from audit.violations import Invariant, Violation

AT_ONCE = 20
ACCEPTED = httpx.codes.ACCEPTED
NOT_NOW = (
    httpx.codes.CONFLICT,
    httpx.codes.TOO_MANY_REQUESTS,
    httpx.codes.SERVICE_UNAVAILABLE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    location: str


def judge_repeat(first: Answer, again: Answer) -> Iterator[Violation]:
    if again != first:
        yield _violation(f"the same answer again: {_said(first)}", _said(again))


def judge_other_body(other: Answer) -> Iterator[Violation]:
    if other.status != httpx.codes.UNPROCESSABLE_ENTITY:
        yield _violation("422 for another body under the same key", _said(other))


def judge_race(answers: Sequence[Answer]) -> Iterator[Violation]:
    """Of many at once each gets the one answer, or hears that it is in flight."""
    accepted = {answer for answer in answers if answer.status == ACCEPTED}
    if len(accepted) != 1:
        yield _violation("one order for one key", f"{len(accepted)} different answers")
    for answer in answers:
        if answer.status not in (ACCEPTED, *NOT_NOW):
            yield _violation("202 or 409 while the key is in flight", _said(answer))


class Probe:
    def __init__(self, client: httpx.AsyncClient, sku: str) -> None:
        self._client = client
        self._sku = sku

    async def run(self) -> list[Violation]:
        key = f"audit-{uuid4()}"
        first = await self._place(key)
        if first.status != ACCEPTED:
            return [_violation("202 for a good order", _said(first))]
        found = [*judge_repeat(first, await self._place(key))]
        found += judge_other_body(await self._place(key, quantity=2))
        key = f"audit-{uuid4()}"
        answers = await asyncio.gather(*(self._place(key) for _ in range(AT_ONCE)))
        return [*found, *judge_race(answers)]

    async def _place(self, key: str, *, quantity: int = 1) -> Answer:
        body = orjson.dumps(self._order(quantity))
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        try:
            response = await self._client.post("/orders", content=body, headers=headers)
        except httpx.HTTPError as error:
            raise StackError(f"{self._client.base_url} does not answer: {error!r}") from error
        return Answer(response.status_code, response.content, response.headers.get("Location", ""))

    def _order(self, quantity: int) -> dict[str, Any]:
        return {
            "customer_id": "audit",
            "customer_email": "audit@example.com",
            "items": [{"sku": self._sku, "quantity": quantity}],
            "payment_method": "card_declined",
        }


async def some_sku(client: httpx.AsyncClient) -> str | None:
    """Return a SKU of the catalogue; None if it is empty."""
    products = (await get(client, "/products", params={"limit": 1}))["products"]
    return str(products[0]["sku"]) if products else None


def _said(answer: Answer) -> str:
    return f"{answer.status} {answer.body.decode(errors='replace')[:200]}"


def _violation(expected: str, found: str) -> Violation:
    return Violation(Invariant.I9, "key", "of the probe", expected, found)
