import asyncio
from uuid import UUID

import pytest

from shared.events import CancelReason
from shopctl.demo.course import Course
from shopctl.demo.observer import WATCHED, Observer, Watched
from tests.eventually import settled
from tests.unit.shopctl.demo.stories import ORDER, cancelled, confirmed, placed, reserved, shipped


def heard(*events: Watched) -> Observer:
    observer = Observer()
    for event in events:
        observer.note(event, WATCHED[event.subject][1])
    return observer


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ((placed(),), Course.PLACED),
        ((placed(), reserved()), Course.RESERVED),
        ((reserved(), placed()), Course.RESERVED),
        ((placed(), confirmed(), reserved()), Course.CONFIRMED),
        ((placed(), reserved(), confirmed(), shipped()), Course.SHIPPED),
        ((placed(), cancelled(), reserved()), CancelReason.OUT_OF_STOCK),
        ((placed(), confirmed(), cancelled()), CancelReason.OUT_OF_STOCK),
        ((), None),
    ],
)
def test_an_order_is_as_far_as_its_farthest_event(
    events: tuple[Watched, ...], end: Course | CancelReason | None
) -> None:
    assert heard(*events).end_of(ORDER) == end


def test_each_order_is_counted_where_it_is() -> None:
    other = UUID(int=77)

    observer = heard(placed(), placed(other), reserved(), confirmed(), confirmed())

    assert +observer.courses == {Course.PLACED: 1, Course.CONFIRMED: 1}


def test_latency_is_from_placed_to_confirmed() -> None:
    quick, slow = UUID(int=10), UUID(int=11)

    observer = heard(
        placed(slow),
        placed(quick),
        confirmed(slow, after_s=0.5),
        confirmed(quick, after_s=0.02),
    )

    assert observer.latencies_s == [0.02, 0.5]


async def test_who_waits_for_an_order_hears_of_it() -> None:
    observer = heard(placed())
    waiting = asyncio.create_task(observer.reached(ORDER, Course.CONFIRMED))
    await settled()

    observer.note(reserved(), Course.RESERVED)
    await settled()
    assert not waiting.done()
    observer.note(confirmed(), Course.CONFIRMED)

    assert await waiting


async def test_who_waits_for_a_confirmation_that_never_comes_hears_of_that_too() -> None:
    assert not await heard(placed(), cancelled()).reached(ORDER, Course.CONFIRMED)
