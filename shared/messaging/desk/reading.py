"""Reading streams for the desk: many messages without their bytes, or one with them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from shared.messaging.desk.letters import Letter, Place, Record
from shared.messaging.headers import MESSAGE_ID, Headers, headers_of

BATCH = 500
EXPIRES_S = 30.0
SILENCE_S = 5.0
LOOK_AFTER_S = 0.2
FORGET_AFTER_S = 30.0


@dataclass(frozen=True, slots=True)
class Stored:
    """A message where it lies; `data` is None where only headers were asked for."""

    seq: int
    subject: str
    headers: Headers
    at: datetime
    data: bytes | None = None


@dataclass(slots=True)
class Pull:
    """Headers from a consumer that acknowledges nothing, in the stream's order."""

    connection: Client
    answers: Subscription
    stream: str
    consumer: str
    pending: int
    due: int = 0
    received: int = 0

    async def next(self, timeout_s: float) -> Stored:
        """Return the next message, once there is one; nats-py's TimeoutError if there is none."""
        while True:
            if self.due == 0:
                await self._ask()
            msg = await self.answers.next_msg(timeout=timeout_s)
            headers = msg.headers or {}
            if "Status" in headers:
                self.due = 0  # the request is over
                continue
            self.due -= 1
            self.received += 1
            return self._stored(msg, headers)

    async def is_over(self) -> bool:
        """Ask whether anything is still to come: `pending` counts what was deleted since, too."""
        jetstream = self.connection.jetstream(timeout=SILENCE_S)
        info = await jetstream.consumer_info(self.stream, self.consumer)
        sent = info.delivered.consumer_seq if info.delivered else 0
        return not info.num_pending and sent == self.received

    async def _ask(self) -> None:
        self.due = BATCH
        request = {"batch": BATCH, "expires": int(EXPIRES_S * 1e9)}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self.stream}.{self.consumer}"
        await self.connection.publish(subject, orjson.dumps(request), reply=self.answers.subject)

    def _stored(self, msg: Msg, headers: Headers) -> Stored:
        meta = msg.metadata
        self.pending = meta.num_pending
        return Stored(meta.sequence.stream, msg.subject, headers, meta.timestamp)


@asynccontextmanager
async def pulling(
    connection: Client,
    stream: str,
    subject: str,
    *,
    from_seq: int | None = None,
    since: datetime | None = None,
) -> AsyncIterator[Pull]:
    """Read what lies under `subject`, which may be a pattern; leaves nothing at the broker."""
    policy = DeliverPolicy.BY_START_TIME if since else DeliverPolicy.ALL
    config = ConsumerConfig(
        filter_subject=subject,
        headers_only=True,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE if from_seq else policy,
        opt_start_seq=from_seq,
        opt_start_time=since,
        ack_policy=AckPolicy.NONE,
        mem_storage=True,
        inactive_threshold=FORGET_AFTER_S,
    )
    jetstream = connection.jetstream(timeout=SILENCE_S)
    consumer = await jetstream.add_consumer(stream, config)
    answers = await connection.subscribe(connection.new_inbox())
    try:
        yield Pull(connection, answers, stream, consumer.name, consumer.num_pending or 0)
    finally:
        with suppress(NatsError):  # the broker forgets it by itself
            await answers.unsubscribe()
            await jetstream.delete_consumer(stream, consumer.name)


async def scan(
    connection: Client, stream: str, subject: str, *, since: datetime | None = None
) -> AsyncIterator[Stored]:
    """Yield what the stream holds now, without the bytes."""
    async with pulling(connection, stream, subject, since=since) as pull:
        silent_s = 0.0
        while pull.pending:
            try:
                stored = await pull.next(LOOK_AFTER_S)
            except NatsTimeoutError:
                silent_s += LOOK_AFTER_S
                if await pull.is_over():
                    return
                if silent_s > SILENCE_S:
                    raise
            else:
                silent_s = 0.0
                yield stored


async def read(jetstream: JetStreamContext, stream: str, seq: int) -> Stored | None:
    """Return one message whole; None if the stream does not have it."""
    try:
        found = await jetstream.get_msg(stream, seq)
    except NotFoundError:
        return None
    assert found.subject  # noqa: S101 - a stored message has all
    assert found.time  # noqa: S101 - as above
    return Stored(seq, found.subject, headers_of(found), found.time, found.data or b"")


def letter_of(stored: Stored) -> Letter:
    """Read a message of DEAD_LETTERS."""
    return Letter.read(
        stored.seq,
        Place.of_letter(stored.subject),
        stored.headers,
        letter_id=stored.headers.get(MESSAGE_ID, ""),
        stored_at=stored.at,
        data=stored.data,
    )


def record_of(stored: Stored) -> Record:
    """Read a message of DESK."""
    return Record.read(
        stored.seq, stored.subject, stored.headers, stored_at=stored.at, data=stored.data
    )
