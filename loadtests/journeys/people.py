"""What all people of the load test share: where the shop is, what is sold, how it is asked."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.chance = Random()  # noqa: S311 - dice, not secrets

    @contextmanager
    def asked(
        self,
        method: str,
        url: str,
        name: str,
        *,
        headers: Headers,
        expect: tuple[int, ...],
        **more: Any,
    ) -> Iterator[Any]:
        """Ask once. "Too much just now" is an answer, and has a statistic of its own."""
        with self.client.request(
            method, url, name=name, headers=dict(headers), catch_response=True, **more
        ) as answer:
            if answer.status_code in BUSY and "Retry-After" in (answer.headers or {}):
                answer.request_meta["name"] = f"{name} (busy)"
                answer.success()
            elif answer.status_code in expect:
                answer.success()
            yield answer
