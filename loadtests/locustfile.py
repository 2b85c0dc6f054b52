"""Loads that people can watch: `make load`, or `locust -f loadtests/locustfile.py`.

Where the shop is, what is sold and how many come: loadtests/journeys (places, world, settings).
"""

import logging
from typing import Any

from locust import LoadTestShape, events

from loadtests.journeys import stocking
from loadtests.journeys.customers import Customer
from loadtests.journeys.operators import Operator
from loadtests.journeys.people import LEDGER, PLACES, SETTINGS, WORLD
from loadtests.journeys.verdict import judge

__all__ = ["Customer", "Operator"]

logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each request, else

if SETTINGS.shape is not None:

    class Shape(LoadTestShape):
        """The one that LOAD_SHAPE names."""

        def tick(self) -> tuple[int, float] | None:
            assert SETTINGS.shape is not None  # noqa: S101 - or there were no such class
            return SETTINGS.shape.at(self.get_run_time())  # type: ignore[no-untyped-call]  # Locust's


@events.test_start.add_listener  # type: ignore[untyped-decorator]  # Locust's
def begin(environment: Any, **_: Any) -> None:
    """Fill the shelves before the first customer comes."""
    LEDGER.begin()
    stocking.stock(PLACES, WORLD)


@events.test_stop.add_listener  # type: ignore[untyped-decorator]  # Locust's
def end(environment: Any, **_: Any) -> None:
    """Say what became of the orders; the process will exit with 1 if something is wrong."""
    verdict = judge(
        PLACES,
        LEDGER,
        SETTINGS.limits,
        lambda name: _p99(environment, name),
        drain_s=SETTINGS.drain_s,
    )
    ends = ", ".join(f"{count:,} {status.lower()}" for status, count in LEDGER.ends.items())
    print(f"\n{LEDGER.accepted:,} orders accepted: {ends or 'none'}")  # noqa: T201 - its user reads it
    for wrong in verdict.wrong:
        print(f"WRONG: {wrong}")  # noqa: T201
    if not verdict.is_good:
        environment.process_exit_code = 1


def _p99(environment: Any, name: str) -> float | None:
    found = [it for it in environment.stats.entries.values() if it.name == name and it.num_requests]
    return float(found[0].get_response_time_percentile(0.99)) if found else None
