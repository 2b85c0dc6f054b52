"""The provider's ledger and our entries, for the tests of the comparison."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.payment.domain import Status
from services.payment.reconciliation.comparison import Entry, Kind, Movement, Outcome
from services.payment.terms import payment_id_of
from shared.clock import new_id
from tests.unit.payment.stories import NOON, SOON

LONG_AGO = SOON + timedelta(seconds=1)


def entry(order_id: UUID | None = None, **differing: Any) -> Entry:
    """Return what our books say of a paid order, unless told otherwise."""
    order_id = order_id or new_id()
    paid = Entry(
        order_id=order_id,
        status=Status.SUCCESS,
        amount_cents=1250,
        refunded_cents=0,
        currency="EUR",
        charge_key=f"charge-{payment_id_of(order_id)}",
        charge_id="ch_1",
        refund_key=None,
        updated_at=SOON,
        is_open=False,
    )
    return paid._replace(**differing)


def refunded(**differing: Any) -> Entry:
    paid = entry()
    refund_key = paid.charge_key.replace("charge", "refund")
    back = paid._replace(status=Status.REFUNDED, refunded_cents=1250, refund_key=refund_key)
    return back._replace(**differing)


def charge(of: Entry, **differing: Any) -> Movement:
    """Return the movement that the entry's charge is, unless told otherwise."""
    fields: dict[str, Any] = {
        "movement_id": 1,
        "kind": Kind.CHARGE,
        "status": Outcome.SUCCEEDED,
        "charge_id": "ch_1",
        "order_id": str(of.order_id),
        "key": of.charge_key,
        "amount_cents": of.amount_cents,
        "currency": of.currency,
        "created_at": NOON,
    }
    return Movement(**fields | differing)


def refund(of: Entry, **differing: Any) -> Movement:
    key = of.refund_key or of.charge_key.replace("charge", "refund")
    return charge(of, **{"movement_id": 2, "kind": Kind.REFUND, "key": key} | differing)
