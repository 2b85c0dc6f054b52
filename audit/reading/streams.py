"""The streams, from their first message to the last: one pull each, nothing acknowledged."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from audit.evidence import Evidence
from audit.reading import messages
from audit.reading.messages import Message
from audit.reading.progress import Progress
from audit.reading.replays import Replays
from audit.rows import (
    Event,
    Extent,
    Hearing,
    Letter,
    Line,
    Recounted,
    RecountedLine,
    Unreadable,
)
from audit.scope import Scope
from audit.stack import StackError
from shared.events.topology import DEAD_LETTERS, DESK, STREAMS, SUBSCRIPTIONS

BATCH = 2000
MOST_BYTES = 8 * 1024 * 1024
SILENCE_S = 15.0
EXPIRES_S = 30.0
RETRIES = 2
ROWS = 2000

# It leaves no trace: the server forgets it by itself.
UNACKNOWLEDGED = ConsumerConfig(
    ack_policy=AckPolicy.NONE, mem_storage=True, inactive_threshold=4 * SILENCE_S
)


async def read(connection: Client, evidence: Evidence, *, scope: Scope, progress: Progress) -> None:
    """Read all streams, one after the other.

    Raises:
        StackError: a stream is not there, or stays silent.
    """
    evidence.add(Hearing, [(s.group, s.event_type, s.subject, s.stream) for s in SUBSCRIPTIONS])
    for stream in STREAMS:
        rows = Rows(evidence, scope)
        take = {DEAD_LETTERS: rows.letter, DESK: rows.record}.get(stream, rows.event)
        # A letter may be about something older, and there are few.
        start = None if stream in (DEAD_LETTERS, DESK) else scope.events_since
        pull = Pull(connection, stream.name, take, progress)
        evidence.add(Extent, [await pull.run(start)])
        rows.write()


class Rows:
    """Rows on their way into the evidence."""

    def __init__(self, evidence: Evidence, scope: Scope) -> None:
        self._evidence = evidence
        self._scope = scope
        self._events: list[Event] = []
        self._lines: list[Line] = []
        self._replays = Replays()

    def event(self, message: Message) -> None:
        event = messages.decode(message.subject, message.data)
        if event is None:
            self._evidence.add(Unreadable, [messages.unreadable(message)])
            return
        row = messages.event_row(event)
        if not self._scope.holds_event(row.event_id):
            return
        self._events.append(row)
        self._lines.extend(messages.lines(event))
        if len(self._events) >= ROWS or len(self._lines) >= ROWS:
            self.write()

    def letter(self, message: Message) -> None:
        self._evidence.add(Letter, [messages.letter(message)])

    def record(self, message: Message) -> None:
        record = messages.desk_record(message)
        if record is not None:
            self._evidence.add(type(record), [record])
        if event := self._replays.handled(message):
            self._evidence.add(Recounted, [messages.event_row(event)])
            self._evidence.add(RecountedLine, messages.lines(event))

    def write(self) -> None:
        self._evidence.add(Event, self._events)
        self._evidence.add(Line, self._lines)
        self._events.clear()
        self._lines.clear()


class Pull:
    """Reads what a stream holds now: the next batch is asked for when one has come."""

    def __init__(
        self,
        connection: Client,
        stream: str,
        take: Callable[[Message], None],
        progress: Progress,
    ) -> None:
        self._connection = connection
        self._jetstream = connection.jetstream(timeout=SILENCE_S)
        self._stream = stream
        self._take = take
        self._progress = progress
        self._read = 0
        self._seq = 0
        self._due = 0
        self._requests = 0
        self._end = asyncio.Event()

    async def run(self, since: datetime | None) -> Extent:
        """Read it all, or what was stored since; return what there was when it began."""
        try:
            state = (await self._jetstream.stream_info(self._stream)).state
        except NotFoundError:
            raise StackError(f"NATS has no stream {self._stream}") from None
        self._last = state.last_seq
        if state.messages:
            await self._begin(_from_time(since) if since else _from_seq(1))
            await self._until_the_end()
        return Extent(self._stream, state.first_seq, state.last_seq)

    async def _begin(self, config: ConsumerConfig) -> None:
        """Read from there on; whatever an earlier consumer still sends is not heard."""
        consumer = await self._jetstream.add_consumer(self._stream, config)
        self._total = self._read + (consumer.num_pending or 0)
        if not consumer.num_pending:
            self._end.set()
            return
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{consumer.name}"
        self._inbox = self._connection.new_inbox()
        self._subscription = await self._connection.subscribe(
            f"{self._inbox}.*", cb=self._on_message, pending_msgs_limit=0, pending_bytes_limit=0
        )
        await self._ask()

    async def _ask(self) -> None:
        self._due = BATCH
        self._requests += 1
        request = {"batch": BATCH, "max_bytes": MOST_BYTES, "expires": int(EXPIRES_S * 1e9)}
        await self._connection.publish(self._next, orjson.dumps(request), reply=self._reply())

    def _reply(self) -> str:
        """Return where the answers to the last request go."""
        return f"{self._inbox}.{self._requests}"

    async def _until_the_end(self) -> None:
        end = asyncio.create_task(self._end.wait())
        silences = 0
        while not self._end.is_set():
            before = self._read
            await asyncio.wait([end], timeout=SILENCE_S)
            silences = silences + 1 if self._read == before else 0
            if silences > RETRIES:
                end.cancel()
                raise StackError(f"stream {self._stream} is silent after {before} messages")
            if silences:  # the connection was lost, and what was on its way with it
                await self._subscription.unsubscribe()
                await self._begin(_from_seq(self._seq + 1))
        await self._subscription.unsubscribe()

    async def _on_message(self, msg: Msg) -> None:
        headers = msg.headers or {}
        if "Status" in headers:
            if msg.subject == self._reply():  # over before its batch is full
                await self._ask()
            return
        # $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>
        tokens = msg.reply.split(".")
        seq, pending = int(tokens[5]), int(tokens[8])
        self._take(Message(self._stream, seq, msg.subject, msg.data, headers))
        self._read += 1
        self._seq = seq
        self._due -= 1
        if pending == 0 or seq >= self._last:
            self._end.set()
        elif self._due == 0:
            self._progress(f"stream {self._stream}", self._read, self._total)
            await self._ask()


def _from_seq(seq: int) -> ConsumerConfig:
    return replace(
        UNACKNOWLEDGED, deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=seq
    )


def _from_time(since: datetime) -> ConsumerConfig:
    return replace(UNACKNOWLEDGED, deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=since)
