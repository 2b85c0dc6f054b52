"""What all people of the load test share: where the shop is, what is sold, how it is asked."""

import os
import sys
from collections.abc import Mapping
from itertools import count, cycle
from pathlib import Path
from random import Random
from typing import Any

from locust import FastHttpUser

from loadtests.journeys.ledger import Ledger
from loadtests.journeys.places import NowhereError, Places
from loadtests.journeys.settings import Settings
from loadtests.journeys.world import World
from shopctl.run_dir import CHECKOUT

REPORTS = Path(os.environ.get("LOAD_OUT") or CHECKOUT / ".run" / "load")
BUSY = (429, 503)

try:
    WORLD, PLACES, SETTINGS = World.read(), Places.here(), Settings.of(os.environ)
except (NowhereError, ValueError, OSError) as error:
    sys.exit(f"load test: {error}")
LEDGER = Ledger(REPORTS / "accepted.txt")
NUMBERS = count(1)
RUN = f"load-{os.getpid()}-{Random().randrange(10**6)}"  # noqa: S311 - so that keys are new
ORDER_URLS = cycle(PLACES.order)

Headers = Mapping[str, str]


def bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


class Person(FastHttpUser):
    """What customers and operators have in common."""

    abstract = True
    host = PLACES.order[0]
    headers: Headers

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.chance = Random()  # noqa: S311 - dice, not secrets

    def ask(
        self,
        name: str,
        url: str,
        *,
        expect: tuple[int, ...] = (200,),
        headers: Headers | None = None,
        **more: Any,
    ) -> Any:
        """Ask once, under the name of a statistic, `GET /orders`; return the answer's JSON.

        None where its status is not one of those expected. "Too much just now" is an answer, and
        has a statistic of its own.
        """
        with self.client.request(
            name.partition(" ")[0],
            url,
            name=name,
            headers=dict(self.headers if headers is None else headers),
            catch_response=True,
            **more,
        ) as answer:
            if answer.status_code in BUSY and "Retry-After" in (answer.headers or {}):
                answer.request_meta["name"] = f"{name} (busy)"
                answer.success()
            elif answer.status_code in expect:
                answer.success()
                return answer.json()
        return None
