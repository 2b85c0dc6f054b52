"""A process that is killed between handling a replayed dead letter and closing it."""

from contextlib import suppress
from pathlib import Path

import pytest
from nats.js.errors import NotFoundError

from shared.events.topology import DEAD_LETTERS, DESK, Replays
from shared.messaging.desk import hindrance
from shared.messaging.desk.desk import Desk
from shared.messaging.desk.editing import Mend
from shared.messaging.desk.letters import Action, Filed, State
from shared.messaging.desk.selection import Selection
from shared.messaging.topology_setup import ensure_consumer
from shared.settings import ServiceSettings
from tests.eventually import eventually, eventually_found
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import GROUP, SUBSCRIPTION
from tests.integration.shared.toy_process import toy_process

REPLAYED = Replays(GROUP)

# The letter's state, and whether it lies among the dead letters still.
AT_DEATH = {
    "replay handled, before its record": (State.REPLAYING, 1),
    "replay recorded, before its letter goes": (State.HANDLED, 1),
    "letter gone, before ack": (State.HANDLED, 0),
}


@pytest.fixture
async def desk(floor: Floor, impatient: None, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk that knows the toy, and whose replays come again in less than a second."""
    monkeypatch.setattr(hindrance, "SUBSCRIPTIONS", [SUBSCRIPTION])
    with suppress(NotFoundError):
        await floor.jetstream.delete_consumer(DESK.name, REPLAYED.durable)
    await ensure_consumer(floor.jetstream, REPLAYED)
    return Desk(lambda: floor.broker)


@pytest.mark.parametrize("place", AT_DEATH)
async def test_killed_before_it_is_closed_a_replay_has_one_effect_and_nobody_else_hears_of_it(
    floor: Floor, desk: Desk, settings: ServiceSettings, tmp_path: Path, place: str
) -> None:
    env = {"TOY_DIES_AT": place, "TOY_DIED": str(tmp_path / "died")}
    await floor.order("permanent-ada")

    async with toy_process(settings, tmp_path / "log", env) as doomed:
        seq = (await eventually_found(lambda: _found(desk))).letter.seq
        await desk.replay(seq, who="ada", mend=Mend({"customer_id": "ada"}))
        assert await doomed.died(within_s=60) == -9
    assert await floor.counters() == {"ada": 1}
    assert ((await desk.letter(seq)).state, await _lying(floor)) == AT_DEATH[place]

    async with toy_process(settings, tmp_path / "log", env) as second:
        await second.ready()
        await eventually(lambda: _on_their_way(floor), (0, 0))
        await eventually(floor.unmarked, 0)
        assert await second.metric("shop_consumer_duplicates_total") == 1

    assert await _lying(floor) == 0
    records = (await desk.letter(seq)).records
    assert [record.action for record in records] == [Action.REPLAY, Action.HANDLED]
    assert (await floor.counters(), await floor.inbox()) == ({"ada": 1}, 1)
    # What the other groups hear is what stands in the stream: the order, and the one answer to it.
    assert (await floor.stored("ORDERS", "orders.placed"), await floor.said()) == (1, 1)


async def _found(desk: Desk) -> Filed | None:
    found = await desk.letters(Selection(group=GROUP))
    return found[0] if found else None


async def _lying(floor: Floor) -> int:
    return (await floor.jetstream.stream_info(DEAD_LETTERS.name)).state.messages


async def _on_their_way(floor: Floor) -> tuple[int | None, int | None]:
    info = await floor.jetstream.consumer_info(DESK.name, REPLAYED.durable)
    return info.num_pending, info.num_ack_pending
