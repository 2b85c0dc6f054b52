"""A bad event becomes a dead letter with its reason, and its neighbours notice nothing."""

import orjson
import pytest

from shared.clock import new_id
from shared.messaging import retry
from shared.messaging.topology_setup import ensure_consumer
from tests.eventually import eventually
from tests.integration.shared.conftest import BOTH_WAYS, MakeToy
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import SUBSCRIPTION, Toy, placed

SUBJECT = "orders.placed"


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_DELAY_S", 0.02)


def other_version() -> bytes:
    return orjson.dumps({**orjson.loads(placed("ada").to_bytes()), "version": 9})


@BOTH_WAYS
@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{", "Invalid JSON"),
        (b"", "Invalid JSON"),
        (b"\xff\xfe", "BadPayload"),
        (b'{"event_type": "Nonsense"}', "event_type"),
        (other_version(), "version"),
    ],
)
async def test_a_bad_payload_is_put_aside_at_once_with_its_history(
    floor: Floor, toy: Toy, payload: bytes, reason: str
) -> None:
    message_id = str(new_id())
    headers = {"Nats-Msg-Id": message_id, "traceparent": "00-1-2-01"}
    ack = await floor.jetstream.publish(SUBJECT, payload, headers=headers)
    await floor.order("ada")
    await eventually(floor.waiting, (0, 0))
    (letter,) = await floor.dead_letters()
    assert letter.subject == f"dead_letters.toy.{SUBJECT}"
    assert (letter.data or b"") == payload
    assert letter.headers is not None
    assert reason in letter.headers.pop("Error")
    assert letter.headers.pop("Failed-At").startswith("20")
    letter_id = letter.headers.pop("Nats-Msg-Id")
    assert letter_id.startswith(f"dead:ORDERS:toy-OrderPlaced:{ack.seq}:")
    assert letter.headers == {
        "Original-Subject": SUBJECT,
        "Original-Msg-Id": message_id,
        "Stream-Sequence": str(ack.seq),
        "Group": "toy",
        "Deliveries": "1",
        "traceparent": "00-1-2-01",
    }
    assert await floor.counters() == {"ada": 1}
    assert toy.metric("shop_consumer_dead_lettered_total") == 1


@BOTH_WAYS
async def test_bad_events_in_a_group_do_not_delay_their_neighbours(
    floor: Floor, make_toy: MakeToy
) -> None:
    toy = await make_toy(max_deliveries=4)
    good = [f"good {number}" for number in range(60)]
    bad = ["bug-1", "permanent-1", "transient-1", "refused-1"]
    await floor.order(*good[:30], *bad, *good[30:])
    await eventually(floor.counters, dict.fromkeys(good, 1), within_s=5)
    await eventually(lambda: _letters(floor), 4)
    await eventually(floor.waiting, (0, 0))
    assert await floor.inbox() == 60
    assert toy.metric("shop_consumer_failed_total") == 3 * 3
    errors = {letter.headers["Error"] for letter in await floor.dead_letters() if letter.headers}
    assert errors == {
        "RuntimeError: bug-1",
        "PermanentError: permanent-1",
        "TransientError: transient-1",
        "Refused: refused-1",
    }


async def test_what_failed_for_a_while_has_its_effect_in_the_end(floor: Floor, toy: Toy) -> None:
    failures = iter(range(3))

    async def fail_thrice(event: object) -> None:
        if next(failures, None) is not None:
            raise RuntimeError

    toy.before = fail_thrice
    await floor.order("ada")
    await floor.finished(1)
    assert await floor.repeated_deliveries() == 3


@BOTH_WAYS
async def test_a_message_that_kills_its_process_each_time_is_put_aside_on_entry(
    floor: Floor, make_toy: MakeToy
) -> None:
    """Nobody settled its deliveries: only the broker has counted them."""
    await floor.order("ada")
    await floor.take_and_give_back(3)
    toy = await make_toy(max_deliveries=3)
    await eventually(lambda: _letters(floor), 1)
    (letter,) = await floor.dead_letters()
    assert letter.headers is not None
    assert letter.headers["Deliveries"] == "4"
    assert toy.heard == []
    await eventually(floor.waiting, (0, 0))


async def test_a_letter_that_is_not_stored_is_tried_again_and_then_stored_once(
    floor: Floor, toy: Toy
) -> None:
    await floor.jetstream.delete_stream("DEAD_LETTERS")
    await floor.order("permanent-1", "ada")
    await eventually(lambda: _repeated(floor, 1))
    await floor.make_streams()
    await eventually(lambda: _letters(floor), 1)
    await eventually(floor.waiting, (0, 0))
    assert await floor.counters() == {"ada": 1}


async def test_a_letter_whose_events_number_was_another_ones_is_stored(
    floor: Floor, toy: Toy
) -> None:
    """A broker that lost its tail gives numbers a second time."""
    for number in (1, 2):
        await floor.jetstream.delete_stream("ORDERS")
        await floor.make_streams()
        await ensure_consumer(floor.jetstream, SUBSCRIPTION)
        await floor.order(f"permanent-{number}")
        await eventually(lambda: _letters(floor), number)
    numbers = [(letter.headers or {})["Stream-Sequence"] for letter in await floor.dead_letters()]
    assert numbers == ["1", "1"]
    assert toy.metric("shop_consumer_dead_lettered_total") == 2


async def _letters(floor: Floor) -> int:
    return len(await floor.dead_letters())


async def _repeated(floor: Floor, number: int) -> bool:
    return await floor.repeated_deliveries() >= number
