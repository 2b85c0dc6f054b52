"""Publishing in pipeline: hundreds of messages on their way, one inbox for all acknowledgements.

nats-py's own `publish` waits for each acknowledgement (133 µs a message instead of 8), and the
futures of its `publish_async` never resolve after a disconnect. Here every message has a deadline.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
import structlog
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from shared.messaging.client import EventClient, EventMsg
from shared.messaging.outbox import Message

log = structlog.get_logger(__name__)

WINDOW = 1024
DEADLINE_S = 5.0

Settled = Callable[[Message, str, int | None], None]
"""Called with the message, its stream, and the sequence number it got there; None: unknown."""


class PipelinedPublisher:
    """Publishes to JetStream without waiting, and tells `settled` how each message ended.

    A message that is not acknowledged in `DEADLINE_S` may have been stored or not: it ends as
    unknown, and whoever sent it says it again under the same `Nats-Msg-Id`.
    """

    def __init__(self, connection: EventClient, settled: Settled) -> None:
        self._connection = connection
        self._settled = settled
        self._in_flight: dict[str, tuple[float, Message]] = {}
        self._count = 0
        self._room = asyncio.Event()
        self._room.set()
        self._prefix = ""
        self._answers: Subscription | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._prefix = f"{self._connection.new_inbox()}."
        self._answers = await self._connection.hand_over(f"{self._prefix}*", self._on_answer)
        self._sweeper = asyncio.create_task(self._forget_overdue(), name="publisher-sweeper")

    async def stop(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._answers is not None:
            with suppress(NatsError):  # the connection may be gone: then so is the subscription
                await self._answers.unsubscribe()

    async def publish(self, message: Message) -> None:
        """Send the message; waits only while the window, or the connection's buffer, is full."""
        if not self._room.is_set():
            await self._room.wait()
        self._count += 1
        self._send(str(self._count), message)
        await self._connection.room()

    def send_again(self) -> None:
        """Send what is in flight once more: after a reconnect its acknowledgements may be lost."""
        for token, (_, message) in list(self._in_flight.items()):
            self._send(token, message)

    @property
    def busy(self) -> bool:
        """Tell whether acknowledgements are awaited."""
        return bool(self._in_flight)

    def _send(self, token: str, message: Message) -> None:
        self._in_flight[token] = (self._loop.time() + DEADLINE_S, message)
        if len(self._in_flight) >= WINDOW:
            self._room.clear()
        self._connection.send(
            message.subject,
            message.payload,
            reply=self._prefix + token,
            headers=message.headers,
        )

    def _settle(self, token: str, stream: str, seq: int | None) -> None:
        sent = self._in_flight.pop(token, None)
        if sent is not None:
            self._room.set()
            self._settled(sent[1], stream, seq)

    def _on_answer(self, answer: EventMsg) -> None:
        token = answer.subject[len(self._prefix) :]
        body = _parse(answer)
        if "seq" not in body:
            log.warning("publish.refused", answer=body)
        self._settle(token, body.get("stream", ""), body.get("seq"))

    async def _forget_overdue(self) -> None:
        while True:
            await asyncio.sleep(DEADLINE_S / 5)
            now = self._loop.time()
            overdue = [token for token, (at, _) in self._in_flight.items() if at < now]
            for token in overdue:
                self._settle(token, "", None)
            if overdue:
                log.warning("publish.overdue", messages=len(overdue))


def _parse(answer: EventMsg) -> dict[str, Any]:
    """Return the acknowledgement's body; a "no responders" answer has none."""
    if not answer.data:
        return {"error": answer.status or "empty answer"}
    body: dict[str, Any] = orjson.loads(answer.data)
    return body
