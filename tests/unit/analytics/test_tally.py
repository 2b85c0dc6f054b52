from datetime import timedelta

import pytest

from services.analytics.domain import Minute, MinuteKey, Payments, SkuKey, Tally
from services.analytics.use_cases import add
from shared.events import EVENTS, Event, Item
from shared.events.schemas import Folders
from tests.unit.analytics.stories import LAMP, START, Story

EUROS_AT_START = MinuteKey(START, "EUR")


def tally_of(*events: Event) -> Tally:
    tally = Tally()
    for event in events:
        add(event, tally)
    return tally


def test_a_placed_order_counts_in_its_minute_and_its_customer_once() -> None:
    tally = tally_of(Story().placed(), Story().placed(0.5), Story(customer_id="bert").placed(1))
    assert tally.minutes[EUROS_AT_START] == Minute(orders_placed=2)
    assert tally.customers == {"anna", "bert"}


def test_a_confirmed_order_is_revenue_in_the_minute_of_its_confirmation() -> None:
    tally = tally_of(Story().confirmed(3.99))
    later = MinuteKey(START + timedelta(minutes=3), "EUR")
    assert tally.minutes == {later: Minute(orders_confirmed=1, confirmed_cents=2500)}


def test_revenue_is_taken_back_in_the_minute_of_the_cancellation() -> None:
    tally = Tally()
    tally.deduct(2500, cancelled_at=START + timedelta(seconds=59), currency="EUR")
    assert tally.minutes == {EUROS_AT_START: Minute(deducted_cents=2500)}


def test_amounts_of_two_currencies_are_kept_apart() -> None:
    tally = tally_of(Story().confirmed(), Story(currency="GBP").confirmed())
    assert {key.currency: sums.confirmed_cents for key, sums in tally.minutes.items()} == {
        "EUR": 2500,
        "GBP": 2500,
    }


def test_a_sku_in_several_lines_of_an_order_is_one_product() -> None:
    cheaper = Item(sku="LAMP", name="Lamp", quantity=3, unit_price_cents=1000)
    sold = tally_of(Story(items=(LAMP, cheaper)).confirmed()).sales[SkuKey("LAMP", "EUR")]
    assert (sold.quantity, sold.revenue_cents) == (5, 5500)


def test_a_product_is_called_what_it_was_last_sold_as() -> None:
    renamed = Item(sku="LAMP", name="A better lamp", quantity=1, unit_price_cents=1)
    tally = tally_of(Story(items=(renamed,)).confirmed(2), Story().confirmed(1))
    assert tally.sales[SkuKey("LAMP", "EUR")].name == "A better lamp"


def test_payments_count_by_method_and_only_the_succeeded_have_an_amount() -> None:
    tally = tally_of(Story().paid(), Story().paid(), Story().paid(status="FAILED"))
    assert list(tally.payments.values()) == [Payments(succeeded=2, failed=1, amount_cents=5000)]


def test_a_refund_counts_in_its_own_minute() -> None:
    tally = tally_of(Story().refunded())
    assert tally.minutes == {EUROS_AT_START: Minute(refunded_cents=2500)}


def test_what_no_report_needs_is_still_counted_as_heard() -> None:
    tally = tally_of(Story().shipped(), Story().rejected(), Story().shipped())
    assert tally.events == {"OrderShipped": 2, "StockRejected": 1}
    assert not tally.minutes
    assert not tally.facts


@pytest.mark.parametrize("event_type", EVENTS)
def test_every_type_of_event_can_be_counted(event_type: type[Event]) -> None:
    event = event_type.from_bytes(Folders().fixture(event_type).read_bytes())
    assert tally_of(event).events == {event_type.__name__: 1}
