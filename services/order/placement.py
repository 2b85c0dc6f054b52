"""Placing an order: prices from the catalogue, one durable order, one answer for each key."""

from __future__ import annotations  # else evaluated for each event, 0.4 µs a `decide`

from collections.abc import Sequence
from typing import Protocol

from services.order.domain import Line, Order, OrderError, Placed, Product
from services.order.outgoing import events_after
from services.order.repository import Answer, AnswerKey, Book, Needs
from services.order.use_cases import Desk
from shared.events.topology import MAX_PAYLOAD_BYTES
from shared.persistence.work import Decision, Work
from shared.values import value

MAX_BYTES = MAX_PAYLOAD_BYTES - 4096  # what the others say of the order is a little longer
MANY = 500  # so many lines fit always: a SKU has 64 characters, a name 200


class WantedItem(Protocol):
    """A line as the customer asks for it; with a price only if one was agreed."""

    @property
    def sku(self) -> str: ...
    @property
    def quantity(self) -> int: ...
    @property
    def unit_price_cents(self) -> int | None: ...


class Wish(Protocol):
    """An order before it is one: the checked request itself, as it came."""

    @property
    def customer_id(self) -> str: ...
    @property
    def customer_email(self) -> str: ...
    @property
    def items(self) -> Sequence[WantedItem]: ...
    @property
    def payment_method(self) -> str: ...


@value
class Key:
    """The caller's idempotency key, and what it stands for."""

    key: AnswerKey
    body_hash: bytes


@value
class Fault:
    """What is wrong with a field of the request, named as in items[3].sku."""

    field: str
    message: str


class Unorderable(OrderError):
    """What is wanted cannot be ordered; each fault names its field."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("this cannot be ordered")
        self.faults = faults


class KeyReused(OrderError):
    def __init__(self) -> None:
        super().__init__("this Idempotency-Key was used for another request")


async def place_order(desk: Desk, wish: Wish, key: Key | None) -> Answer:
    """Return the answer to give, when the order is durable.

    Raises:
        Unorderable: an unknown SKU, two currencies, or more than a message holds.
        KeyReused: the key stands for another body.
    """
    lines, currency = await _priced(desk, wish.items)
    order = _new_order(desk, wish, lines, currency)
    said = events_after(order, 0, cause=None, new_id=desk.new_id)
    if len(lines) > MANY and any(len(event.to_bytes()) > MAX_BYTES for event in said):
        raise Unorderable([Fault("items", "are too many with such long names")])
    answer = Answer(key.body_hash if key else b"", _body(order), order.order_id)

    def decide(book: Book) -> Decision[Answer]:
        if key is not None:
            given = book.answers.get(key.key)
            if given is not None:
                return Decision(_same(given, key))
            book.answer(key.key, answer, at=order.placed_at)
        book.add(order)
        return Decision(answer, said)

    return await desk.commits.run(Work(Needs(answer=key.key if key else None), decide))


async def _priced(desk: Desk, items: Sequence[WantedItem]) -> tuple[tuple[Line, ...], str]:
    find = desk.catalogue.find
    products = [find(item.sku) for item in items]
    if not all(products):
        await desk.catalogue.look_up({item.sku for item in items if find(item.sku) is None})
        products = [find(item.sku) for item in items]
    known = [product for product in products if product is not None]
    if len(known) < len(items):
        raise Unorderable(_unknown(products))
    currency = known[0].currency
    lines = []
    for item, product in zip(items, known):  # noqa: B905 - as many, see above; strict costs 1 µs
        if product.currency != currency:
            raise Unorderable(_foreign(known, currency))
        agreed = item.unit_price_cents
        price = product.price_cents if agreed is None else agreed
        lines.append(Line(item.sku, product.name, item.quantity, price))
    return tuple(lines), currency


def _unknown(products: Sequence[Product | None]) -> list[Fault]:
    return [
        Fault(f"items[{index}].sku", "is not in the catalogue")
        for index, product in enumerate(products)
        if product is None
    ]


def _foreign(products: Sequence[Product], currency: str) -> list[Fault]:
    message = "is sold in {}, the first item in {}"
    return [
        Fault(f"items[{index}].sku", message.format(product.currency, currency))
        for index, product in enumerate(products)
        if product.currency != currency
    ]


def _new_order(desk: Desk, wish: Wish, lines: tuple[Line, ...], currency: str) -> Order:
    placed = Placed(
        customer_id=wish.customer_id,
        customer_email=wish.customer_email,
        items=lines,
        total_cents=sum(line.total_cents for line in lines),
        currency=currency,
        payment_method=wish.payment_method,
        correlation_id=desk.new_id(),
    )
    return Order.place(desk.new_id(), placed, at=desk.clock())


def _body(order: Order) -> bytes:
    placed = order.placed
    return (
        f'{{"order_id":"{order.order_id}","status":"PLACED",'
        f'"total_cents":{placed.total_cents},"currency":"{placed.currency}"}}'
    ).encode()


def _same(given: Answer, key: Key) -> Answer:
    if given.body_hash != key.body_hash:
        raise KeyReused
    return given
