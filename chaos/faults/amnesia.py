"""NATS forgets what it acknowledged: an older copy of its store in its place."""

import asyncio
import shutil
from pathlib import Path

from chaos.faults.base import Fault
from chaos.stage import DidNotFireError, Stage

TAIL_S = (1.0, 4.0)  # of messages that get lost


class NatsAmnesia(Fault):
    name = "nats-amnesia"
    does = "NATS comes back with its store as it was seconds ago"
    promise_s = 3.0
    settle_s = 8.0  # the relays look every 3 s, and what they find is polled for

    async def strike(self, stage: Stage) -> int:
        """Returns how many messages were lost, at the least."""
        store = stage.stack.file.nats.store
        copy = store.with_name("nats.older")
        await stage.kill("nats")
        _copy(store, copy)
        await stage.bring_back("nats")
        kept = await last_seqs(stage)
        await asyncio.sleep(stage.chance.uniform(*TAIL_S))
        had = await last_seqs(stage)
        await stage.kill("nats")
        _copy(copy, store)
        await stage.bring_back("nats")
        lost = sum(had[stream] - kept[stream] for stream in kept)
        if lost <= 0:
            raise DidNotFireError("nothing was published between copy and loss")
        return lost


async def last_seqs(stage: Stage) -> dict[str, int]:
    """Return the number of the last message of each stream."""
    async with stage.http.get(f"{stage.stack.file.nats.monitor}/jsz?streams=true") as answer:
        jsz = await answer.json()
    return {
        stream["name"]: stream["state"]["last_seq"]
        for account in jsz["account_details"]
        for stream in account["stream_detail"]
    }


def _copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
