"""Email, as tutorials write it: a connection a mail."""

import os
from email.message import EmailMessage

import aiosmtplib

from loadtests.baselines.tutorial.kit import hears, is_new, session
from loadtests.baselines.tutorial.tables import Mail
from shared.events import OrderConfirmed

HOST, _, PORT = os.environ["SHOP_EMAIL_SMTP"].rpartition(":")


@hears("email", OrderConfirmed)
async def confirm(event: OrderConfirmed) -> None:
    if not await is_new("email", event):
        return
    mail = EmailMessage()
    mail["From"] = "shop@shop.example"
    mail["To"] = event.customer_email
    mail["Subject"] = f"Your order {event.order_id}"
    lines = [f"{it.quantity} x {it.name}, {it.unit_price_cents / 100:.2f}" for it in event.items]
    mail.set_content("\n".join(["Thank you!", *lines]))
    await aiosmtplib.send(mail, hostname=HOST, port=int(PORT))
    async with session() as db:
        db.add(Mail(order_id=event.order_id, recipient=event.customer_email))
        await db.commit()
