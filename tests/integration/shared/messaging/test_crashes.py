"""A process that is killed at the worst moments: each event has its effect exactly once."""

from pathlib import Path

import pytest

from shared.settings import ServiceSettings
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy_process import toy_process


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "place", ["before commit", "after commit, before ack", "after publish, before mark"]
)
async def test_killed_at_a_point_each_event_still_has_one_effect(
    floor: Floor, settings: ServiceSettings, tmp_path: Path, place: str
) -> None:
    env = {"TOY_DIES_AT": place, "TOY_DIED": str(tmp_path / "died")}
    await floor.order("ada", "bob", "ada")
    async with toy_process(settings, tmp_path / "log", env) as doomed:
        assert await doomed.died(within_s=60) == -9
    at_death = (await floor.total(), await floor.said(), await floor.unmarked())
    assert (
        at_death
        == {
            "before commit": (0, 0, 0),
            "after commit, before ack": (3, at_death[1], 3),
            "after publish, before mark": (3, 3, 3),
        }[place]
    )
    async with toy_process(settings, tmp_path / "log", env):
        await floor.finished(3, within_s=60)
    assert await floor.counters() == {"ada": 2, "bob": 1}
