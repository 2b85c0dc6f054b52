"""The provider's book: every movement in order, and what each key was used for.

LedgerError
├── KeyReused       the key stands for another request
├── UnknownCharge   there is nothing to refund
└── RefundRefused   the charge is another's, or does not hold that much
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from sys import intern
from typing import Any

import orjson

from sandbox.journal import Journal
from sandbox.provider.requests import ChargeRequest, RefundRequest

_CHUNK = 500


class Kind(StrEnum):
    CHARGE = "charge"
    REFUND = "refund"


class Status(StrEnum):
    SUCCEEDED = "succeeded"
    DECLINED = "declined"


class LedgerError(Exception):
    pass


class KeyReused(LedgerError):
    def __init__(self, key: str) -> None:
        super().__init__(f"the key {key} was used for another request")
        self.key = key


class UnknownCharge(LedgerError):
    def __init__(self, charge_id: str) -> None:
        super().__init__(f"there is no charge {charge_id}")
        self.charge_id = charge_id


class RefundRefused(LedgerError):
    pass


@dataclass(frozen=True, slots=True)
class Movement:
    """A line of the ledger, field by field as `GET /ledger` shows it; ids count from 1, gapless."""

    movement_id: int
    kind: Kind
    status: Status
    charge_id: str
    order_id: str
    key: str
    amount_cents: int
    currency: str
    created_at: str


@dataclass(slots=True)
class _Charge:
    movement: Movement
    payment_method: str
    refunded_cents: int = 0

    @property
    def captured(self) -> bool:
        return self.movement.status is Status.SUCCEEDED

    @property
    def held_cents(self) -> int:
        return self.movement.amount_cents - self.refunded_cents if self.captured else 0


class Ledger:
    """A movement is in the journal before it counts."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._movements: list[Movement] = []
        self._by_key: dict[str, Movement] = {}
        self._charges: dict[str, _Charge] = {}
        for _, line in journal.load():
            self._count(_movement(line["movement"]), intern(line["payment_method"]))

    def __len__(self) -> int:
        return len(self._movements)

    def recall(self, key: str, asked: ChargeRequest | RefundRequest) -> Movement | None:
        """Return what this key has moved already; another request under it is refused."""
        movement = self._by_key.get(key)
        if movement is not None and self._request_of(movement) != asked:
            raise KeyReused(key)
        return movement

    def find(self, key: str, kind: Kind) -> Movement | None:
        movement = self._by_key.get(key)
        return movement if movement is not None and movement.kind is kind else None

    def charge(
        self, key: str, asked: ChargeRequest, *, status: Status, charge_id: str, at: str
    ) -> Movement:
        movement = Movement(
            movement_id=len(self._movements) + 1,
            kind=Kind.CHARGE,
            status=status,
            charge_id=charge_id,
            order_id=asked.order_id,
            key=key,
            amount_cents=asked.amount_cents,
            currency=intern(asked.currency),
            created_at=at,
        )
        return self._record(movement, intern(asked.payment_method))

    def refund(self, key: str, asked: RefundRequest, *, at: str) -> Movement:
        charge = self._refundable(asked)
        movement = replace(
            charge.movement,
            movement_id=len(self._movements) + 1,
            kind=Kind.REFUND,
            key=key,
            amount_cents=asked.amount_cents,
            created_at=at,
        )
        return self._record(movement, charge.payment_method)

    def as_json(self, *, after: int, limit: int) -> Iterator[bytes]:
        """Yield the movements behind this id, as one JSON document in chunks."""
        end = min(after + limit, len(self._movements))
        yield b'{"movements":['
        for start in range(after, end, _CHUNK):
            comma = b"," if start > after else b""
            chunk = self._movements[start : min(start + _CHUNK, end)]
            yield comma + orjson.dumps(chunk)[1:-1]
        yield b"]}"

    def _refundable(self, asked: RefundRequest) -> _Charge:
        charge = self._charges.get(asked.charge_id)
        if charge is None:
            raise UnknownCharge(asked.charge_id)
        paid = charge.movement
        if (asked.order_id, asked.currency) != (paid.order_id, paid.currency):
            raise RefundRefused(f"the charge is for order {paid.order_id}, in {paid.currency}")
        if not charge.captured or asked.amount_cents > charge.held_cents:
            raise RefundRefused(f"the charge holds {charge.held_cents} cents")
        return charge

    def _record(self, movement: Movement, payment_method: str) -> Movement:
        line = {"movement": movement, "payment_method": payment_method}
        self._journal.append(orjson.dumps(line))
        self._count(movement, payment_method)
        return movement

    def _count(self, movement: Movement, payment_method: str) -> None:
        self._movements.append(movement)
        self._by_key[movement.key] = movement
        if movement.kind is Kind.CHARGE:
            self._charges[movement.charge_id] = _Charge(movement, payment_method)
        else:
            self._charges[movement.charge_id].refunded_cents += movement.amount_cents

    def _request_of(self, movement: Movement) -> ChargeRequest | RefundRequest:
        order_id, cents, currency = movement.order_id, movement.amount_cents, movement.currency
        if movement.kind is Kind.REFUND:
            return RefundRequest(
                charge_id=movement.charge_id,
                order_id=order_id,
                amount_cents=cents,
                currency=currency,
            )
        return ChargeRequest(
            payment_method=self._charges[movement.charge_id].payment_method,
            order_id=order_id,
            amount_cents=cents,
            currency=currency,
        )


def _movement(fields: dict[str, Any]) -> Movement:
    currency = intern(fields["currency"])
    kind, status = Kind(fields["kind"]), Status(fields["status"])
    return Movement(**fields | {"kind": kind, "status": status, "currency": currency})
