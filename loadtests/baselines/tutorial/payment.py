"""Payment, as tutorials write it: the charge inside the handler, with nothing stored before it."""

import os

import httpx

from loadtests.baselines.tutorial.kit import hears, is_new, publish, session
from loadtests.baselines.tutorial.tables import Payment, now
from shared.clock import new_id
from shared.events import PaymentProcessed, PaymentStatus, StockReserved, caused_by

provider = httpx.AsyncClient(base_url=os.environ["SHOP_PAYMENT_PROVIDER_URL"])


@hears("payment", StockReserved)
async def charge(event: StockReserved) -> None:
    if not await is_new("payment", event):
        return
    answer = await provider.post(
        "/charges",
        json={
            "order_id": str(event.order_id),
            "amount_cents": event.total_cents,
            "currency": event.currency,
            "payment_method": event.payment_method,
        },
        headers={"Idempotency-Key": str(event.order_id)},
    )
    charged = answer.json()
    is_paid = charged["status"] == "succeeded"
    processed = PaymentProcessed(
        **caused_by(event, event_id=new_id(), at=now()),
        order_id=event.order_id,
        payment_id=new_id(),
        amount_cents=event.total_cents,
        currency=event.currency,
        payment_method=event.payment_method,
        status=PaymentStatus.SUCCESS if is_paid else PaymentStatus.FAILED,
        reason=charged["reason"],
    )
    async with session() as db:
        db.add(
            Payment(
                payment_id=processed.payment_id,
                order_id=processed.order_id,
                amount_cents=processed.amount_cents,
                status=processed.status,
                charge_id=charged["charge_id"],
            )
        )
        await db.commit()
    await publish(processed)
