"""What the reports say about known histories."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.analytics.figures import MethodFigures, ProductFigures, WindowFigures
from services.analytics.reports import Reports
from services.analytics.use_cases import Commits
from services.analytics.windows import Span, Window
from shared.events import Item
from shared.persistence.database import Database
from tests.integration.analytics.stored import hear, replica
from tests.unit.analytics.stories import START, Story

MUG = Item(sku="MUG", name="Mug", quantity=5, unit_price_cents=300)


@pytest.fixture
async def commits(database: Database) -> AsyncIterator[Commits]:
    async with replica(database) as commits:
        yield commits


@pytest.fixture
def reports(database: Database) -> Reports:
    return Reports(database)


def span(window: Window, *, hours: float = 24) -> Span:
    """From the start of the stories' day."""
    first = Window.DAY.start_of(START)
    return Span.covering(window, first=first, last=first + timedelta(hours=hours), now=START)


async def test_an_empty_shop_has_empty_reports(reports: Reports) -> None:
    summary = await reports.summary()
    assert (summary.orders_placed, summary.customers, summary.revenue_cents) == (0, 0, 0)
    assert summary.by_currency == ()
    assert await reports.revenue(span(Window.MINUTE)) == []
    assert await reports.top_products(10) == []
    assert await reports.payment_methods() == []


async def test_the_summary_tells_the_shop_so_far(commits: Commits, reports: Reports) -> None:
    sold, taken_back = Story(), Story(customer_id="bert", items=(MUG,))
    declined, rejected = Story(), Story(customer_id="bert")
    await hear(
        commits,
        [
            *(story.placed() for story in (sold, taken_back, declined, rejected)),
            *(story.paid() for story in (sold, taken_back)),
            *(story.confirmed(1) for story in (sold, taken_back)),
            declined.paid(status="FAILED"),
            rejected.rejected(),
            *(story.cancelled(2) for story in (taken_back, declined, rejected)),
            taken_back.refunded(3),
            sold.shipped(4),
        ],
    )
    summary = await reports.summary()
    assert (summary.orders_placed, summary.orders_confirmed) == (4, 2)
    assert (summary.orders_cancelled, summary.orders_shipped) == (3, 1)
    assert (summary.stock_rejections, summary.customers) == (1, 2)
    assert (summary.payments_succeeded, summary.payments_failed) == (2, 1)
    assert summary.payment_success_rate == pytest.approx(2 / 3)
    assert (summary.currency, summary.revenue_cents) == ("EUR", 2500)
    assert (summary.average_order_cents, summary.refunded_cents) == (2000, 1500)


async def test_amounts_of_two_currencies_stand_apart(commits: Commits, reports: Reports) -> None:
    euros, pounds = Story(), Story(currency="GBP", items=(MUG,))
    await hear(commits, [euros.confirmed(), pounds.confirmed()])
    summary = await reports.summary()
    assert (summary.currency, summary.revenue_cents) == (None, None)
    revenue = {figures.currency: figures.revenue_cents for figures in summary.by_currency}
    assert revenue == {"EUR": 2500, "GBP": 1500}
    by_window = await reports.revenue(span(Window.DAY))
    assert [(window.currency, window.revenue_cents) for window in by_window] == [
        ("EUR", 2500),
        ("GBP", 1500),
    ]


async def test_minutes_roll_up_to_hours_and_days_of_utc(commits: Commits, reports: Reports) -> None:
    """The stories begin at 23:50, so that ten minutes later it is another hour and day."""
    story, other = Story(), Story()
    await hear(
        commits,
        [story.placed(0), story.confirmed(0.5), other.confirmed(3), other.cancelled(12)],
    )
    found = {
        window: [
            (row.start - START, row.end - row.start, row.revenue_cents, row.orders_confirmed)
            for row in await reports.revenue(span(window, hours=48))
        ]
        for window in Window
    }
    minute, hour, day = (window.width for window in Window)
    assert found == {
        Window.MINUTE: [
            (0 * minute, minute, 2500, 1),
            (3 * minute, minute, 2500, 1),
            (12 * minute, minute, -2500, 0),
        ],
        Window.HOUR: [(-50 * minute, hour, 5000, 2), (10 * minute, hour, -2500, 0)],
        Window.DAY: [(10 * minute - day, day, 5000, 2), (10 * minute, day, -2500, 0)],
    }


async def test_a_window_counts_what_happened_in_it(commits: Commits, reports: Reports) -> None:
    story = Story()
    await hear(
        commits, [story.placed(), story.confirmed(0.1), story.cancelled(0.2), story.refunded(0.3)]
    )
    assert await reports.revenue(span(Window.MINUTE)) == [
        WindowFigures(
            start=START,
            end=START + timedelta(minutes=1),
            currency="EUR",
            revenue_cents=0,
            refunded_cents=2500,
            orders_placed=1,
            orders_confirmed=1,
            orders_cancelled=1,
        )
    ]


async def test_a_late_event_lands_in_its_own_window(commits: Commits, reports: Reports) -> None:
    await hear(commits, [Story().confirmed(5)])
    late = Story().confirmed(-600)
    await hear(commits, [late])
    windows = await reports.revenue(span(Window.HOUR))
    assert [window.start for window in windows] == [
        Window.HOUR.start_of(late.timestamp),
        Window.HOUR.start_of(START),
    ]


async def test_a_span_holds_its_first_moment_and_not_its_last(
    commits: Commits, reports: Reports
) -> None:
    await hear(commits, [Story().placed(0), Story().placed(1), Story().placed(2)])
    minute = Window.MINUTE.width
    asked = Span(Window.MINUTE, start=START + minute, end=START + 2 * minute)
    assert [window.start for window in await reports.revenue(asked)] == [START + minute]


async def test_top_products_are_those_of_which_most_was_sold(
    commits: Commits, reports: Reports
) -> None:
    dear = Item(sku="VASE", name="Vase", quantity=2, unit_price_cents=9900)
    first, second = Story(items=(MUG, dear)), Story()
    await hear(commits, [first.confirmed(), second.confirmed(), second.cancelled()])
    products = [
        ProductFigures("MUG", "Mug", "EUR", quantity=5, revenue_cents=1500),
        ProductFigures("VASE", "Vase", "EUR", quantity=2, revenue_cents=19800),
        ProductFigures("LAMP", "Lamp", "EUR", quantity=2, revenue_cents=2500),
    ]
    assert await reports.top_products(10) == products
    assert await reports.top_products(1) == products[:1]


async def test_payment_methods_tell_how_their_payments_went(
    commits: Commits, reports: Reports
) -> None:
    declined = Story(payment_method="card_declined")
    await hear(commits, [Story().paid(), Story().paid(), declined.paid(status="FAILED")])
    assert await reports.payment_methods() == [
        MethodFigures("card_declined", "EUR", succeeded=0, failed=1, amount_cents=0),
        MethodFigures("card_ok", "EUR", succeeded=2, failed=0, amount_cents=5000),
    ]
