"""The FastStream broker, set so that it survives an outage of any length (faststream.md)."""

from collections.abc import Awaitable, Callable

import structlog
from faststream.nats import NatsBroker
from nats.aio.client import Client

from shared.messaging.client import EventClient

log = structlog.get_logger(__name__)

Callback = Callable[[], Awaitable[None]]


class Broker(NatsBroker):
    """FastStream's, on our own client."""

    async def _connect(self) -> Client:
        connection = EventClient()
        await connection.connect(**self._connection_kwargs)
        self.config.connect(connection)
        return connection


def make_broker(url: str, *, name: str, on_reconnect: Callback, on_closed: Callback) -> NatsBroker:
    """Return a broker that reconnects for ever, and whose handlers get messages as they came.

    `apply_types=False`: the pipeline decodes; FastDepends on the way would cost more than that.
    With nats-py's 60 attempts FastStream's subscribers would spin after two minutes of outage.
    """

    async def disconnected() -> None:
        log.warning("broker.disconnected")

    async def failed(error: Exception) -> None:
        # nats-py's own would log a traceback for each attempt, four times a second.
        log.warning("broker.error", error=repr(error))

    async def reconnected() -> None:
        log.info("broker.reconnected")
        await on_reconnect()

    return Broker(
        url,
        name=name,
        apply_types=False,
        logger=None,
        allow_reconnect=True,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.25,  # type: ignore[arg-type]  # nats-py takes fractions of a second
        connect_timeout=3,
        ping_interval=3,
        max_outstanding_pings=2,
        drain_timeout=5,
        graceful_timeout=5.0,
        error_cb=failed,
        disconnected_cb=disconnected,
        reconnected_cb=reconnected,
        closed_cb=on_closed,
    )
