"""`python -m tests.e2e.clumsy FILE services.payment`: a service with a bug, while FILE is there.

Payment fails at every reservation, analytics at every confirmed order.
"""

import runpy
import sys
from pathlib import Path

from services.analytics import use_cases as analytics
from services.analytics.domain import Tally
from services.payment.use_cases import Cashier
from shared.events import Event, OrderConfirmed, StockReserved

BUG = "division by a discount of zero"


def break_charging(while_it_exists: Path) -> None:
    charge_order = Cashier.charge_order

    async def charge(self: Cashier, event: StockReserved) -> None:
        if while_it_exists.exists():
            raise ZeroDivisionError(BUG)
        await charge_order(self, event)

    Cashier.charge_order = charge  # type: ignore[method-assign]  # in a process of its own


def break_counting(while_it_exists: Path) -> None:
    add_up = analytics.add

    def add(event: Event, tally: Tally) -> None:
        if isinstance(event, OrderConfirmed) and while_it_exists.exists():
            raise ZeroDivisionError(BUG)
        add_up(event, tally)

    analytics.add = add


BREAK = {"services.payment": break_charging, "services.analytics": break_counting}


if __name__ == "__main__":
    BREAK[sys.argv[2]](Path(sys.argv[1]))
    runpy.run_module(sys.argv[2], run_name="__main__", alter_sys=True)
