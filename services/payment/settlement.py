"""The settlement: finds the payments of which something is still open, and sees to them.

Open are outcomes that nobody knows, charges whose handler died, refunds that are owed, and
charges that were given up while a request may still have been on its way. Each is claimed before
it is touched, so that replicas share the work instead of doing it twice.
"""

import asyncio
from dataclasses import dataclass

from services.payment.repository import PaymentReader
from services.payment.use_cases import Cashier
from shared.clock import Clock
from shared.errors import DependencyDown

BATCH = 200


@dataclass(frozen=True, slots=True)
class Settlement:
    cashier: Cashier
    payments: PaymentReader
    clock: Clock

    async def run(self) -> None:
        """Settle all that is due.

        Raises:
            DependencyDown: the provider or Postgres is away; the next run goes on.
            ExceptionGroup: some payments could not be settled; the others were.
        """
        while due := await self.payments.due(self.clock(), limit=BATCH):
            ends = await asyncio.gather(*map(self.cashier.settle, due), return_exceptions=True)
            _raise_worst([end for end in ends if isinstance(end, Exception)])


def _raise_worst(errors: list[Exception]) -> None:
    others = [error for error in errors if not isinstance(error, DependencyDown)]
    if others:
        raise ExceptionGroup("some payments could not be settled", others)
    if errors:
        raise errors[0]
