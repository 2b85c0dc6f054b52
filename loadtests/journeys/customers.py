"""Customers: they browse, order and follow, look at what is theirs, change their minds.

Locust makes `sleep` and all sockets cooperative when it is imported.
"""

from collections.abc import Iterator, Mapping
from time import sleep
from typing import Any

from locust import between, task

from loadtests.journeys.ledger import milliseconds
from loadtests.journeys.people import (
    LEDGER,
    NUMBERS,
    ORDER_URLS,
    PLACES,
    RUN,
    SETTINGS,
    WORLD,
    Person,
    bearer,
)
from loadtests.journeys.settings import CONFIRMED, MAILED, PLACING

DO = WORLD.customers.do
FIRST_LOOK_S, LONGEST_WAIT_S = 0.05, 1.0
FOLLOWED_S = 60.0


class Customer(Person):
    wait_time = between(*WORLD.customers.pause_s)

    def on_start(self) -> None:
        self.customer_id = f"{RUN}-{next(NUMBERS)}"
        self.headers = bearer(PLACES.customer_token)

    @task(DO["browse"])
    def browse(self) -> None:
        """Look through the first page, and at one product of it."""
        url = f"{PLACES.inventory}/products"
        page = self.ask("GET /products", f"{url}?limit=20", headers={})
        if page and page["products"]:
            sku = self.chance.choice(page["products"])["sku"]
            self.ask("GET /products/{sku}", f"{url}/{sku}", headers={})

    @task(DO["order"])
    def order(self) -> None:
        """Place an order, and wait until it is confirmed and mailed."""
        if order_id := self._place():
            self._follow(order_id)

    @task(DO["look"])
    def look(self) -> None:
        """Look at one's own orders, and at the history of one."""
        url = f"{next(ORDER_URLS)}/orders"
        mine = f"{url}?customer_id={self.customer_id}&limit=10"
        found = self.ask("GET /orders?customer_id=", mine)
        if found and found["orders"]:
            order_id = self.chance.choice(found["orders"])["order_id"]
            self.ask("GET /orders/{id}/events", f"{url}/{order_id}/events")

    @task(DO["change_of_mind"])
    def change_of_mind(self) -> None:
        """Order and cancel, often while the charge is under way."""
        order_id = self._place()
        if order_id is None:
            return
        sleep(self.chance.uniform(0, 0.2))
        url = f"{next(ORDER_URLS)}/orders/{order_id}/cancel"
        self.ask("POST /orders/{id}/cancel", url, expect=(202, 409))
        self._decided(order_id)

    def _place(self) -> str | None:
        body = {
            "customer_id": self.customer_id,
            "customer_email": f"{self.customer_id}@example.com",
            "items": WORLD.basket(self.chance, is_flash=SETTINGS.is_flash),
            "payment_method": WORLD.card(self.chance, is_flash=SETTINGS.is_flash),
        }
        headers = {**self.headers, "Idempotency-Key": f"{RUN}-order-{next(NUMBERS)}"}
        url = f"{next(ORDER_URLS)}/orders"
        placed = self.ask(PLACING, url, expect=(202,), headers=headers, json=body)
        if placed is None:
            return None
        order_id = str(placed["order_id"])
        LEDGER.accept(order_id)
        return order_id

    def _follow(self, order_id: str) -> None:
        order = self._decided(order_id)
        if order is None or order["status"] == "CANCELLED":
            return
        confirmed_at = self._confirmed_at(order)
        self._tell(CONFIRMED, milliseconds(order["placed_at"], confirmed_at))
        if PLACES.email is not None and (sent_at := self._mailed_at(order_id)):
            self._tell(MAILED, milliseconds(order["placed_at"], sent_at))

    def _decided(self, order_id: str) -> dict[str, Any] | None:
        """Look at the order until it is confirmed or cancelled; seldom, the longer it takes."""
        for _ in _looks():
            order = self.ask("GET /orders/{id}", f"{next(ORDER_URLS)}/orders/{order_id}")
            if order is not None and LEDGER.note(order_id, order["status"]):
                return dict(order)
        return None

    def _confirmed_at(self, order: Mapping[str, Any]) -> str:
        """By the shop's own times: looking seldom makes no order slower."""
        if order["status"] == "CONFIRMED":
            return str(order["updated_at"])
        url = f"{next(ORDER_URLS)}/orders/{order['order_id']}/events"
        history = self.ask("GET /orders/{id}/events", url) or ()
        confirmed = (it["timestamp"] for it in history if it["event_type"] == "OrderConfirmed")
        return str(next(confirmed, order["updated_at"]))

    def _mailed_at(self, order_id: str) -> str | None:
        for _ in _looks():
            found = self.ask("GET /mails", f"{PLACES.email}/mails?order_id={order_id}")
            mails = found["mails"] if found else ()
            sent = [it["sent_at"] for it in mails if it["kind"] == "CONFIRMED" and it["sent_at"]]
            if sent:
                return str(sent[0])
        return None

    def _tell(self, name: str, ms: float) -> None:
        self.environment.events.request.fire(
            request_type="E2E", name=name, response_time=ms, response_length=0, exception=None,
            context={},
        )  # fmt: skip


def _looks() -> Iterator[None]:
    """Wait a little before each look, longer each time, a minute in all."""
    wait_s, waited_s = FIRST_LOOK_S, 0.0
    while waited_s < FOLLOWED_S:
        sleep(wait_s)
        waited_s += wait_s
        yield
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)
