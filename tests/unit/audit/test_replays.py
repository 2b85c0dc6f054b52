"""What the desk sent to analytics, and what a recount makes of it."""

import orjson
import pytest

from audit.evidence import Evidence
from audit.reading import messages
from audit.reading.messages import Message
from audit.reading.replays import Replays
from audit.recount import recount
from audit.rows import Recounted, RecountedLine
from shared import events as e
from tests.unit.audit.good_shop import story

CONFIRMED = next(event for event in story() if isinstance(event, e.OrderConfirmed))
FIELDS = orjson.loads(CONFIRMED.to_bytes())
MENDED = orjson.dumps(
    {**FIELDS, "total_cents": 2400, "items": [{**FIELDS["items"][0], "unit_price_cents": 1200}]}
)


def record(action: str, letter: int, data: bytes = b"", *, group: str = "analytics") -> Message:
    return Message("DESK", 1, f"desk.{action}.{letter}.{group}.{CONFIRMED.subject}", data, {})


def handled(*records: Message) -> list[e.Event]:
    replays = Replays()
    return [event for it in records if (event := replays.handled(it))]


def test_what_was_handled_is_what_was_sent() -> None:
    (event,) = handled(record("replay", 4, MENDED), record("handled", 4))
    assert messages.event_row(event).cents == 2400


@pytest.mark.parametrize(
    "records",
    [
        [record("replay", 4, MENDED)],
        [record("replay", 4, MENDED), record("failed", 4), record("handled", 4)],
        [record("replay", 4, MENDED), record("handled", 5)],
        [record("replay", 4, b"nonsense"), record("handled", 4)],
        [record("discarded", 4)],
        [record("replay", 4, MENDED, group="email"), record("handled", 4, group="email")],
    ],
    ids=["on its way", "failed", "another letter", "unreadable", "discarded", "another group"],
)
def test_nothing_else_was_counted(records: list[Message]) -> None:
    assert handled(*records) == []


def test_a_letter_that_failed_again_is_counted_as_it_was_sent_at_last() -> None:
    first, second = record("replay", 4, CONFIRMED.to_bytes()), record("replay", 7, MENDED)
    (event,) = handled(first, record("failed", 4), second, record("handled", 7))
    assert messages.event_row(event).cents == 2400


def test_the_recount_takes_the_mended_event(shop: Evidence) -> None:
    before = recount(shop)
    mended = messages.decode(CONFIRMED.subject, MENDED)
    assert mended is not None
    shop.add(Recounted, [messages.event_row(mended)])
    shop.add(RecountedLine, messages.lines(mended))

    after = recount(shop)

    assert after.summary["revenue_cents"] == before.summary["revenue_cents"] - 100
    assert after.summary["events"] == before.summary["events"]
    assert before.products == {("PEN", "EUR"): ("Pen", 6, 3000), ("INK", "EUR"): ("Ink", 3, 4500)}
    assert after.products == {("PEN", "EUR"): ("Pen", 6, 4400), ("INK", "EUR"): ("Ink", 2, 3000)}


def test_of_two_replays_that_were_handled_the_first_was_counted(shop: Evidence) -> None:
    before = recount(shop).summary
    mended = messages.decode(CONFIRMED.subject, MENDED)
    assert mended is not None
    for event in (CONFIRMED, mended):
        shop.add(Recounted, [messages.event_row(event)])
        shop.add(RecountedLine, messages.lines(event))

    assert recount(shop).summary == before
