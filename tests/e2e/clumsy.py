"""`python -m tests.e2e.clumsy FILE services.payment`: payment with a bug, while FILE is there."""

import runpy
import sys
from pathlib import Path

from services.payment.use_cases import Cashier
from shared.events import StockReserved

BUG = "division by a discount of zero"


def break_charging(while_it_exists: Path) -> None:
    charge_order = Cashier.charge_order

    async def charge(self: Cashier, event: StockReserved) -> None:
        if while_it_exists.exists():
            raise ZeroDivisionError(BUG)
        await charge_order(self, event)

    Cashier.charge_order = charge  # type: ignore[method-assign]  # in a process of its own


if __name__ == "__main__":
    break_charging(Path(sys.argv[1]))
    runpy.run_module(sys.argv[2], run_name="__main__", alter_sys=True)
