import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from shared.http import problems
from shared.http.admission import ALWAYS, Admission
from tests.eventually import until
from tests.unit.shared.http.asgi import client_of

LIMIT = 3


class Shop:
    """An app whose one route waits until the test says go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.inside = 0
        self.app = FastAPI()
        self.app.add_middleware(Admission, limit=LIMIT)
        self.app.add_api_route("/wait", self._wait)
        self.app.add_api_route("/fail", self._fail)
        for path in ALWAYS:
            self.app.add_api_route(path, self._here)

    async def _wait(self) -> None:
        self.inside += 1
        await self.go.wait()

    async def _fail(self) -> None:
        raise RuntimeError("a bug")

    async def _here(self) -> None:
        pass


@asynccontextmanager
async def full(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """So many requests under way as may be; at the end they are answered 200."""
    async with client_of(shop.app) as client, asyncio.TaskGroup() as group:
        waiting = [group.create_task(client.get("/wait")) for _ in range(LIMIT)]
        await until(lambda: shop.inside == LIMIT)
        yield client
        shop.go.set()
        assert {(await one).status_code for one in waiting} == {200}


async def test_one_request_too_many_is_503_at_once_and_says_when_to_come_back() -> None:
    shop = Shop()
    async with full(shop) as client:
        answer = await client.get("/wait")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
    assert answer.json()["detail"] == "too much work is waiting"
    assert shop.inside == LIMIT


@pytest.mark.parametrize("path", sorted(ALWAYS))
async def test_who_watches_is_answered_by_a_full_shop(path: str) -> None:
    async with full(Shop()) as client:
        assert (await client.get(path)).status_code == 200


async def test_what_has_ended_makes_room_however_it_ended() -> None:
    shop = Shop()
    async with full(shop) as client:
        pass
    async with client_of(shop.app) as client:
        for _ in range(LIMIT + 1):
            assert (await client.get("/fail")).status_code == 500
        assert (await client.get("/wait")).status_code == 200
