"""Rows become the payments that they were, whichever order their columns come in."""

from dataclasses import asdict
from typing import Any

from services.payment.answers import Captured
from services.payment.domain import Payment, Status
from services.payment.repository import Need, PaymentRepository
from tests.unit.payment.stories import SOON, cancellation, pending


class OneRow:
    """A transaction that finds this row."""

    def __init__(self, payment: Payment) -> None:
        self.row = dict(reversed(asdict(payment).items())) | {"status": str(payment.status)}
        del self.row["changed"]

    async def fetch(self, _: str, __: list[Need]) -> list[dict[str, Any]]:
        return [self.row]


async def test_a_row_is_the_payment_that_it_was() -> None:
    payment = pending()
    payment.record(Captured("ch_1"), SOON)
    payment.cancel(cancellation(payment.order_id), SOON)
    payment.announce()
    tx: Any = OneRow(payment)
    ledger = await PaymentRepository().load(tx, [Need(payment.payment_id)])
    loaded = ledger.get(payment.payment_id)
    payment.changed = False
    assert loaded == payment
    assert loaded.status is Status.SUCCESS
