"""An alarm: the broker gave up on a message of this group.

It must never happen, as every durable is created with `max_deliver=-1`; but somebody may set it
otherwise, and then the message stays in the stream and is never delivered again. Advisories can be
lost and carry no payload: they are an alarm, not a dead-letter queue (reliability.md, trap 10).
"""

from collections.abc import Collection

import orjson
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.metrics import ConsumerMetrics

log = structlog.get_logger(__name__)

SUBJECT = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES"


class Advisories:
    """Sounds the alarm for these durables, in every process of the group."""

    def __init__(self, durables: Collection[str], metrics: ConsumerMetrics) -> None:
        self._durables = durables
        self._metrics = metrics

    async def start(self, connection: Client) -> None:
        for durable in self._durables:
            await connection.subscribe(f"{SUBJECT}.*.{durable}", cb=self._given_up)

    async def _given_up(self, msg: Msg) -> None:
        advisory = orjson.loads(msg.data)
        durable = advisory["consumer"]
        self._metrics.max_deliveries.labels(durable).inc()
        log.error(
            "consume.given_up_by_broker",
            durable=durable,
            stream=advisory["stream"],
            stream_seq=advisory["stream_seq"],
            deliveries=advisory["deliveries"],
        )
