"""The audit can fail: each planted bug, under the fault that reveals it, turns it red."""

from pathlib import Path

import pytest

from chaos.faults import BY_NAME
from chaos.faults.base import Fault
from chaos.faults.fail_points import DeathAt
from chaos.planted.bugs import BUGS
from chaos.run import Order, run
from chaos.stage import Pace

REVEALED_BY: dict[str, Fault] = {
    "ack-before-commit": DeathAt("inventory", "before-commit"),
    "inbox-row-dropped": BY_NAME["duplicates"],
    "relay-with-cursor": DeathAt("order", "after-commit"),
    "charge-without-key": BY_NAME["provider-drop"],
    "check-then-update": BY_NAME["race-last-units"],
    "mail-before-intent": BY_NAME["duplicates"],
    "confirm-blindly": BY_NAME["race-cancel"],
}
DRAIN_S = 3.0  # some of these never drain
RATE = 20.0


def test_each_bug_has_its_fault() -> None:
    assert REVEALED_BY.keys() == BUGS.keys()


@pytest.mark.timeout(300)  # a stack each; some seconds on a machine that has nothing else to do
@pytest.mark.parametrize("name", BUGS)
async def test_the_bug_turns_the_audit_red(name: str, tmp_path: Path) -> None:
    bug, said = BUGS[name], list[str]()
    order = Order(
        name=name,
        faults=[REVEALED_BY[name]],
        seed=7,
        rounds=1,
        rate=RATE,
        pace=Pace.quick(),
        out=tmp_path,
        bug=bug,
        drain_s=DRAIN_S,
    )

    result = await run(order, said.append)

    assert all(tally.fired for tally in result.tallies), said
    assert bug.invariants <= result.verdict.counts.keys(), result.verdict.described[:10]
