"""A new version is rolled out: every process of every service is replaced, one after the other."""

import asyncio
import os
import signal
from collections.abc import Mapping
from typing import ClassVar

from chaos.client import NOT_SENT
from chaos.faults.base import Fault
from chaos.stage import DidNotFireError, Stage
from shared.events.topology import CONSUMER_LIMITS
from shopctl import state_file
from shopctl.processes import ended
from shopctl.stack_file import StackFile

EXIT_WITHIN_S = 8.0
PATIENCE_S = 15.0
FINE = frozenset({"202", NOT_SENT})  # what was never sent may be sent to another replica
DUPLICATES = "shop_consumer_duplicates_total"


class RollingRestart(Fault):
    name = "rolling-restart"
    does = "SIGTERM of each process in turn, two of each service"
    is_heavy: ClassVar[bool] = True
    repeats_mails: ClassVar[bool] = False
    replicas: ClassVar[Mapping[str, int]] = {
        "order": 2, "payment": 2, "inventory": 2, "email": 2, "analytics": 2
    }  # fmt: skip

    async def strike(self, stage: Stage) -> int:
        following = asyncio.create_task(stage.client.follow_readiness(), name="readiness")
        statuses = stage.client.history.statuses
        said, repeats = statuses.copy(), -sum((await _duplicates(stage)).values())
        parts = stage.replicas()
        try:
            for part in parts:
                repeats += (await _duplicates(stage))[part]
                await _replace(stage, part)
            # What was worked on and not acknowledged would come back only now.
            await asyncio.sleep(CONSUMER_LIMITS.ack_wait.total_seconds() + 1)
        finally:
            following.cancel()
        repeats += sum((await _duplicates(stage)).values())
        failed = {what: n for what, n in (statuses - said).items() if what not in FINE}
        if failed:
            stage.findings.append(f"requests failed during the restart: {failed}")
        if repeats:
            stage.findings.append(f"{repeats:.0f} events redelivered whose work was done")
        return len(parts)


async def _replace(stage: Stage, part: str) -> None:
    running = state_file.load(stage.stack.run_dir).running[part]
    loop = asyncio.get_running_loop()
    begun = loop.time()
    os.kill(running.pid, signal.SIGTERM)
    if await ended([running], within_s=PATIENCE_S):
        raise DidNotFireError(f"{part} lives on after SIGTERM")
    if (took := loop.time() - begun) > EXIT_WITHIN_S:
        stage.findings.append(f"{part} took {took:.1f} s to end")
    stage.report(f"{part} ended in {took:.1f} s")
    await stage.bring_back(part)


async def _duplicates(stage: Stage) -> dict[str, float]:
    """Return how many deliveries each process has found in its inbox, by part."""
    file = StackFile.read(stage.stack.run_dir.stack)
    parts = [
        (f"{service}-{number + 1}", replica.url)
        for service, place in file.services.items()
        for number, replica in enumerate(place.replicas)
    ]
    return {part: await _count(stage, url) for part, url in parts}


async def _count(stage: Stage, url: str) -> float:
    async with stage.http.get(f"{url}/metrics") as answer:
        text = await answer.text()
    lines = (line for line in text.splitlines() if line.startswith(DUPLICATES))
    return sum(float(line.rpartition(" ")[2]) for line in lines)
