"""The largest event that can be said, and the first that cannot."""

import pytest
from nats.js.api import RawStreamMsg

from shared.errors import PermanentError
from shared.events import Event, OrderPlaced
from shared.events.topology import MAX_PAYLOAD_BYTES
from shared.messaging.outbox import message_of
from shared.persistence.work import Decision, Work
from tests.eventually import eventually_found
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import Counters, Toy, placed


def event_of(size: int) -> Event:
    """An event that takes `size` bytes."""
    return placed("x" * (size - len(placed("").to_bytes())))


async def test_a_stream_takes_the_largest_message(floor: Floor) -> None:
    message = message_of(event_of(MAX_PAYLOAD_BYTES), "0" * 55)

    lines = message.headers.decode().split("\r\n")
    headers = dict(line.split(": ") for line in lines if ": " in line)
    await floor.jetstream.publish(message.subject, message.payload, headers=headers)


async def test_one_byte_more_is_no_message() -> None:
    with pytest.raises(PermanentError, match="OrderPlaced is too large for a stream"):
        message_of(event_of(MAX_PAYLOAD_BYTES + 1))


async def test_who_would_say_more_stores_nothing_and_sets_the_cause_aside(
    floor: Floor, toy: Toy
) -> None:
    def decide(counters: Counters) -> Decision[None]:
        counters["ada"] += 1
        return Decision(None, (event_of(MAX_PAYLOAD_BYTES + 1),))

    async def say_too_much(event: OrderPlaced) -> None:
        await toy.commits.run(Work("ada", decide, consumed=event))

    toy.before = say_too_much
    await floor.order("ada")

    (letter,) = await eventually_found(lambda: _letters(floor))
    assert letter.headers is not None
    assert letter.headers["Error"].startswith("PermanentError: OrderPlaced is too large")
    assert (await floor.counters(), await floor.inbox(), await floor.unmarked()) == ({}, 0, 0)


async def _letters(floor: Floor) -> list[RawStreamMsg] | None:
    return await floor.dead_letters() or None
