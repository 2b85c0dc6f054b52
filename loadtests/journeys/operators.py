"""The operator, who ships what is confirmed and fills the shelves."""

from locust import between, task

from loadtests.journeys.people import NUMBERS, ORDER_URLS, PLACES, RUN, WORLD, Person, bearer


class Operator(Person):
    """Ships what is confirmed, and fills the shelves."""

    fixed_count = WORLD.operators.count if PLACES.operator_token else 0
    abstract = not PLACES.operator_token
    wait_time = between(*WORLD.operators.pause_s)

    def on_start(self) -> None:
        self.headers = bearer(PLACES.operator_token)

    @task(3)
    def ship(self) -> None:
        url = f"{next(ORDER_URLS)}/orders"
        limit = WORLD.operators.ship_at_once
        found = self.ask("GET /orders?status=", f"{url}?status=CONFIRMED&limit={limit}")
        for order in found["orders"] if found else ():
            parcel = {"carrier": "Parcel Post", "tracking_number": f"PP{next(NUMBERS)}"}
            self.ask(
                "POST /orders/{id}/ship",
                f"{url}/{order['order_id']}/ship",
                expect=(202, 409),
                json=parcel,
            )

    @task(1)
    def restock(self) -> None:
        sku = self.chance.choice(WORLD.products).sku
        receipt = {"quantity": WORLD.operators.restock, "reference": f"{RUN}-{next(NUMBERS)}"}
        self.ask(
            "POST /products/{sku}/receipts",
            f"{PLACES.inventory}/products/{sku}/receipts",
            expect=(200, 201, 202),
            json=receipt,
        )
