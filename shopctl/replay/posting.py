"""A sale as the body of `POST /orders`."""

import hashlib
import re

import orjson

from shopctl.replay.online_retail import Kind, LeftOut
from shopctl.replay.spool import Sale, Spool

CURRENCY = "GBP"
PAYMENT_METHOD = "card_ok"
GUEST = "guest"
MAX_LINES = 2_000  # of POST /orders
MAX_BODY_BYTES = 256 * 1024


def key_of(sale: Sale, file_hash: str) -> str:
    """The same sale of the same content is the same order, however often the replay is run."""
    return f"replay-{file_hash[:16]}-{sale.invoice}"


def body_of(sale: Sale, spool: Spool) -> bytes | LeftOut:
    if sale.lines > MAX_LINES:
        return _too_large(sale, f"{sale.lines:,} lines, an order takes {MAX_LINES:,}")
    customer = sale.customer or GUEST
    items = [
        {"sku": sku, "quantity": quantity, "unit_price_cents": cents}
        for sku, quantity, cents in spool.items(sale)
    ]
    body = orjson.dumps(
        {
            "customer_id": customer,
            "customer_email": mail_address(customer),
            "items": items,
            "payment_method": PAYMENT_METHOD,
        }
    )
    if len(body) > MAX_BODY_BYTES:
        return _too_large(sale, f"{len(body):,} bytes as a request, {MAX_BODY_BYTES:,} are allowed")
    return body


def mail_address(customer: str) -> str:
    """An address for a customer of whom only the number is known; others have their hash's."""
    if re.fullmatch(r"[0-9A-Za-z-]{1,40}", customer):
        return f"customer-{customer}@example.com"
    return f"customer-{hashlib.sha256(customer.encode()).hexdigest()[:16]}@example.com"


def _too_large(sale: Sale, reason: str) -> LeftOut:
    return LeftOut(sale.line, Kind.INVOICE, f"invoice {sale.invoice}: {reason}")
