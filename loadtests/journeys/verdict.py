"""What is judged at the end of a load test: lost orders, stated limits, the audit."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import httpx

from loadtests.journeys.ledger import Ledger
from loadtests.journeys.places import Places
from shopctl.run_dir import CHECKOUT

LOOK_EVERY_S = 0.5
ANSWER_WITHIN_S = 5.0
SHOWN = 10

Percentile = Callable[[str], float | None]
"""Statistic → its 99th percentile in ms; None if there was nothing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found wrong, in words."""

    wrong: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        return not self.wrong


def judge(
    places: Places, ledger: Ledger, limits: Mapping[str, float], p99: Percentile, *, drain_s: float
) -> Verdict:
    """Wait for the last orders' ends, and look at everything."""
    drain(places, ledger, within_s=drain_s)
    ledger.close()
    wrong = [*_lost(ledger), *passed(limits, p99)]
    if places.stack_file is not None and not _audit_is_clean(places.stack_file, ledger.path):
        wrong.append("the audit found violations")
    return Verdict(tuple(wrong))


def drain(places: Places, ledger: Ledger, *, within_s: float) -> None:
    """Look after the orders that nobody followed to their end."""
    deadline = monotonic() + within_s
    with httpx.Client(trust_env=False) as http:
        http.headers["Authorization"] = f"Bearer {places.customer_token}"
        while ledger.open and monotonic() < deadline:
            for order_id in ledger:
                ledger.note(order_id, _status(http, places.order[0], order_id))
            if ledger.open:
                sleep(LOOK_EVERY_S)


def passed(limits: Mapping[str, float], p99: Percentile) -> list[str]:
    """Return the limits that were passed; one of which nothing was measured is passed too."""
    found = {name: p99(name) for name in limits}
    return [
        f"{name}: p99 is {'unknown' if found[name] is None else f'{found[name]:.0f} ms'}, "
        f"the limit {limit:.0f} ms"
        for name, limit in limits.items()
        if (value := found[name]) is None or value > limit
    ]


def _lost(ledger: Ledger) -> list[str]:
    if not ledger.open:
        return []
    some = ", ".join(list(ledger)[:SHOWN])
    return [f"{len(ledger.open):,} of {ledger.accepted:,} accepted orders have no end: {some}"]


def _status(http: httpx.Client, url: str, order_id: str) -> str:
    try:
        answer = http.get(f"{url}/orders/{order_id}", timeout=ANSWER_WITHIN_S)
        return str(answer.json()["status"]) if answer.is_success else ""
    except (httpx.HTTPError, ValueError, KeyError):
        return ""


def _audit_is_clean(stack_file: Path, accepted: Path) -> bool:
    words = ("--stack", str(stack_file), "--accepted", str(accepted), "--wait", "60")
    found = subprocess.run((sys.executable, "-m", "audit", *words), cwd=CHECKOUT, check=False)  # noqa: S603
    return found.returncode == 0
