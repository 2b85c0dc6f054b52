"""How many events wait for each consumer group, as NATS's monitoring tells.

Consumers without a durable name are onlookers: a load test's stay for a while after it has ended,
and nobody works for them.
"""

from collections.abc import Mapping
from typing import Any

from shopctl.shop import Shop

Lag = Mapping[str, int]  # by durable: not delivered yet, or delivered and not acknowledged

PATH = "/jsz?consumers=true&config=true"


async def read_lag(shop: Shop) -> Lag:
    return by_durable(await shop.from_monitor(PATH))


def by_durable(jsz: Mapping[str, Any]) -> Lag:
    """Read what the monitor answers to PATH."""
    return {
        consumer["name"]: consumer["num_pending"] + consumer["num_ack_pending"]
        for account in jsz.get("account_details") or ()
        for stream in account.get("stream_detail") or ()
        for consumer in stream.get("consumer_detail") or ()
        if "durable_name" in consumer["config"]
    }
