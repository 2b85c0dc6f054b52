"""Messages that nobody can read, among those that everybody waits for."""

import asyncio
import json
from typing import ClassVar
from uuid import uuid4

import nats
from nats.js import JetStreamContext
from nats.js.errors import APIError

from chaos.faults.amnesia import last_seqs
from chaos.faults.base import Fault
from chaos.stage import DidNotFireError, Stage
from shared.events.topology import DEAD_LETTERS, MAX_EVENT_BYTES, SUBJECTS, SUBSCRIPTIONS

PUT_ASIDE_WITHIN_S = 10.0  # one ack wait: neighbours must not wait longer
LOOK_EVERY_S = 0.1
HEADROOM = 1024
ENVELOPE = {
    "event_id": str(uuid4()),
    "timestamp": "2030-01-01T00:00:00Z",
    "correlation_id": str(uuid4()),
    "causation_id": None,
    "version": 1,
}


def _poison(event_type: str) -> list[bytes]:
    """Bad JSON, unknown type, unknown version, and as big as a stream takes."""
    return [
        b'{"event_type": ',
        json.dumps({**ENVELOPE, "event_type": "NeverHeardOf"}).encode(),
        json.dumps({**ENVELOPE, "event_type": event_type, "version": 99}).encode(),
        b"[" + b"1," * ((MAX_EVENT_BYTES - HEADROOM) // 2) + b"1]",
    ]


class Poison(Fault):
    name = "poison"
    does = "bad JSON, unknown type, unknown version, oversize"
    promise_s = PUT_ASIDE_WITHIN_S
    repeats_mails: ClassVar[bool] = False

    async def strike(self, stage: Stage) -> int:
        """Returns how many messages were poisonous; each must be a letter of all who hear it."""
        event_type, subject = stage.chance.choice(sorted(SUBJECTS.items()))
        poison = _poison(event_type)
        wanted = len(poison) * sum(it.event_type == event_type for it in SUBSCRIPTIONS)
        before = (await last_seqs(stage))[DEAD_LETTERS.name]
        broker = await nats.connect(stage.stack.file.nats.url)
        try:
            for dose in poison:
                await broker.jetstream().publish(subject, dose)
            await _check_refused(broker.jetstream(), subject)
        finally:
            await broker.close()
        await _wait_for_letters(stage, before + wanted, subject)
        return len(poison)


async def _check_refused(jetstream: JetStreamContext, subject: str) -> None:
    """What is bigger than a stream takes does not get in, so that nobody can choke on it."""
    try:
        await jetstream.publish(subject, b"x" * (MAX_EVENT_BYTES + 1))
    except APIError:
        return
    raise DidNotFireError(f"{subject} took more than {MAX_EVENT_BYTES} bytes")


async def _wait_for_letters(stage: Stage, last_seq: int, subject: str) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + PUT_ASIDE_WITHIN_S
    seq = 0
    while seq < last_seq and loop.time() < end:
        await asyncio.sleep(LOOK_EVERY_S)
        seq = (await last_seqs(stage))[DEAD_LETTERS.name]
    if seq < last_seq:
        stage.findings.append(f"poison on {subject} is not in the dead letters of all who hear it")
