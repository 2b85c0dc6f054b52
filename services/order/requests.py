"""From a request to what the use case wants: who calls, what is wanted, and the key it goes under.

Each function returns what it found, or raises Refusal with the answer to give.
"""

from hashlib import sha256

from fastapi import FastAPI
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from services.order.placement import Key, Unorderable
from services.order.repository import AnswerKey
from services.order.schemas import OrderIn
from shared.http import auth, problems
from shared.http.auth import Caller, Tokens
from shared.http.direct import Headers
from shared.http.problems import Problem, Refusal, problem
from shared.http.rate_limit import RateLimit

MAX_KEY = 255


class InFlight:
    """The idempotency keys whose first request is under way in this process.

    A replica that gets the same key at the same moment is held up by the database instead, and
    gives the same answer.
    """

    def __init__(self) -> None:
        self._keys: set[AnswerKey] = set()

    def begin(self, key: Key | None) -> None:
        """Hold the key until the end; 409 if another request does."""
        if key is None:
            return
        if key.key in self._keys:
            detail = "a request with this Idempotency-Key is under way"
            raise Refusal(problem(409, detail=detail))
        self._keys.add(key.key)

    def end(self, key: Key | None) -> None:
        if key is not None:
            self._keys.discard(key.key)


def caller_of(headers: Headers, tokens: Tokens) -> Caller:
    caller = auth.caller_with(headers.get(b"authorization"), tokens)
    if isinstance(caller, Problem):
        raise Refusal(caller)
    return caller


def order_in(body: bytes) -> OrderIn:
    try:
        return OrderIn.model_validate_json(body)
    except ValidationError as error:
        raise Refusal(problems.from_validation(error)) from error


def check_prices(wanted: OrderIn, caller: Caller) -> None:
    """403 if a customer names a price."""
    if caller.is_operator:
        return
    agreed = [n for n, item in enumerate(wanted.items) if item.unit_price_cents is not None]
    if agreed:
        raise Refusal(_operators_only(agreed))


def admit(customer_id: str, caller: Caller, rate_limit: RateLimit) -> None:
    """429 if the customer orders too fast. Operators are not held up."""
    if caller.is_operator:
        return
    exceeded = rate_limit.take(customer_id)
    if exceeded is not None:
        detail = f"more than {exceeded.limit} orders of one customer in a row"
        raise Refusal(problem(429, detail=detail, headers=exceeded.headers))


def key_of(headers: Headers, body: OrderIn, caller: Caller) -> Key | None:
    """Return the key with the caller's scope and the body's hash; None if there is none."""
    stated = headers.get(b"idempotency-key")
    if stated is None:
        return None
    key = stated.decode("latin-1")
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        errors = [{"field": "Idempotency-Key", "message": f"1 to {MAX_KEY} printable characters"}]
        detail = "the Idempotency-Key cannot be accepted"
        raise Refusal(problem(422, detail=detail, errors=errors))
    return Key(AnswerKey(caller.role, key), sha256(body.to_json()).digest())


def install_unorderable(app: FastAPI) -> None:
    """Answer Unorderable with each field that is at fault."""

    async def render(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Unorderable)  # noqa: S101 - narrows what is registered
        errors = [
            {"field": fault.field, "message": fault.message}
            for fault in error.faults[: problems.MAX_ERRORS]
        ]
        return problem(422, detail=str(error), errors=errors, error_count=len(error.faults))

    app.add_exception_handler(Unorderable, render)


def _operators_only(items: list[int]) -> Problem:
    errors = [
        {"field": f"items[{n}].unit_price_cents", "message": "is for operators only"}
        for n in items[: problems.MAX_ERRORS]
    ]
    return problem(403, detail="an agreed price is for operators only", errors=errors)
