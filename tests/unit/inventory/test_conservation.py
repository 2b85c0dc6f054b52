"""Whatever comes, in whatever order and however often: no piece appears or vanishes."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.inventory.domain import Receipt, ReservationNotFound, ReservationState
from services.inventory.shelf import Shelf
from services.inventory.use_cases import expire_reservations
from shared.events import Event, OrderCancelled, OrderPlaced, StockReserved
from tests.unit.inventory.stories import (
    HOUR,
    NOON,
    cancelled,
    confirmed,
    hear,
    new_id,
    placed,
    shelf_of,
)

SKUS = ("mug", "cup", "pot")
Happening = Event | Receipt | timedelta
Fate = Callable[[OrderPlaced], Event]

FATES: tuple[tuple[Fate, ...], ...] = ((), (confirmed,), (cancelled,), (confirmed, cancelled))

lines = st.lists(
    st.tuples(st.sampled_from((*SKUS, "ghost")), st.integers(1, 4)), min_size=1, max_size=4
)
orders = st.lists(lines, min_size=1, max_size=6).map(
    lambda many: [placed(*lines) for lines in many]
)


@st.composite
def histories(draw: st.DrawFn) -> list[Happening]:
    """Return orders' events, repeated and shuffled, between receipts and passing time."""
    events: list[Happening] = []
    for order in draw(orders):
        events += [order, *(fate(order) for fate in draw(st.sampled_from(FATES)))]
    events += draw(st.lists(st.sampled_from(events), max_size=8))
    events += [Receipt(sku, str(new_id()), 3) for sku in draw(st.lists(st.sampled_from(SKUS)))]
    events += draw(st.lists(st.just(2 * HOUR), max_size=2))
    return draw(st.permutations(events))


def live(history: Shelf) -> Counter[tuple[str, ReservationState]]:
    """Count the pieces that the reservations say they hold or bought."""
    held: Counter[tuple[str, ReservationState]] = Counter()
    for reservation in history.reservations.values():
        for sku, quantity in reservation.quantities.items():
            held[sku, reservation.state] += quantity
    return held


def check(shelf: Shelf, received: Counter[str]) -> None:
    held = live(shelf)
    for sku, it in shelf.products.items():
        assert min(it.on_hand, it.reserved, it.sold) >= 0
        assert it.received == it.on_hand + it.reserved + it.sold == received[sku]
        assert it.reserved == held[sku, ReservationState.RESERVED]
        assert it.sold == held[sku, ReservationState.SOLD]


def live_through(history: list[Happening], shelf: Shelf) -> list[Event]:
    """Tell the history; what cannot be handled yet comes again at the end, as from a broker."""
    received = Counter({sku: it.received for sku, it in shelf.products.items()})
    now = NOON
    said: list[Event] = []
    waiting: list[Event] = []
    for happening in history:
        match happening:
            case Receipt():
                shelf.receive(happening)
                received[happening.sku] += happening.quantity
            case timedelta():
                now += happening
                due = list(shelf.reservations)
                work = expire_reservations(due, at=now, new_id=new_id, grace=timedelta())
                said += work.decide(shelf).events
            case _:
                try:
                    said += hear(shelf, happening, at=now)
                except ReservationNotFound:
                    waiting.append(happening)
        check(shelf, received)
    for late in waiting:
        said += hear(shelf, late, at=now)
        check(shelf, received)
    return said


@settings(max_examples=100, deadline=None)
@given(histories(), st.integers(0, 6))
def test_no_history_makes_or_loses_a_piece(history: list[Happening], start: int) -> None:
    live_through(history, shelf_of(**dict.fromkeys(SKUS, start)))


@settings(max_examples=100, deadline=None)
@given(histories())
def test_after_any_history_no_cancelled_order_holds_anything(
    history: list[Happening],
) -> None:
    shelf = shelf_of(**dict.fromkeys(SKUS, 5))
    said = live_through(history, shelf)
    gone = {event.order_id for event in history if isinstance(event, OrderCancelled)}
    over = {ReservationState.RELEASED, ReservationState.REJECTED}
    assert all(shelf.reservations[order_id].state in over for order_id in gone)
    answered = Counter(event.order_id for event in said if isinstance(event, StockReserved))
    assert set(answered.values()) <= {1}


@settings(max_examples=100, deadline=None)
@given(histories())
def test_the_whole_log_again_changes_nothing(
    history: list[Happening],
) -> None:
    shelf = shelf_of(**dict.fromkeys(SKUS, 5))
    live_through(history, shelf)
    before = {sku: (it.on_hand, it.reserved, it.sold) for sku, it in shelf.products.items()}
    repeated = [event for event in history if isinstance(event, OrderPlaced | OrderCancelled)]
    assert [said for event in reversed(repeated) for said in hear(shelf, event)] == []
    assert before == {sku: (it.on_hand, it.reserved, it.sold) for sku, it in shelf.products.items()}
