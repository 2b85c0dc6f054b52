"""More requests than a process takes on: the others are told so at once."""

import asyncio
from pathlib import Path

from shared.settings import ServiceSettings
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy_process import toy_process

IN_FLIGHT = 8


async def test_what_would_have_to_wait_is_refused_and_what_was_taken_on_is_finished(
    floor: Floor, settings: ServiceSettings, tmp_path: Path
) -> None:
    limit = {"SHOP_HTTP_IN_FLIGHT": str(IN_FLIGHT)}
    async with toy_process(settings, tmp_path / "log", limit) as toy:
        await toy.ready()
        with floor.suspended("postgres"):
            asked = [
                asyncio.create_task(toy.http.post(f"/count/buyer {n}"))
                for n in range(IN_FLIGHT + 1)
            ]
            (refused,), taken_on = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            assert refused.result().status_code == 503
            assert refused.result().headers["retry-after"] == "1"
            assert (await toy.http.get("/healthz")).status_code == 200
        assert {(await one).status_code for one in taken_on} == {200}
    assert await floor.total() == IN_FLIGHT
