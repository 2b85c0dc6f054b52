"""Fills the shelves before a load test, through the shop's own door."""

from time import monotonic, sleep

import httpx

from loadtests.journeys.places import NowhereError, Places
from loadtests.journeys.world import World

ORDERABLE_WITHIN_S = 15.0
LOOK_EVERY_S = 0.2
NOBODY_WANTS = "A SKU that is not there"


def stock(places: Places, world: World) -> None:
    """Import the world's products, if we may; return when they can be ordered.

    Raises NowhereError where they cannot be, or the shop does not answer.
    """
    try:
        if places.operator_token is not None:
            _import(places, world)
        deadline = monotonic() + ORDERABLE_WITHIN_S
        while not _can_be_ordered(places, world):
            if monotonic() > deadline:
                raise NowhereError("the products of the load test cannot be ordered")
            sleep(LOOK_EVERY_S)
    except httpx.HTTPError as error:
        raise NowhereError(f"the shop does not answer: {error}") from error


def _import(places: Places, world: World) -> None:
    answer = httpx.post(
        f"{places.inventory}/products/import",
        content=world.catalogue().encode(),
        headers={"Authorization": f"Bearer {places.operator_token}", "Content-Type": "text/csv"},
        timeout=30,
    )
    answer.raise_for_status()


def _can_be_ordered(places: Places, world: World) -> bool:
    """Ask by an order that is refused for its last item alone, so that none is placed."""
    skus = [product.sku for product in world.products] + [world.flash.sku, NOBODY_WANTS]
    body = {
        "customer_id": "load-test",
        "customer_email": "load-test@example.com",
        "items": [{"sku": sku, "quantity": 1} for sku in skus],
        "payment_method": "card_ok",
    }
    headers = {"Authorization": f"Bearer {places.customer_token}"}
    for url in places.order:
        answer = httpx.post(f"{url}/orders", json=body, headers=headers, timeout=10)
        faults = [fault.get("field") for fault in answer.json().get("errors", ())]
        if faults != [f"items[{len(skus) - 1}].sku"]:
            return False
    return True
