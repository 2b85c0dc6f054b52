"""One measured run on a system that is up: place, wait until all is done, read the difference."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from loadtests.generator.job import CONFIRMED, Job, Outcome
from loadtests.measuring import cpu, memory, orders
from loadtests.measuring.books import Books
from loadtests.measuring.calibration import calibrate
from loadtests.measuring.counters import counters
from loadtests.measuring.figures import Figures, divided
from loadtests.measuring.generating import generator
from loadtests.measuring.orders import Basket
from loadtests.measuring.percentiles import Percentiles, percentiles
from loadtests.measuring.systems import BenchError, Place
from shopctl.catalogue_file import Product
from shopctl.shop import shop_of
from shopctl.stocking import stock_up

SETTLE_S = 300.0
MOST_MAILS = 20_000  # the newest: to list them all after a soak would take minutes
STAGES = ("orders.placed", "inventory.stock_reserved", "payments.processed", CONFIRMED)
"""The events that one order waits for on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How orders come.

    Attributes:
        rate: orders a second; None is the closed loop with `concurrency` requests under way.
        stages: note when each event on an order's way came by.
        as_operator: the bodies state agreed prices.
    """

    part: str
    label: str
    concurrency: int = 64
    rate: float | None = None
    poisson_seed: int | None = None
    stages: bool = False
    as_operator: bool = False


@dataclass(slots=True)
class Bench:
    """A system that is up, and what is known of it while it is measured."""

    place: Place
    http: aiohttp.ClientSession
    books: Books
    runs: int = 0

    @classmethod
    @asynccontextmanager
    async def at(cls, place: Place) -> AsyncIterator["Bench"]:
        async with (
            aiohttp.ClientSession(trust_env=False) as http,
            Books.opened(place.stack, http) as books,
        ):
            yield cls(place, http, books)

    async def stock(self, products: list[Product], *, currency: str = orders.CURRENCY) -> None:
        """Fill the shelves; returns when all can be ordered."""
        async with shop_of(self.place.stack) as shop:
            await stock_up(shop, lambda: products, currency=currency)

    def basket(self, count: int) -> Basket:
        self.runs += 1
        path = self.place.run_dir / f"bodies-{self.runs}.jsonl"
        return orders.write(path, count, run=f"bench{self.runs}")

    async def warm_up(self, count: int) -> None:
        """Let code be compiled, statements be prepared, connections be made, buffers be filled."""
        basket = self.basket(count)
        await self.measure(Load(part="warm-up", label="closed", concurrency=16), basket)

    async def measure(self, load: Load, basket: Basket) -> Figures:
        """Raises BenchError where orders are refused, or never done."""
        stack, before_books = self.place.stack, await self.books.look()
        fast_before = calibrate()
        async with generator(self._job(load, basket)) as generating, memory.watched(stack) as used:
            counted = await counters(self.http, stack)
            cpu_before = cpu.cpu_of(stack, ours=self.books.backends)
            outcome = await generating.run()
            _check(outcome, basket)
            done_at = await self.books.done_since(before_books, basket.orders, within_s=SETTLE_S)
            cpu_after = cpu.cpu_of(stack, ours=self.books.backends)
        since = await counters(self.http, stack)
        cost, outside = divided(cpu.spent(cpu_before, cpu_after), basket.orders)
        return Figures(
            part=load.part,
            label=load.label,
            system=self.place.system.name,
            orders=basket.orders,
            seconds=done_at - outcome.began,
            lines=basket.lines,
            accepted_rate=basket.orders / (outcome.posted - outcome.began),
            cost=cost,
            outside=outside,
            latencies=dict(await self._latencies(load, outcome)),
            memory=used.tenths,
            memory_peak=used.peak,
            groups=since.groups_since(counted),
            wire=since.wire_since(counted, basket.orders),
            calibration=(fast_before, calibrate()),
        )

    def _job(self, load: Load, basket: Basket) -> Job:
        stack = self.place.stack
        tokens = stack.tokens
        return Job(
            order_urls=tuple(replica.url for replica in stack.services["order"].replicas),
            nats_url=stack.nats.url,
            token=tokens.operator if load.as_operator else tokens.customer,
            bodies=basket.path,
            key_prefix=basket.path.stem,
            concurrency=load.concurrency,
            rate=load.rate,
            poisson_seed=load.poisson_seed,
            subjects=STAGES if load.stages else (),
        )

    async def _latencies(self, load: Load, outcome: Outcome) -> list[tuple[str, Percentiles]]:
        """In an open loop: what is measured from the due time cannot be hidden by a stall."""
        if load.rate is None:
            accepted = (it.answered - it.sent for it in outcome.placed)
            return list(_known({"accepted": accepted}))
        mailed = await self._mailed(outcome)
        series = {"accepted": [it.answered - it.due for it in outcome.placed]}
        for name, at in (("confirmed", outcome.heard[CONFIRMED]), ("mailed", mailed)):
            ended = [(it, at[it.order_id]) for it in outcome.placed if it.order_id in at]
            series[f"accepted → {name}"] = [max(0.0, end - it.answered) for it, end in ended]
            series[f"due → {name}"] = [end - it.due for it, end in ended]
        series["sent late"] = [it.sent - it.due for it in outcome.placed]
        if load.stages:
            series |= _stages(outcome)
        return list(_known(series))

    async def _mailed(self, outcome: Outcome) -> dict[str, float]:
        """Return when each order's mail came into the sink, by order."""
        run = f"bench{self.runs}"
        at = await self.books.mails(min(len(outcome.placed), MOST_MAILS))
        by_order = ((it.order_id, at.get(orders.address(run, it.number))) for it in outcome.placed)
        return {order_id: moment for order_id, moment in by_order if moment is not None}


def _stages(outcome: Outcome) -> dict[str, list[float]]:
    """Return how long after its sending each of an order's events came by."""
    return {
        f"sent → {subject}": [
            outcome.heard[subject][it.order_id] - it.sent
            for it in outcome.placed
            if it.order_id in outcome.heard[subject]
        ]
        for subject in STAGES
    }


def _known(series: Mapping[str, Iterable[float]]) -> Iterator[tuple[str, Percentiles]]:
    for name, seconds in series.items():
        if (found := percentiles(seconds)) is not None:
            yield name, found


def _check(outcome: Outcome, basket: Basket) -> None:
    confirmed = len(outcome.heard[CONFIRMED])
    if outcome.refused:
        worst = max(outcome.refused, key=lambda it: outcome.refused[it])
        raise BenchError(f"{sum(outcome.refused.values())} orders were refused: {worst}")
    if confirmed != basket.orders:
        raise BenchError(f"of {basket.orders} orders {confirmed} were confirmed")
