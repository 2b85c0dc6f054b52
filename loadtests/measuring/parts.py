"""The parts of the benchmark. Each has a stack of its own, and ends with the audit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from time import time

from loadtests.measuring import cpu, growth, orders, real
from loadtests.measuring.auditing import audited
from loadtests.measuring.calibration import calibrate
from loadtests.measuring.figures import Figures, divided
from loadtests.measuring.run import Bench, Load
from loadtests.measuring.scale import Scale
from loadtests.measuring.systems import NONE, SHOP, TUTORIAL, System, running

Report = Callable[[str], None]
Part = Callable[[Scale, Report], Awaitable[list[Figures]]]

TWO_REPLICAS = ("order=2", "payment=2")
TUTORIAL_AT_ONCE = 16  # more only queues: it is one process a service
CLOSED = "closed loop"
NOBODY_GATHERS = {
    "SHOP_ANALYTICS_LINGER_S": "0",
    "SHOP_EMAIL_LINGER_S": "0",
    "SHOP_INVENTORY_LINGER_S": "0",
}
TAKEN_OUT = {
    "as it is": {},
    # What is to be committed one by one would only wait if it gathered.
    "groups of one": {"SHOP_GROUP_LIMIT": "1", **NOBODY_GATHERS},
    "one event in hand": {"SHOP_CONSUMER_WORKERS": "1"},
    "nobody gathers": NOBODY_GATHERS,
    "one connection to the mail server": {"SHOP_EMAIL_CONNECTIONS": "1"},
}
FEWER = 5  # as some of them make it many times slower


@asynccontextmanager
async def bench(
    system: System,
    scale: Scale,
    report: Report,
    *,
    replicas: Sequence[str] = (),
    settings: Mapping[str, str] = NONE,
) -> AsyncIterator[Bench]:
    """A warm system; at the end the audit, which raises BenchError if it finds anything."""
    async with running(system, replicas, settings) as place, Bench.at(place) as it:
        await it.stock(orders.goods())
        await it.warm_up(scale.warm_up if system.has_audit else scale.warm_up // 10)
        yield it
        report(f"  audit {await audited(place)}")


async def saturation(scale: Scale, report: Report) -> list[Figures]:
    """As many orders as it takes; each customer orders again when the last has its answer."""
    runs = []
    async with bench(SHOP, scale, report) as it:
        for _ in range(scale.repeats):
            load = Load(part="saturation", label=CLOSED)
            runs.append(await _told(it.measure(load, it.basket(scale.orders)), report))
    return runs


async def open_loop(scale: Scale, report: Report) -> list[Figures]:
    """Orders at their own times, at several rates."""
    runs = []
    async with bench(SHOP, scale, report) as it:
        for rate in scale.rates:
            load = _at_rate("open", rate, scale)
            runs.append(await _told(it.measure(load, it.basket(int(rate * scale.seconds))), report))
    return runs


async def alone(scale: Scale, report: Report) -> list[Figures]:
    """One order at a time on an idle system: where its time goes."""
    async with bench(SHOP, scale, report) as it:
        load = Load(part="alone", label="5/s", rate=5.0, concurrency=1, stages=True)
        return [await _told(it.measure(load, it.basket(scale.alone)), report)]


async def idle(scale: Scale, report: Report) -> list[Figures]:
    """What it takes to do nothing: the cost is ms a second."""
    async with bench(SHOP, scale, report) as it:
        fast, before = calibrate(), cpu.cpu_of(it.place.stack, ours=it.books.backends)
        began = time()
        await asyncio.sleep(scale.idle_s)
        after, seconds = cpu.cpu_of(it.place.stack, ours=it.books.backends), time() - began
        cost, outside = divided(cpu.spent(before, after), 1)
    figures = Figures(
        part="idle",
        label=f"{sum(cost.values()) / seconds / 10:.1f} % of a core",
        orders=0,
        seconds=seconds,
        lines=0,
        accepted_rate=0,
        cost={name: ms / seconds for name, ms in cost.items()},
        outside={name: ms / seconds for name, ms in outside.items()},
        calibration=(fast, calibrate()),
    )
    report(f"  idle: {figures.label}")
    return [figures]


async def real_orders(scale: Scale, report: Report) -> list[Figures]:
    """The orders of an Online Retail file; skipped where there is none."""
    if scale.file is None or not scale.file.exists():
        report(f"  skipped: there is no {scale.file or 'file'}; --file names one")
        return []
    async with bench(SHOP, scale, report) as it:
        with real.sales(scale.file, it.place.run_dir) as (products, basket):
            await it.stock(products, currency=real.CURRENCY)
            load = Load(part="real", label=f"{basket.lines:.0f} lines each", as_operator=True)
            return [await _told(it.measure(load, basket), report)]


async def grown(scale: Scale, report: Report) -> list[Figures]:
    """The same on an empty shop, and with a million orders stored."""
    async with running(SHOP) as place, Bench.at(place) as it:
        await it.stock(orders.goods())
        await it.warm_up(scale.warm_up)
        load = Load(part="growth", label="empty")
        empty = await _told(it.measure(load, it.basket(scale.orders)), report)
        report(f"  audit {await audited(place)}")
        await growth.fill(place, scale.stored, report)
        since = datetime.now(UTC)
        await it.warm_up(scale.warm_up)
        load = replace(load, label=f"{scale.stored:,} orders stored")
        full = await _told(it.measure(load, it.basket(scale.orders)), report)
        report(f"  audit {await audited(place, since=since)}")
    return [empty, full]


async def replicas(scale: Scale, report: Report) -> list[Figures]:
    """One process a service, then two of order and payment, alternately."""
    runs = []
    sides = (("1 process each", ()), ("order=2 payment=2", TWO_REPLICAS))
    for label, counts in sides * scale.repeats:
        async with bench(SHOP, scale, report, replicas=counts) as it:
            load = Load(part="replicas", label=label)
            runs.append(await _told(it.measure(load, it.basket(scale.orders)), report))
    return runs


async def mechanisms(scale: Scale, report: Report) -> list[Figures]:
    """What some of the mechanisms bring: each is taken out by a setting, the others stay."""
    runs = []
    for label, settings in TAKEN_OUT.items():
        async with bench(SHOP, scale, report, settings=settings) as it:
            load = Load(part="mechanisms", label=label)
            basket = it.basket(max(1, scale.orders // FEWER))
            runs.append(await _told(it.measure(load, basket), report))
    return runs


async def soak(scale: Scale, report: Report) -> list[Figures]:
    """A steady rate for ten minutes; tells whether memory grows, once the caches are full."""
    async with bench(SHOP, scale, report) as it:
        load = _at_rate("soak", scale.soak_rate, scale)
        await it.measure(load, it.basket(int(scale.soak_rate * scale.soak_warm_up_s)))
        basket = it.basket(int(scale.soak_rate * scale.soak_s))
        return [await _told(it.measure(load, basket), report)]


async def tutorial(scale: Scale, report: Report) -> list[Figures]:
    """The tutorial's way, on the same servers, by the same generator."""
    async with bench(TUTORIAL, scale, report) as it:
        load = Load(part="baseline", label=CLOSED, concurrency=TUTORIAL_AT_ONCE)
        return [await _told(it.measure(load, it.basket(scale.tutorial)), report)]


def _at_rate(part: str, rate: float, scale: Scale) -> Load:
    seed = int(rate) if scale.poisson else None
    return Load(part=part, label=f"{rate:g}/s", rate=rate, poisson_seed=seed)


async def _told(measuring: Awaitable[Figures], report: Report) -> Figures:
    figures = await measuring
    report(f"  {figures.label}: {figures.total:.2f} ms an order, {figures.rate:,.0f} orders/s")
    return figures


PARTS: dict[str, Part] = {
    "saturation": saturation,
    "open": open_loop,
    "alone": alone,
    "idle": idle,
    "real": real_orders,
    "growth": grown,
    "replicas": replicas,
    "mechanisms": mechanisms,
    "soak": soak,
    "baseline": tutorial,
}
ASKED_FOR = frozenset({"mechanisms", "soak", "baseline"})
"""Those that are not part of every run."""
TOO_LONG = frozenset({"growth"})
"""Those that are not part of a quick one."""
