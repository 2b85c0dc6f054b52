"""A process that is killed at the worst moments: each event has its effect exactly once."""

from pathlib import Path

import pytest

from shared.settings import ServiceSettings
from tests.integration.shared.conftest import BOTH_WAYS
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy_process import toy_process, way

# Orders counted, events not known to be published, and events that may be in the stream.
AT_DEATH = {
    "before commit": (0, 0, {0}),
    "after commit, before ack": (3, 3, {0, 1, 2, 3}),  # the relay publishes meanwhile
    "after publish, before mark": (3, 3, {3}),
}


@BOTH_WAYS
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("place", AT_DEATH)
async def test_killed_at_a_point_each_event_still_has_one_effect(
    floor: Floor, settings: ServiceSettings, tmp_path: Path, place: str, together: bool
) -> None:
    env = {"TOY_DIES_AT": place, "TOY_DIED": str(tmp_path / "died"), **way(together=together)}
    await floor.order("ada", "bob", "ada")
    async with toy_process(settings, tmp_path / "log", env) as doomed:
        assert await doomed.died(within_s=60) == -9
    counted, unmarked, said = AT_DEATH[place]
    assert (await floor.total(), await floor.unmarked()) == (counted, unmarked)
    assert await floor.said() in said
    async with toy_process(settings, tmp_path / "log", env):
        await floor.finished(3, within_s=60)
    assert await floor.counters() == {"ada": 2, "bob": 1}
