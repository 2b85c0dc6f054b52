"""One run: a private stack, load, one or more faults for some rounds, heal, drain, audit."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import aiohttp

from chaos import auditing, catalogue, picture
from chaos.auditing import Verdict
from chaos.client import client_of
from chaos.environment import environment
from chaos.faults.base import Fault
from chaos.history import History
from chaos.load import Load
from chaos.observer import Observer
from chaos.planted.bugs import Bug
from chaos.recovery import seconds_to_first_confirmed
from chaos.stage import DidNotFireError, Mark, Pace, Stage, arming
from shopctl.plan import SERVICES, Plan
from shopctl.stack import Stack, running_stack

WARM_UP_S = 2.0
HTTP_WITHIN_S = 10.0

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted of a run."""

    name: str
    faults: Sequence[Fault]
    seed: int
    rounds: int
    rate: float
    pace: Pace
    out: Path
    bug: Bug | None = None
    drain_s: float = 120.0

    def apart(self) -> list["Order"]:
        """Return a run for each fault, on a stack of its own."""
        return [
            replace(self, name=fault.name, faults=[fault], out=self.out.with_name(fault.name))
            for fault in self.faults
        ]


@dataclass(slots=True)
class Tally:
    """How a fault went: times it struck, seconds until orders were confirmed again."""

    fault: Fault
    rounds: int = 0
    times: int = 0
    recoveries_s: list[float] = field(default_factory=list)
    unfired: list[str] = field(default_factory=list)

    @property
    def fired(self) -> bool:
        return self.rounds > 0 and not self.unfired

    @property
    def late(self) -> list[float]:
        """Recoveries that took longer than was promised, seconds."""
        promise = self.fault.promise_s
        return [it for it in self.recoveries_s if promise is not None and it > promise]


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    seed: int
    tallies: Sequence[Tally]
    history: History
    verdict: Verdict

    @property
    def is_right(self) -> bool:
        """Nothing is violated, and every fault struck."""
        return self.verdict.total == 0 and all(tally.fired for tally in self.tallies)

    @property
    def is_prompt(self) -> bool:
        """The shop worked again as soon as is promised, each time."""
        return not any(tally.late for tally in self.tallies)


async def run(order: Order, report: Report) -> Result:
    """Let the faults strike one after the other, and have everything checked at the end."""
    run_dir = order.out / "run"
    plan = plan_for(order.faults, run_dir, bug=order.bug)
    with environment(_settings(order.faults)):
        async with running_stack(run_dir, plan) as stack:
            async with staged(stack, order, report) as (stage, observer):
                tallies = [await _rounds(fault, stage, order) for fault in order.faults]
                await stage.load.stop()
                await asyncio.sleep(max(fault.settle_s for fault in order.faults))
                verdict = await _verdict(stage, order)
            _write(order, stage, observer)
    return Result(order.name, order.seed, tallies, stage.client.history, verdict)


def plan_for(faults: Sequence[Fault], run_dir: Path, *, bug: Bug | None = None) -> Plan:
    """Return the stack that all of them can use; `bug` is planted in its service."""
    replicas: dict[str, int] = {}
    for fault in faults:
        for service, count in fault.replicas.items():
            replicas[service] = max(count, replicas.get(service, 1))
    launch: dict[str, tuple[str, ...]] = {}
    if any(fault.launched for fault in faults):
        for service in SERVICES:
            file = str(arming(run_dir.resolve()) / f"{service}.json")
            launch[service] = ("chaos.launcher", "--arm", file)
    if bug is not None:
        launch[bug.service] = (*launch.get(bug.service, ("chaos.launcher",)), "--bug", bug.name)
    return Plan(replicas=replicas, launch=launch)


@asynccontextmanager
async def staged(
    stack: Stack, order: Order, report: Report
) -> AsyncIterator[tuple[Stage, Observer]]:
    """Fill the shelves, and watch."""
    chance = Random(order.seed)  # noqa: S311 - repeatable, not secret
    patience = aiohttp.ClientTimeout(total=HTTP_WITHIN_S)
    arming(stack.run_dir.path).mkdir(exist_ok=True)
    async with client_of(stack.file) as client, aiohttp.ClientSession(timeout=patience) as http:
        skus = await catalogue.fill(http, stack.file)
        load = Load(client, Random(chance.random()), skus=skus, rate=order.rate)  # noqa: S311
        stage = Stage(stack, client, load, chance, order.pace, http, report)
        observer = Observer(stack.file, client.history, http)
        watching = asyncio.create_task(observer.watch(), name="observer")
        try:
            yield stage, observer
        finally:
            await load.abandon()
            watching.cancel()
            (ended,) = await asyncio.gather(watching, return_exceptions=True)
            if isinstance(ended, Exception):
                report(f"the time line ends early: {ended!r}")


async def _verdict(stage: Stage, order: Order) -> Verdict:
    return await auditing.verdict(
        stage.stack.run_dir.stack,
        stage.client.history,
        out=order.out,
        wait_s=order.drain_s,
        findings=stage.findings,
        repeats_mails=any(fault.repeats_mails for fault in order.faults),
    )


def _write(order: Order, stage: Stage, observer: Observer) -> None:
    title = f"{order.name}, seed {order.seed}, {order.rate:g} orders/s"
    for ending in ("svg", "png"):
        picture.draw(order.out / f"timeline.{ending}", title, observer.samples, stage.marks)
    stage.client.history.write(order.out / "history.jsonl")


async def _rounds(fault: Fault, stage: Stage, order: Order) -> Tally:
    tally = Tally(fault)
    if fault.under_load:
        stage.load.start()
        await asyncio.sleep(WARM_UP_S)
    for _ in range(fault.rounds(order.rounds)):
        await stage.quiet()
        await _round(fault, stage, tally)
    await stage.load.pause()
    return tally


async def _round(fault: Fault, stage: Stage, tally: Tally) -> None:
    loop = asyncio.get_running_loop()
    tally.rounds += 1
    begun = loop.time()
    try:
        tally.times += await fault.strike(stage)
    except DidNotFireError as error:
        tally.unfired.append(str(error))
    stage.marks.append(Mark(fault.name, begun, loop.time()))
    recovery = await seconds_to_first_confirmed(stage)
    tally.recoveries_s.append(recovery)
    stage.report(f"{fault.name} {tally.rounds}: recovered in {recovery:.2f} s")


def _settings(faults: Sequence[Fault]) -> dict[str, str]:
    return {name: value for fault in faults for name, value in fault.settings.items()}
