"""Reservations that nobody confirms, in a service that holds them for a moment only."""

from nats.js import JetStreamContext

from services.inventory.settings import InventorySettings
from shared.events import StockReleased
from tests.integration.in_process import publish
from tests.integration.inventory.running import (
    DEADLINE_S,
    real_order,
    running,
    stock,
    stock_up,
)


async def test_reservations_run_out_by_themselves(
    settings: InventorySettings, jetstream: JetStreamContext
) -> None:
    hasty = settings.model_copy(
        update={"inventory_reservation_ttl_s": 0.3, "inventory_expiry_grace_s": 0.1}
    )
    async with running(hasty) as client:
        await stock_up(client, "mug", 10)
        said = await jetstream.subscribe(StockReleased.subject, ordered_consumer=True)
        order = real_order(("mug", 3))
        await publish(jetstream, order)
        released = None
        while released is None or released.order_id != order.order_id:
            released = StockReleased.from_bytes((await said.next_msg(DEADLINE_S)).data)
        assert released.reason == "EXPIRED"
        assert await stock(client, "mug") == (10, 0, 0, 10)
        await said.unsubscribe()
