"""`python -m shared.messaging.topology_setup`: streams and durable consumers as the topology says.

One owner: services never declare. Run it before they start and after the topology changed; where
nothing changed it changes nothing.
"""

import argparse
import asyncio
import os
import sys

import nats
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import BadRequestError

from shared.events.topology import (
    CONSUMER_LIMITS,
    REPLAYS,
    STREAMS,
    SUBSCRIPTIONS,
    Hearing,
    Stream,
)

STREAM_NAME_IN_USE = 10058
DURABLES: tuple[Hearing, ...] = (*SUBSCRIPTIONS, *REPLAYS)
DEFAULT_URL = "nats://127.0.0.1:4222"


async def ensure_stream(jetstream: JetStreamContext, stream: Stream) -> None:
    """Create the stream, or bring its limits to what the topology says."""
    config = StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        storage=StorageType(stream.storage),
        retention=RetentionPolicy(stream.retention),
        max_age=stream.max_age.total_seconds(),
        max_msg_size=stream.max_msg_size,
        duplicate_window=stream.duplicate_window.total_seconds(),
    )
    try:
        await jetstream.add_stream(config)
    except BadRequestError as error:
        if error.err_code != STREAM_NAME_IN_USE:
            raise
        await jetstream.update_stream(config)


async def ensure_consumer(jetstream: JetStreamContext, subscription: Hearing) -> None:
    """Create the durable, or update it; raises where JetStream cannot change what differs."""
    config = ConsumerConfig(
        durable_name=subscription.durable,
        filter_subject=subscription.subject,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=CONSUMER_LIMITS.ack_wait.total_seconds(),
        max_deliver=CONSUMER_LIMITS.max_deliver,
        max_ack_pending=CONSUMER_LIMITS.max_ack_pending,
    )
    await jetstream.add_consumer(subscription.stream, config)


async def set_up(url: str) -> None:
    """Ensure everything that the topology names."""
    connection = await nats.connect(url, connect_timeout=5, max_reconnect_attempts=3)
    try:
        jetstream = connection.jetstream(timeout=10)
        for stream in STREAMS:
            await ensure_stream(jetstream, stream)
        for subscription in DURABLES:
            await ensure_consumer(jetstream, subscription)
    finally:
        await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m shared.messaging.topology_setup", description=__doc__
    )
    parser.add_argument("--nats-url", default=os.environ.get("SHOP_NATS_URL", DEFAULT_URL))
    arguments = parser.parse_args()
    asyncio.run(set_up(arguments.nats_url))
    sys.stdout.write(f"{len(STREAMS)} streams, {len(DURABLES)} durable consumers\n")


if __name__ == "__main__":
    main()
