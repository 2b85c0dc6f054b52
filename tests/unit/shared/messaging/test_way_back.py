"""A replay on its way to the handler, without a broker."""

from typing import cast

import pytest
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext

from shared.clock import new_id
from shared.errors import AlreadyConsumed, DependencyDown
from shared.events.topology import Subscription
from shared.messaging.client import EventMsg
from shared.messaging.desk.archive import Archive, Closing
from shared.messaging.desk.letters import Action
from shared.messaging.desk.way_back import WayBack
from shared.messaging.pipeline import Delivery
from shared.metrics import Metrics


class FakeMsg:
    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.reply = "$JS.ACK.DESK.email-replays.1.7.7.1700000000.0"
        self.headers: dict[str, str] = {}
        self.data = b""
        self.said: list[str] = []

    async def term(self) -> None:
        self.said.append("term")


class FakeArchive(Archive):
    def __init__(self, fails: Exception | None = None) -> None:
        self.closed: list[Action] = []
        self._fails = fails

    async def close(
        self, delivery: Delivery, action: Action, *, became: int | None = None, error: str = ""
    ) -> None:
        if self._fails:
            raise self._fails
        self.closed.append(action)


def delivery() -> Delivery:
    msg = FakeMsg("desk.replay.3.email.orders.confirmed")
    return Delivery(cast(EventMsg, msg), Subscription("email", "OrderConfirmed"), letter=3)


async def test_what_is_handled_is_closed() -> None:
    archive = FakeArchive()

    async def handler(_: Delivery) -> None:
        pass

    await Closing(archive)(delivery(), handler)

    assert archive.closed == [Action.HANDLED]


async def test_what_was_handled_before_is_closed_too() -> None:
    archive = FakeArchive()

    async def handler(_: Delivery) -> None:
        raise AlreadyConsumed(new_id())

    with pytest.raises(AlreadyConsumed):
        await Closing(archive)(delivery(), handler)

    assert archive.closed == [Action.HANDLED]


async def test_what_fails_is_not_closed() -> None:
    archive = FakeArchive()

    async def handler(_: Delivery) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await Closing(archive)(delivery(), handler)

    assert archive.closed == []


async def test_a_handled_event_waits_for_the_broker_and_becomes_no_dead_letter() -> None:
    async def handler(_: Delivery) -> None:
        pass

    with pytest.raises(DependencyDown, match="broker"):
        await Closing(FakeArchive(fails=NatsTimeoutError()))(delivery(), handler)


@pytest.mark.parametrize(
    "subject", ["desk.replay.x.email.orders.confirmed", "desk.replay.3.email.orders.placed"]
)
async def test_what_is_no_replay_for_this_group_is_dropped(subject: str) -> None:
    def no_broker() -> JetStreamContext:
        raise AssertionError("nothing is asked of the broker")

    metrics = Metrics().consumers.of("email-replays")
    msg = FakeMsg(subject)

    await WayBack("email", no_broker, metrics=metrics, max_deliveries=3).handle(cast(EventMsg, msg))

    assert msg.said == ["term"]
