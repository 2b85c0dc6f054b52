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


async def test_what_was_just_stored_is_not_read_again_until_it_is_changed() -> None:
    stored, payment = OneRow(pending()), pending()
    db: Any = stored
    repository = PaymentRepository()
    need = Need(payment.payment_id, held=payment)
    assert not payment.is_as_stored  # as long as it is only here
    assert (await repository.look(db, [need])).find(payment.payment_id) is not payment

    ledger = await repository.look(db, [Need(payment.payment_id, is_new=True)])
    ledger.add(payment)
    ledger.stored(7)
    again = await repository.look(db, [need, Need(payment.payment_id)])
    assert again.get(payment.payment_id) is payment
    assert payment.row_version == 7
    assert not again.changed

    payment.record(Captured("ch_1"), SOON)
    assert again.changed == [payment]
    # As after a group that failed: what it decided on this does not stand in the row.
    assert (await repository.look(db, [need])).find(payment.payment_id) is not payment
