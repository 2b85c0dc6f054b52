"""The payment provider, in the domain's words. Every request carries the payment's own key."""

from collections.abc import Mapping
from typing import Any

import orjson

from services.payment.answers import (
    Absent,
    Captured,
    ChargeAnswer,
    Declined,
    PaidBack,
    RefundAnswer,
    Unanswered,
)
from services.payment.domain import Payment
from services.payment.exchange import Request, Response
from services.payment.provider_calls import (
    Broken,
    NoAnswer,
    ProviderCalls,
    ProviderFailure,
    Refused,
)

ASK_TIMEOUT_S = 1.0
DONE = (200, 201)
UNACCEPTABLE = (400, 402, 422)
NOT_FOUND = 404


class Provider:
    """Charges, looks for charges, and pays back.

    Raises, in each: DependencyDown, when the provider cannot be reached and nothing was done.
    """

    def __init__(self, base_url: str, calls: ProviderCalls) -> None:
        self._charges = f"{base_url.rstrip('/')}/charges"
        self._refunds = f"{base_url.rstrip('/')}/refunds"
        self._calls = calls

    async def charge(self, payment: Payment) -> ChargeAnswer:
        """Take the money; where the answer is lost, ask for it once before calling it unknown."""
        order = {
            "order_id": payment.order_id,
            "amount_cents": payment.amount_cents,
            "currency": payment.currency,
            "payment_method": payment.payment_method,
        }
        try:
            async with self._calls.slot("charge"):
                return await self._charge_or_ask(
                    _post(self._charges, payment.charge_key, order), payment.charge_key
                )
        except NoAnswer as failure:
            return Unanswered(str(failure))

    async def look_up(self, charge_key: str) -> ChargeAnswer:
        """Ask what became of a charge."""
        try:
            async with self._calls.slot("look_up"):
                return await self._ask(charge_key)
        except NoAnswer as failure:
            return Unanswered(str(failure))

    async def refund(self, payment: Payment) -> RefundAnswer:
        """Give the whole amount back; `payment` has its refund key."""
        order = {
            "charge_id": payment.charge_id,
            "order_id": payment.order_id,
            "amount_cents": payment.amount_cents,
            "currency": payment.currency,
        }
        try:
            async with self._calls.slot("refund"):
                request = _post(self._refunds, payment.refund_key or "", order)
                return _refund_answer(await self._calls.persist(request))
        except NoAnswer as failure:
            return Unanswered(str(failure))

    async def _charge_or_ask(self, request: Request, charge_key: str) -> ChargeAnswer:
        try:
            return _charge_answer(await self._calls.persist(request))
        except NoAnswer as lost:
            try:
                found = await self._ask(charge_key)
            except ProviderFailure:
                raise lost from None  # what counts is that the charge may have been made
            return Unanswered(str(lost)) if isinstance(found, Absent) else found

    async def _ask(self, charge_key: str) -> ChargeAnswer:
        question = Request("GET", self._charges, query={"key": charge_key})
        response = await self._calls.once(question, ASK_TIMEOUT_S)
        return Absent() if response.status == NOT_FOUND else _charge_answer(response)


def _post(url: str, key: str, body: Mapping[str, object]) -> Request:
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    return Request("POST", url, headers=headers, body=orjson.dumps(body, default=str))


def _charge_answer(response: Response) -> ChargeAnswer:
    if response.status in UNACCEPTABLE:
        return Declined(f"refused by the provider: {_detail(response)}")
    match _body(response):
        case {"status": "succeeded", "charge_id": str(charge_id)}:
            return Captured(charge_id)
        case {"status": "declined", "charge_id": charge_id, **rest}:
            return Declined(str(rest.get("reason") or "declined"), charge_id)
    raise Broken("the provider's answer cannot be understood")


def _refund_answer(response: Response) -> RefundAnswer:
    if response.status in UNACCEPTABLE or response.status == NOT_FOUND:
        return Unanswered(f"refused by the provider: {_detail(response)}")
    match _body(response):
        case {"status": "succeeded", "refund_id": str(refund_id)}:
            return PaidBack(refund_id)
    raise Broken("the provider's answer cannot be understood")


def _body(response: Response) -> Any:
    if response.status not in DONE:
        raise Refused(f"the provider answered {response.status}")
    try:
        return orjson.loads(response.body)
    except orjson.JSONDecodeError as error:
        raise Broken("the provider's answer is not JSON") from error


def _detail(response: Response) -> str:
    """The reason in words if it is a problem document, else the status."""
    try:
        found = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        found = None
    match found:
        case {"detail": str(detail)} if detail:
            return detail[:200]
    return str(response.status)
