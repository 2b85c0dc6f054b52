"""Everything that was ever said, said again: with new message ids, in another order."""

import asyncio
import json
from typing import Any, ClassVar
from uuid import uuid4

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext

from chaos.faults.amnesia import last_seqs
from chaos.faults.base import Fault
from chaos.stage import DidNotFireError, Stage
from shared.events.topology import STREAMS, Stream

BATCH = 500
READ_WITHIN_S = 20.0
FLUSH_EVERY = 200
STORED_WITHIN_S = 30.0
Message = tuple[str, bytes]  # subject, event


class Duplicates(Fault):
    name = "duplicates"
    does = "the whole log published again, shuffled, with new message ids"
    promise_s = 10.0
    is_heavy: ClassVar[bool] = True
    repeats_mails: ClassVar[bool] = False

    async def strike(self, stage: Stage) -> int:
        """Returns how many events came again."""
        broker = await nats.connect(stage.stack.file.nats.url)
        try:
            log = await whole_log(broker.jetstream())
            messages = list(log.values())
            stage.chance.shuffle(messages)
            before = sum((await last_seqs(stage)).values())
            await _publish(broker, messages)
        finally:
            await broker.close()
        stored = sum((await last_seqs(stage)).values()) - before
        if not messages or stored < len(messages):
            raise DidNotFireError(f"{len(messages)} published, {stored} stored")
        return len(messages)


async def whole_log(jetstream: JetStreamContext) -> dict[str, Message]:
    """Return every event of the streams once, by id."""
    log: dict[str, Message] = {}
    for stream in STREAMS:
        if stream.owner is not None:
            await _read(jetstream, stream, log)
    return log


async def _read(jetstream: JetStreamContext, stream: Stream, log: dict[str, Message]) -> None:
    subscription = await jetstream.pull_subscribe(f"{stream.prefix}.>", stream=stream.name)
    left = (await subscription.consumer_info()).num_pending or 0
    while left:
        for msg in await subscription.fetch(min(BATCH, left), timeout=READ_WITHIN_S):
            await msg.ack()
            left -= 1
            if event_id := _event_id(msg.data):
                log.setdefault(event_id, (msg.subject, msg.data))
    await subscription.unsubscribe()


def _event_id(data: bytes) -> str | None:
    """Return None for what is no event."""
    try:
        event: dict[str, Any] = json.loads(data)
        return str(event["event_id"])
    except (ValueError, KeyError, TypeError):
        return None


async def _publish(broker: Client, messages: list[Message]) -> None:
    """Returns when the streams have them all."""
    jetstream = broker.jetstream(timeout=STORED_WITHIN_S)
    for start in range(0, len(messages), FLUSH_EVERY):
        await asyncio.gather(
            *(
                jetstream.publish(subject, event, headers={"Nats-Msg-Id": str(uuid4())})
                for subject, event in messages[start : start + FLUSH_EVERY]
            )
        )
