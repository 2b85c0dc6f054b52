"""Continuous pull: one standing request to a durable consumer, topped up as hands get free.

FastStream's own pull subscribers ask for a batch and wait for it: they linger, stall behind one
slow message, or prefetch more than they can work on (docs/adr, and ag2ai/faststream issue 2563).
Here whatever has arrived goes to the subscriber at once, never more than `capacity` is in hand,
and every message in hand is kept alive until it is settled.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from time import monotonic
from typing import Any

import orjson
import structlog
from nats.errors import Error as NatsError

from shared.events.topology import Hearing
from shared.messaging.client import EventClient, EventMsg
from shared.tasks import end

log = structlog.get_logger(__name__)

Deliver = Callable[[list[EventMsg]], Coroutine[Any, Any, None]]

EXPIRES_S = 30.0
HEARTBEAT_S = 5.0
STANDING = {"expires": int(EXPIRES_S * 1e9), "idle_heartbeat": int(HEARTBEAT_S * 1e9)}
NO_WAIT = {"no_wait": True}
LOOK_EVERY_S = 0.5  # a lost request or consumer is noticed that fast
GOODBYE_S = 1.0


class ContinuousPull:
    """Pulls one durable consumer's messages and hands them over as they come.

    Args:
        deliver: takes the messages that arrived together; must `release` each when settled.
        capacity: messages in hand at the most.
        ensure: creates the durable consumer again, should somebody have deleted it.
        ack_wait_s: after this the broker delivers again; a third of it extends.
    """

    def __init__(
        self,
        subscription: Hearing,
        deliver: Deliver,
        *,
        capacity: int,
        ensure: Callable[[], Awaitable[None]],
        ack_wait_s: float,
    ) -> None:
        self.subscription = subscription
        self._deliver = deliver
        self._capacity = capacity
        self._worth_asking = max(1, capacity // 4)
        self._ensure = ensure
        self._extend_every_s = ack_wait_s / 3
        self._requested = 0
        self._arrived: list[EventMsg] = []
        self._in_hand: dict[str, tuple[EventMsg, float]] = {}
        self._pauses = 0
        self._broken = False
        self._closing = False
        self._heard_at = 0.0
        self._batches: set[asyncio.Task[None]] = set()

    async def start(self, connection: EventClient) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        stream, durable = self.subscription.stream, self.subscription.durable
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._inbox = connection.new_inbox()
        self._inbox_subscription = await connection.hand_over(self._inbox, self._on_message)
        self._heard_at = monotonic()
        self._top_up()

    async def stop(self, deadline_s: float) -> None:
        """Ask for no more, finish what is in hand, give back the rest."""
        self._closing = True
        until = self._loop.time() + deadline_s
        await self.unsubscribe()
        while self._batches and self._loop.time() < until:
            await asyncio.wait(self._batches, timeout=until - self._loop.time())
        await end(self._batches)
        for msg, _ in self._in_hand.values():
            msg.give_back()

    async def unsubscribe(self) -> None:
        """Take the standing request back; what is on its way already is given back.

        First of all: as long as the request stands, what we give back comes to us again at once,
        and a good message has burnt its deliveries in milliseconds.
        """
        await asyncio.sleep(0)  # what has arrived before is handed over
        if not self._connection.is_connected:
            return
        with suppress(NatsError, TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await self._inbox_subscription.drain()  # type: ignore[no-untyped-call]

    def release(self, settled: Iterable[EventMsg]) -> None:
        """Note that these messages are settled: their places are free."""
        for msg in settled:
            self._in_hand.pop(msg.reply, None)
        self._top_up()

    def pause(self) -> None:
        """Ask for no more until `resume`: something that every message needs is away."""
        self._pauses += 1

    def resume(self) -> None:
        self._pauses -= 1
        self._top_up()

    @property
    def closing(self) -> bool:
        return self._closing

    def reconnected(self) -> None:
        """Ask again: the requests of the former connection are gone."""
        self._requested = 0
        self._top_up()

    @property
    def _free(self) -> int:
        return self._capacity - len(self._in_hand) - len(self._arrived) - self._requested

    @property
    def _may_ask(self) -> bool:
        off = self._pauses or self._closing or self._broken
        return not off and self._connection.is_connected

    def _top_up(self) -> None:
        # A request for each place would cost the broker as much as the message it brings.
        if self._free >= self._worth_asking and self._may_ask:
            self._ask(self._free)

    def _use_few_places(self) -> None:
        """Where most places are held for long, the others must not stay empty for that."""
        if self._requested == 0 and self._free > 0 and self._may_ask:
            self._ask(self._free)

    def _ask(self, batch: int, *, no_wait: bool = False) -> None:
        """Ask for so many messages: as they come, or only for those that are there."""
        if self._requested == 0:
            self._heard_at = monotonic()  # without a request there are no heartbeats
        self._requested += batch
        request = {"batch": batch, **(NO_WAIT if no_wait else STANDING)}
        self._connection.send(self._next, orjson.dumps(request), reply=self._inbox)

    def _on_message(self, msg: EventMsg) -> None:
        self._heard_at = monotonic()
        status = msg.status
        if status is not None:
            self._on_status(status, msg)
            return
        if self._requested:
            self._requested -= 1
        if self._closing:
            msg.give_back()
            return
        self._arrive(msg)

    def _arrive(self, msg: EventMsg) -> None:
        self._arrived.append(msg)
        if len(self._arrived) == 1:  # the rest of what one read brought joins in the same batch
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        batch, self._arrived = self._arrived, []
        now = monotonic()
        for msg in batch:
            self._in_hand[msg.reply] = (msg, now)
        task: asyncio.Task[None] = self._loop.create_task(self._deliver(batch))
        self._batches.add(task)
        task.add_done_callback(self._batches.discard)

    def _on_status(self, status: str, msg: EventMsg) -> None:
        if status == "100":  # idle heartbeat
            return
        description = msg.description
        if status == "503" or "Deleted" in description:
            log.warning("pull.broken", durable=self.subscription.durable, reason=description)
            self._broken = True
            self._requested = 0
            return
        self._on_end_of_request(msg)

    def _on_end_of_request(self, msg: EventMsg) -> None:
        left = int(msg.headers.get("Nats-Pending-Messages", 0))
        self._requested = max(0, self._requested - left)
        self._top_up()

    async def look_after(self) -> None:
        """Keep what is in hand alive, and notice when the standing request was lost.

        Wants to be called every `LOOK_EVERY_S`; one timer does for all pulls of a process.
        """
        if not self._connection.is_connected:
            return
        try:
            await self._extend()
            await self._mend()
        except (NatsError, OSError) as error:
            log.info("pull.waits", durable=self.subscription.durable, reason=repr(error))

    async def _extend(self) -> None:
        now = monotonic()
        for reply, (msg, since) in list(self._in_hand.items()):
            if now - since >= self._extend_every_s:
                await msg.in_progress()
                if reply in self._in_hand:
                    self._in_hand[reply] = (msg, now)

    async def _mend(self) -> None:
        silent = self._requested > 0 and monotonic() - self._heard_at > 2 * HEARTBEAT_S
        if not (self._broken or silent):
            self._use_few_places()
            return
        await self._ensure()
        self._broken = False
        self._heard_at = monotonic()
        self.reconnected()
