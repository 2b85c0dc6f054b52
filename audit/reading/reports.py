"""What analytics answers over HTTP."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from audit.reading.http import get
from audit.reading.messages import EPOCH, MICROSECOND
from audit.recount import MOST_PRODUCTS, WIDTHS_US, Reports, Rows

MOST_WINDOWS = 10_080
"""The longest report that analytics gives."""


async def read(client: httpx.AsyncClient, *, first_us: int, last_us: int) -> Reports:
    """Read every report; those in windows from the first event to the last."""
    products = (await get(client, "/reports/top-products", params={"limit": MOST_PRODUCTS}))[
        "products"
    ]
    methods = (await get(client, "/reports/payment-methods"))["methods"]
    return Reports(
        summary=await get(client, "/reports/summary"),
        windows={
            name: await _windows(client, name, first_us=first_us, last_us=last_us)
            for name in WIDTHS_US
        },
        products={
            (it["sku"], it["currency"]): (it["name"], it["quantity"], it["revenue_cents"])
            for it in products
        },
        methods={
            (it["payment_method"], it["currency"]): (
                it["succeeded"],
                it["failed"],
                it["amount_cents"],
            )
            for it in methods
        },
    )


async def _windows(client: httpx.AsyncClient, name: str, *, first_us: int, last_us: int) -> Rows:
    width = WIDTHS_US[name]
    step, rows = width * MOST_WINDOWS, dict[tuple[str, ...], tuple[Any, ...]]()
    end = (last_us // width + 1) * width
    for start in range(first_us // width * width, end, step):
        where = {"window": name, "from": _time(start), "to": _time(min(start + step, end))}
        report = await get(client, "/reports/revenue", params=where)
        rows |= dict(_window(window) for window in report["windows"])
    return rows


def _window(window: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    start = datetime.fromisoformat(window["start"]).astimezone(UTC).isoformat()
    names = (
        "revenue_cents",
        "refunded_cents",
        "orders_placed",
        "orders_confirmed",
        "orders_cancelled",
    )
    return (start, window["currency"]), tuple(window[name] for name in names)


def _time(at_us: int) -> str:
    return (EPOCH + at_us * MICROSECOND).astimezone(UTC).isoformat().replace("+00:00", "Z")
