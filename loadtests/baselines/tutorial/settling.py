"""Payment, email and analytics, as tutorials write them."""

import os
from email.message import EmailMessage

import aiosmtplib
import httpx
from sqlalchemy.dialects.postgresql import insert

from loadtests.baselines.tutorial.kit import hears, is_new, publish, session
from loadtests.baselines.tutorial.tables import EventCount, Mail, Payment, now
from shared.clock import new_id
from shared.events import (
    Event,
    OrderConfirmed,
    OrderPlaced,
    PaymentProcessed,
    PaymentStatus,
    StockReserved,
    caused_by,
)


def payment() -> None:
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
            fields = processed.model_dump(include={"payment_id", "order_id", "amount_cents"})
            db.add(Payment(**fields, status=processed.status, charge_id=charged["charge_id"]))
            await db.commit()
        await publish(processed)


def email() -> None:
    host, _, port = os.environ["SHOP_EMAIL_SMTP"].rpartition(":")

    @hears("email", OrderConfirmed)
    async def confirm(event: OrderConfirmed) -> None:
        if not await is_new("email", event):
            return
        mail = EmailMessage()
        mail["From"] = "shop@shop.example"
        mail["To"] = event.customer_email
        mail["Subject"] = f"Your order {event.order_id}"
        lines = [
            f"{it.quantity} x {it.name}, {it.unit_price_cents / 100:.2f}" for it in event.items
        ]
        mail.set_content("\n".join(["Thank you!", *lines]))
        await aiosmtplib.send(mail, hostname=host, port=int(port))
        async with session() as db:
            db.add(Mail(order_id=event.order_id, recipient=event.customer_email))
            await db.commit()


def analytics() -> None:
    async def count(event: Event) -> None:
        if not await is_new("analytics", event):
            return
        async with session() as db:
            one_more = insert(EventCount).values(event_type=event.event_type, events=1)
            await db.exec(
                one_more.on_conflict_do_update(
                    index_elements=["event_type"], set_={"events": EventCount.events + 1}
                )
            )
            await db.commit()

    @hears("analytics", OrderPlaced)
    async def placed(event: OrderPlaced) -> None:
        await count(event)

    @hears("analytics", StockReserved)
    async def reserved(event: StockReserved) -> None:
        await count(event)

    @hears("analytics", PaymentProcessed)
    async def paid(event: PaymentProcessed) -> None:
        await count(event)

    @hears("analytics", OrderConfirmed)
    async def confirmed(event: OrderConfirmed) -> None:
        await count(event)
