import pytest

from services.analytics.figures import CurrencyFigures, SummaryFigures


def in_currency(
    currency: str = "EUR", *, orders: int = 3, confirmed: int = 1000, deducted: int = 0
) -> CurrencyFigures:
    return CurrencyFigures(
        currency=currency,
        orders_confirmed=orders,
        confirmed_cents=confirmed,
        deducted_cents=deducted,
        refunded_cents=deducted,
    )


def summary(*currencies: CurrencyFigures, succeeded: int = 0, failed: int = 0) -> SummaryFigures:
    return SummaryFigures(
        events={"OrderPlaced": 5},
        customers=2,
        payments_succeeded=succeeded,
        payments_failed=failed,
        by_currency=currencies,
    )


def test_revenue_is_what_was_confirmed_less_what_was_taken_back() -> None:
    assert in_currency(confirmed=1000, deducted=400).revenue_cents == 600


@pytest.mark.parametrize(
    ("confirmed", "orders", "average"),
    [(1000, 3, 333), (1001, 2, 501), (999, 2, 500), (1000, 0, None), (0, 4, 0)],
)
def test_the_average_is_gross_with_halves_rounded_up(
    confirmed: int, orders: int, average: int | None
) -> None:
    figures = in_currency(confirmed=confirmed, orders=orders, deducted=confirmed)
    assert figures.average_order_cents == average


def test_with_one_currency_the_headline_has_its_amounts() -> None:
    headline = summary(in_currency(confirmed=900, deducted=300))
    assert headline.currency == "EUR"
    assert headline.revenue_cents == 600
    assert headline.refunded_cents == 300
    assert headline.average_order_cents == 300


def test_with_several_currencies_the_headline_adds_nothing_up() -> None:
    headline = summary(in_currency(), in_currency("GBP"))
    assert headline.currency is None
    assert headline.revenue_cents is None
    assert headline.refunded_cents is None
    assert headline.average_order_cents is None


def test_an_empty_shop_has_no_revenue_and_no_averages() -> None:
    headline = summary()
    assert headline.revenue_cents == 0
    assert headline.refunded_cents == 0
    assert headline.average_order_cents is None
    assert headline.payment_success_rate is None


def test_the_success_rate_is_of_the_payments_that_were_answered() -> None:
    assert summary(succeeded=3, failed=1).payment_success_rate == 0.75


def test_what_was_never_heard_is_zero() -> None:
    assert (summary().orders_placed, summary().orders_shipped) == (5, 0)
