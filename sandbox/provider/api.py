"""The provider over HTTP."""

from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from sandbox.faults import Faults
from sandbox.provider.cards import Cards
from sandbox.provider.ledger import (
    KeyReused,
    Kind,
    Ledger,
    Movement,
    RefundRefused,
    Status,
    UnknownCharge,
)
from sandbox.provider.outages import Outage, exposed
from sandbox.provider.requests import ChargeRequest, RefundRequest
from sandbox.web import Answer, Refusal, Request, Routes, answered, problem


class ProviderApi:
    def __init__(self, ledger: Ledger, cards: Cards, faults: Faults[Outage]) -> None:
        self._ledger = ledger
        self._cards = cards
        self._faults = faults

    def routes(self) -> Routes:
        """Return the routes: those that the shop calls, and those of who watches."""
        return Routes(
            ("POST", "/charges", exposed(self._post_charge, self._faults)),
            ("GET", "/charges", exposed(self._get_charge, self._faults)),
            ("POST", "/refunds", exposed(self._post_refund, self._faults)),
            ("GET", "/refunds", exposed(self._get_refund, self._faults)),
            ("GET", "/ledger", self._get_ledger),
            ("GET", "/healthz", lambda _: answered(200, {"status": "ok"})),
            *self._faults.routes(),
        )

    def _post_charge(self, request: Request) -> Answer:
        key, asked = _key(request), request.parsed(ChargeRequest)
        known = self._recall(key, asked)
        if known:
            return answered(200, _charge(known))
        if self._cards.fails(asked.payment_method, key):
            return problem(500, "this card fails at first: nothing was taken")
        movement = self._ledger.charge(
            key,
            asked,
            status=self._cards.status(asked.payment_method),
            charge_id=f"ch_{token_hex(12)}",
            at=_now(),
        )
        return self._cards.first_answer(asked.payment_method, answered(201, _charge(movement)))

    def _post_refund(self, request: Request) -> Answer:
        key, asked = _key(request), request.parsed(RefundRequest)
        known = self._recall(key, asked)
        if known:
            return answered(200, _refund(known))
        try:
            return answered(201, _refund(self._ledger.refund(key, asked, at=_now())))
        except UnknownCharge as error:
            return problem(404, str(error))
        except RefundRefused as error:
            return problem(422, str(error))

    def _recall(self, key: str, asked: ChargeRequest | RefundRequest) -> Movement | None:
        try:
            return self._ledger.recall(key, asked)
        except KeyReused as error:
            raise Refusal(problem(422, str(error))) from error

    def _get_charge(self, request: Request) -> Answer:
        return answered(200, _charge(self._found(request, Kind.CHARGE)))

    def _get_refund(self, request: Request) -> Answer:
        return answered(200, _refund(self._found(request, Kind.REFUND)))

    def _found(self, request: Request, kind: Kind) -> Movement:
        key = request.queried("key")
        movement = self._ledger.find(key, kind)
        if movement is None:
            raise Refusal(problem(404, f"no {kind} was made with the key {key!r}"))
        return movement

    def _get_ledger(self, request: Request) -> Answer:
        after = request.number("after", default=0)
        limit = request.number("limit", default=len(self._ledger))
        return Answer(200, self._ledger.as_json(after=after, limit=limit))


def _key(request: Request) -> str:
    key = request.header(b"idempotency-key")
    if not 0 < len(key) <= 255:
        raise Refusal(problem(400, "Idempotency-Key: a header of 1 to 255 characters is required"))
    return key


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _charge(movement: Movement) -> dict[str, Any]:
    declined = movement.status is Status.DECLINED
    return {
        "charge_id": movement.charge_id,
        "status": movement.status,
        "key": movement.key,
        "order_id": movement.order_id,
        "amount_cents": movement.amount_cents,
        "currency": movement.currency,
        "reason": "card_declined" if declined else None,
        "created_at": movement.created_at,
    }


def _refund(movement: Movement) -> dict[str, Any]:
    return {
        "refund_id": f"re_{movement.movement_id}_{movement.charge_id.removeprefix('ch_')}",
        "charge_id": movement.charge_id,
        "status": movement.status,
        "key": movement.key,
        "order_id": movement.order_id,
        "amount_cents": movement.amount_cents,
        "currency": movement.currency,
        "created_at": movement.created_at,
    }
