"""The heart of it: however events arrive, the reports are those of the whole history."""

from hypothesis import given

from shared.events import Event
from tests.unit.analytics.memory_store import MemoryStore
from tests.unit.analytics.recount import recount
from tests.unit.analytics.stories import Story, deliveries


@given(deliveries())
def test_any_order_with_any_repeats_gives_the_same_reports(
    delivery: tuple[list[Event], list[list[Event]]],
) -> None:
    history, groups = delivery
    store = MemoryStore()
    for group in groups:
        store.commit(group)
    assert store.stored() == recount(history)


def test_a_cancellation_heard_before_the_confirmation_takes_the_revenue_back() -> None:
    store, story = MemoryStore(), Story()
    confirmed, cancelled = story.confirmed(1), story.cancelled(2)
    store.commit([cancelled])
    store.commit([confirmed])
    assert store.stored() == recount([confirmed, cancelled])
    assert sum(sums["deducted_cents"] for sums in store.minutes.values()) == story.total_cents
