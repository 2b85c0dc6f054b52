"""A job, done: orders placed in a closed or an open loop, and their ends waited for."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from random import Random
from time import perf_counter, time

import orjson

from loadtests.generator.http1 import Customer
from loadtests.generator.job import CANCELLED, CONFIRMED, ENDS, Job, Outcome, Placed
from loadtests.generator.listening import Listener, order_of
from loadtests.generator.schedule import at_random, evenly

ACCEPTED = 202
SHOWN = 120


class Generator:
    def __init__(self, job: Job, bodies: list[bytes], customers: list[Customer]) -> None:
        self.outcome = Outcome(heard={subject: {} for subject in (*ENDS, *job.subjects)})
        self._job = job
        self._bodies = bodies
        self._turns = itertools.cycle([(it, it.head(job.token)) for it in customers])
        self._refused: Counter[str] = Counter()
        self._all_ended = asyncio.Event()
        self._wall = time() - perf_counter()  # one offset: clocks that are set mid-way do no harm

    @classmethod
    @asynccontextmanager
    async def ready(cls, job: Job) -> AsyncIterator["Generator"]:
        """Connected: what follows is work for the shop alone."""
        customers = [Customer(url) for url in job.order_urls]
        for customer in customers:
            await customer.connect(job.concurrency // len(customers))
        generator = cls(job, job.bodies.read_bytes().splitlines(), customers)
        subjects = list(generator.outcome.heard)
        listener = await Listener.at(job.nats_url, subjects, generator._hear)
        try:
            yield generator
        finally:
            listener.close()
            for customer in customers:
                customer.close()

    async def post(self) -> None:
        """Return when each order has its answer."""
        self.outcome.began = self._now()
        await (self._open_loop() if self._job.rate else self._closed_loop())
        self.outcome.posted = self._now()
        self.outcome.refused = dict(self._refused)

    async def settled(self) -> None:
        """Wait until each accepted order was confirmed or cancelled, or the time is over."""
        self._look()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._job.settle_s):
                await self._all_ended.wait()

    def _look(self) -> None:
        outcome = self.outcome
        ended = len(outcome.heard[CONFIRMED]) + len(outcome.heard[CANCELLED])
        if outcome.posted and ended >= len(outcome.placed):
            self._all_ended.set()

    async def _closed_loop(self) -> None:
        coming = iter(enumerate(self._bodies))
        await asyncio.gather(*(self._one_by_one(coming) for _ in range(self._job.concurrency)))

    async def _one_by_one(self, coming: Iterator[tuple[int, bytes]]) -> None:
        for number, body in coming:
            await self._place(number, body, due=self._now())

    async def _open_loop(self) -> None:
        began = self.outcome.began
        async with asyncio.TaskGroup() as group:
            for number, due in enumerate(self._due()):
                if (early := began + due - self._now()) > 0:
                    await asyncio.sleep(early)
                group.create_task(self._place(number, self._bodies[number], due=began + due))

    def _due(self) -> Iterator[float]:
        count, rate, seed = len(self._bodies), self._job.rate or 1.0, self._job.poisson_seed
        return evenly(count, rate) if seed is None else at_random(count, rate, Random(seed))  # noqa: S311

    async def _place(self, number: int, body: bytes, *, due: float) -> None:
        customer, head = next(self._turns)
        key = f"Idempotency-Key: {self._job.key_prefix}-{number}\r\n"
        length = f"Content-Length: {len(body)}\r\n\r\n"
        sent = self._now()
        answer = await customer.ask(b"".join((head, key.encode(), length.encode(), body)))
        answered = self._now()
        if answer.status != ACCEPTED:
            self._refused[f"{answer.status} {answer.body[:SHOWN].decode(errors='replace')}"] += 1
            return
        said = orjson.loads(answer.body)
        order_id, cents = said["order_id"], said["total_cents"]
        self.outcome.placed.append(Placed(number, order_id, cents, due, sent, answered))

    def _hear(self, subject: str, payload: bytes) -> None:
        self.outcome.heard[subject].setdefault(order_of(payload), self._now())
        self._look()

    def _now(self) -> float:
        return perf_counter() + self._wall
