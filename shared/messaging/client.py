"""nats-py's client, with a shorter way for what is done for every event.

A message costs nats-py some 90 calls: headers taken apart that nobody reads, a queue and a task
between reading and handling, subjects and headers checked that we made ourselves. Here a message
goes from the socket to the pull by one call, and an acknowledgement to the socket by another
(docs/explanation/performance.md). All else is nats-py's own: connecting, reconnecting, requests.

This rests on four private parts of nats-py (`_ps`, `_process_msg`, `_pending`, `_flush_queue`); the
tests beside (`tests/integration/shared/messaging/test_client.py`) fail when they change.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared.messaging.parser import WholeMessages

STATUS_LINE = b"NATS/1.0 "  # a message from the server itself: heartbeat, end of a request
CRLF = b"\r\n"

Take = Callable[["EventMsg"], None]


class EventMsg(Msg):
    """A message as it came; its headers are taken apart when somebody asks for them."""

    def __init__(
        self, client: "EventClient", subject: str, reply: str, data: bytes, raw_headers: bytes
    ) -> None:
        self._client = client
        self.client = client
        self.subject = subject
        self.reply = reply
        self.data = data
        self._raw_headers = raw_headers

    @property
    def headers(self) -> dict[str, str]:  # type: ignore[override]  # nats-py's is a field
        lines = self._raw_headers.decode(errors="replace").split("\r\n")
        named = (line.partition(":") for line in lines[1:] if line)
        return {name.strip(): value.strip() for name, _, value in named}

    @property
    def status(self) -> str | None:
        """The status code, if the server itself says something; None for an event."""
        if not self._raw_headers.startswith(STATUS_LINE):
            return None
        return self._raw_headers[len(STATUS_LINE) :].split(maxsplit=1)[0].decode()

    @property
    def description(self) -> str:
        """What the server says beside the status."""
        first_line = self._raw_headers.partition(CRLF)[0].decode(errors="replace")
        return first_line.partition(" ")[2].partition(" ")[2].strip()

    async def ack(self) -> None:
        self._check_reply()
        self.client.send(self.reply)
        self._ackd = True

    def give_back(self) -> None:
        """Return the message at once, unhandled."""
        self.client.send(self.reply, Msg.Ack.Nak)
        self._ackd = True


class EventClient(Client):
    """What `make_broker` connects with."""

    def __init__(self) -> None:
        super().__init__()
        self._takers: dict[int, Take] = {}
        self._ps = WholeMessages(self)

    async def hand_over(self, subject: str, take: Take) -> Subscription:
        """Subscribe; `take` is called with each message as it is read, and must not wait."""
        subscription = await self.subscribe(subject)
        self._takers[subscription._id] = take
        return subscription

    def send(
        self, subject: str, payload: bytes = b"", reply: str = "", headers: bytes = b""
    ) -> None:
        """Publish at once and without a check: for subjects and headers of our own making.

        What is sent while the connection is away goes out after it is back.

        Args:
            headers: ready for the way, with their first and last line, as `Message.headers`.
        """
        size = len(payload)
        if headers:
            line = f"HPUB {subject} {reply} {len(headers)} {len(headers) + size}\r\n"
            command = b"".join((line.encode(), headers, payload, CRLF))
        else:
            command = b"".join((f"PUB {subject} {reply} {size}\r\n".encode(), payload, CRLF))
        self._put(command)

    def acknowledge(self, messages: Sequence[EventMsg]) -> None:
        """Acknowledge each of them, in one go."""
        self._put("".join([f"PUB {msg.reply} 0\r\n\r\n" for msg in messages]).encode())
        for msg in messages:
            msg._ackd = True

    def _put(self, commands: bytes) -> None:
        pending = self._pending
        pending.append(commands)
        self._pending_data_size += len(commands)
        if len(pending) == 1 and self.is_connected:  # what is there already has its flush coming
            assert self._flush_queue is not None  # noqa: S101 - made when connecting
            self._flush_queue.put_nowait(asyncio.get_running_loop().create_future())

    async def room(self) -> None:
        """Wait while more is to be sent than the connection takes."""
        if self._pending_data_size > self._max_pending_size:
            await self._flush_pending(force_flush=True)

    def take(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> bool:
        """Hand a message to who takes what this subscription brings; False if nobody does."""
        take = self._takers.get(sid)
        if take is None:
            return False
        if sid in self._subs:
            take(EventMsg(self, subject.decode(), reply.decode(), data, headers))
        return True

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None
    ) -> None:
        """As nats-py calls it for what the parser leaves to it."""
        if not self.take(sid, subject, reply, data, headers or b""):
            await super()._process_msg(sid, subject, reply, data, headers)  # type: ignore[arg-type]

    def _remove_sub(self, sid: int, *args: Any, **options: Any) -> None:
        self._takers.pop(sid, None)
        super()._remove_sub(sid, *args, **options)
