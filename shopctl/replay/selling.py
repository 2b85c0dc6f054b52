"""Places the sales as orders, in the file's order and at a steady rate."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from shopctl.progress import Advance
from shopctl.replay.online_retail import Kind, LeftOut
from shopctl.replay.posting import body_of, key_of
from shopctl.replay.spool import Sale, Spool
from shopctl.replay.tally import Tally
from shopctl.shop import Accepted, Shop
from shopctl.tasks import together


@dataclass(slots=True)
class Sold:
    """What has been accepted; `before` tells those that an earlier replay had placed."""

    orders: int = 0
    cents: int = 0
    orders_before: int = 0
    cents_before: int = 0
    cents_too_large: int = 0  # never sent

    def count(self, accepted: Accepted, *, before: bool) -> None:
        self.orders += 1
        self.cents += accepted.total_cents
        if before:
            self.orders_before += 1
            self.cents_before += accepted.total_cents


class Seller:
    def __init__(
        self,
        shop: Shop,
        spool: Spool,
        tally: Tally,
        *,
        file_hash: str,
        newest_before: UUID | None,
        advance: Advance,
    ) -> None:
        self._shop = shop
        self._spool = spool
        self._tally = tally
        self._file_hash = file_hash
        self._newest_before = newest_before
        self._advance = advance
        self.sold = Sold()

    async def sell(self, *, limit: int | None, rate: float, concurrency: int) -> None:
        """Returns when each has its answer; raises NoAnswerError if the shop stays away."""
        places = asyncio.Semaphore(concurrency)
        clock = asyncio.get_running_loop().time
        turn = clock()
        async with together() as group:
            for sale in self._spool.sales(limit):
                await asyncio.sleep(turn - clock())
                await places.acquire()
                turn = max(turn + 1 / rate, clock() - 1.0)  # what is missed by more is not made up
                group.create_task(self._sell(sale)).add_done_callback(lambda _: places.release())

    async def _sell(self, sale: Sale) -> None:
        body = body_of(sale, self._spool)
        if isinstance(body, LeftOut):
            self.sold.cents_too_large += sale.total_cents
            self._tally.leave_out(body)
        else:
            await self._place(sale, body)
        self._advance(1)

    async def _place(self, sale: Sale, body: bytes) -> None:
        answer = await self._shop.order(body, key=key_of(sale, self._file_hash), operator=True)
        if isinstance(answer, Accepted):
            self._spool.note_order(answer.order_id, sale)
            # Order ids are UUIDv7: those of this replay are all newer.
            before = self._newest_before is not None and answer.order_id <= self._newest_before
            self.sold.count(answer, before=before)
        else:
            reason = f"invoice {sale.invoice}: {answer.status}, {answer.reason}"
            self._tally.leave_out(LeftOut(sale.line, Kind.REFUSED, reason))
