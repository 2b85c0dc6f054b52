"""I8: the recount, and what it is held against."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from audit.analytics import compare
from audit.evidence import Evidence
from audit.recount import Reports, recount
from audit.violations import Invariant
from tests.unit.audit.good_shop import START, event_id

EUR = {
    "currency": "EUR",
    "orders_confirmed": 3,
    "confirmed_cents": 7500,
    "revenue_cents": 5000,
    "average_order_cents": 2500,
    "refunded_cents": 2500,
}


def start_of(moment: datetime) -> str:
    return moment.replace(second=0).isoformat()


def test_the_summary(shop: Evidence) -> None:
    summary = recount(shop).summary
    assert summary == {
        "orders_placed": 5,
        "orders_confirmed": 3,
        "orders_cancelled": 3,
        "orders_shipped": 1,
        "stock_rejections": 1,
        "customers": 5,
        "payments_succeeded": 3,
        "payments_failed": 1,
        "payment_success_rate": 0.75,
        "currency": "EUR",
        "revenue_cents": 5000,
        "average_order_cents": 2500,
        "refunded_cents": 2500,
        "by_currency": [EUR],
        "events": {
            "OrderCancelled": 3,
            "OrderConfirmed": 3,
            "OrderPlaced": 5,
            "OrderShipped": 1,
            "PaymentProcessed": 4,
            "PaymentRefunded": 1,
            "StockRejected": 1,
        },
    }


def test_a_cancellation_takes_revenue_back_in_its_own_window(shop: Evidence) -> None:
    windows = recount(shop).windows
    minutes = windows["minute"]
    confirmed_at, cancelled_at = START.replace(minute=10), START.replace(minute=14)
    assert minutes[(start_of(confirmed_at), "EUR")] == (2500, 0, 0, 1, 0)
    assert minutes[(start_of(cancelled_at), "EUR")] == (-2500, 0, 0, 0, 1)
    assert windows["day"] == {
        (start_of(START.replace(hour=0, minute=0)), "EUR"): (5000, 2500, 5, 3, 3)
    }


def test_products_and_methods(shop: Evidence) -> None:
    reports = recount(shop)
    assert list(reports.products.items()) == [
        (("PEN", "EUR"), ("Pen", 6, 3000)),
        (("INK", "EUR"), ("Ink", 3, 4500)),
    ]
    assert reports.methods == {("card_ok", "EUR"): (3, 1, 7500)}


def test_a_product_has_its_newest_name(shop: Evidence) -> None:
    shop.execute(f"UPDATE lines SET name = 'Quill' WHERE event_id = '{event_id(6)}'")
    assert recount(shop).products[("PEN", "EUR")][0] == "Pen"
    shop.execute(f"UPDATE lines SET name = 'Biro' WHERE event_id = '{event_id(10)}'")
    assert recount(shop).products[("PEN", "EUR")][0] == "Biro"


def test_several_currencies_have_no_headline(shop: Evidence) -> None:
    shop.execute(f"UPDATE events SET currency = 'USD' WHERE event_id = '{event_id(6)}'")
    summary = recount(shop).summary
    assert (summary["currency"], summary["revenue_cents"]) == (None, None)
    assert [it["currency"] for it in summary["by_currency"]] == ["EUR", "USD"]


def test_before_anything_happened_there_are_zeros_and_no_averages() -> None:
    summary = recount(Evidence()).summary
    assert (summary["revenue_cents"], summary["refunded_cents"]) == (0, 0)
    assert (summary["average_order_cents"], summary["payment_success_rate"]) == (None, None)


def test_what_analytics_put_aside_is_not_counted(shop: Evidence) -> None:
    shop.execute(
        f"INSERT INTO letters VALUES ('analytics', 'orders.placed', 'ORDERS', 1, '{event_id(0)}')"
    )
    assert recount(shop).summary["orders_placed"] == 4


def changed(reports: Reports, part: str) -> Reports:
    key: tuple[str, ...]
    match part:
        case "summary":
            return replace(reports, summary={**reports.summary, "customers": 6})
        case "minute" | "hour" | "day":
            key = next(iter(reports.windows[part]))
            windows = {**reports.windows, part: {**reports.windows[part], key: (0, 0, 0, 0, 0)}}
            return replace(reports, windows=windows)
        case "products":
            return replace(reports, products={**reports.products, ("PEN", "EUR"): ("Pen", 7, 3000)})
        case "order of products":
            return replace(reports, products=dict(list(reports.products.items())[::-1]))
        case "a product too many":
            return replace(reports, products={**reports.products, ("X", "EUR"): ("X", 1, 1)})
        case "a method too few":
            return replace(reports, methods={})
        case _:
            methods: dict[tuple[str, ...], tuple[Any, ...]] = {("card_ok", "EUR"): (4, 1, 7500)}
            return replace(reports, methods=methods)


def test_equal_reports_are_green(shop: Evidence) -> None:
    assert not list(compare(recount(shop), recount(shop)))


@pytest.mark.parametrize(
    "part",
    ["summary", "minute", "hour", "day", "products", "order of products", "a product too many",
     "a method too few", "methods"],
)  # fmt: skip
def test_a_figure_that_differs_is_i8(shop: Evidence, part: str) -> None:
    counted = recount(shop)
    (violation,) = compare(counted, changed(counted, part))
    assert violation.invariant is Invariant.I8
