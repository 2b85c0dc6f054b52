"""Each comparison is green on a good shop, and red under the right name where one thing is off."""

from collections.abc import Callable, Iterable

import pytest

from audit import access, delivery, mails, money, stock
from audit.evidence import Evidence
from audit.scope import Horizon
from audit.violations import Violation
from tests.unit.audit.good_shop import CONFIRMED, DECLINED, MISSING, REFUNDED, SHIPPED, event_id

Check = Callable[[Evidence], Iterable[Violation]]
CHECKS: tuple[Check, ...] = (
    access.missing,
    money.violations,
    stock.violations,
    mails.violations,
    delivery.violations,
)
NOBODY = "019ca7ff-0000-7000-8000-000000000000"

MONEY = [
    (
        "a confirmed order was never charged",
        f"DELETE FROM movements WHERE order_id = '{CONFIRMED}'",
        {("I3", CONFIRMED)},
    ),
    (
        "too little was charged",
        f"UPDATE movements SET amount_cents = 2499 WHERE order_id = '{SHIPPED}'",
        {("I3", SHIPPED)},
    ),
    (
        "a shipped order was refunded",
        f"INSERT INTO movements VALUES ('9', 'refund', 'succeeded', '{SHIPPED}', 'k', 2500, 'EUR')",
        {("I3", SHIPPED), ("I5", SHIPPED)},
    ),
    (
        "a cancelled order's money never went back",
        "DELETE FROM movements WHERE kind = 'refund'",
        {("I3", REFUNDED), ("I10", REFUNDED), ("I5", REFUNDED)},
    ),
    (
        "too much went back",
        "UPDATE movements SET amount_cents = 2600 WHERE kind = 'refund'",
        {("I3", REFUNDED)},
    ),
    (
        "charged twice and refunded once, so that the sum is right",
        f"""
        INSERT INTO movements VALUES ('8', 'charge', 'succeeded', '{CONFIRMED}', 'k', 2500, 'EUR');
        INSERT INTO movements VALUES ('9', 'refund', 'succeeded', '{CONFIRMED}', 'l', 2500, 'EUR');
        """,
        {("I3", CONFIRMED), ("I5", CONFIRMED)},
    ),
    (
        "charged in another currency",
        f"UPDATE movements SET currency = 'USD' WHERE order_id = '{CONFIRMED}'",
        {("I3", CONFIRMED)},
    ),
    (
        "a key that moved money twice",
        "INSERT INTO movements SELECT * FROM movements WHERE key = 'charge-4'",
        {("I3", DECLINED)},
    ),
    (
        "a charge for an order that nobody knows",
        f"INSERT INTO movements VALUES ('9', 'charge', 'succeeded', '{NOBODY}', 'k', 1, 'EUR')",
        {("I3", NOBODY)},
    ),
]

STOCK = [
    (
        "one more was sold than the orders bought",
        "UPDATE shelves SET on_hand = on_hand - 1, sold = sold + 1 WHERE sku = 'PEN'",
        {("I4", "PEN")},
    ),
    (
        "stock from nowhere",
        "UPDATE shelves SET on_hand = on_hand + 1, received = received + 1 WHERE sku = 'PEN'",
        {("I4", "PEN")},
    ),
    (
        "a piece is lost",
        "UPDATE shelves SET on_hand = on_hand - 1 WHERE sku = 'PEN'",
        {("I4", "PEN")},
    ),
    (
        "oversold",
        """
        UPDATE shelves SET on_hand = -1, sold = 3 WHERE sku = 'INK';
        UPDATE bought SET quantity = 3 WHERE sku = 'INK';
        """,
        {("I4", "INK")},
    ),
    (
        "reserved for nobody",
        "UPDATE shelves SET on_hand = on_hand - 1, reserved = 1 WHERE sku = 'PEN'",
        {("I4", "PEN")},
    ),
    (
        "an order bought what is no product",
        "DELETE FROM shelves WHERE sku = 'INK'",
        {("I4", "INK")},
    ),
    (
        "HTTP says something else than the table",
        "UPDATE listed SET available = 95 WHERE sku = 'PEN'",
        {("I4", "PEN")},
    ),
    (
        "a confirmed order whose goods were never sold",
        f"DELETE FROM reservations WHERE order_id = '{CONFIRMED}'",
        {("I4", CONFIRMED)},
    ),
    (
        "a cancelled order still holds stock",
        f"INSERT INTO reservations VALUES ('{DECLINED}', 'RESERVED')",
        {("I10", DECLINED)},
    ),
    (
        "a cancelled order bought its goods all the same",
        f"INSERT INTO reservations VALUES ('{REFUNDED}', 'SOLD')",
        {("I10", REFUNDED)},
    ),
    (
        "stock is held for an order that nobody knows",
        f"INSERT INTO reservations VALUES ('{NOBODY}', 'RESERVED')",
        {("I4", NOBODY)},
    ),
]

SENT_TWICE = "INSERT INTO mails VALUES ('{0}@x', '{0}', 'ada@example.com')"
MAILS = [
    (
        "a confirmation mail was never sent",
        f"DELETE FROM mails WHERE event_id = '{event_id(6)}'",
        {("I5", CONFIRMED)},
    ),
    (
        "an order was confirmed twice, and so its mail went out twice",
        f"""
        INSERT INTO events SELECT '{event_id(50)}', event_type, order_id, at_us, cents, currency,
            '', '', '' FROM events WHERE event_id = '{event_id(6)}';
        {SENT_TWICE.format(event_id(50))};
        """,
        {("I5", CONFIRMED), ("I7", CONFIRMED), ("I7", "analytics"), ("I7", "email"),
         ("I7", "inventory")},
    ),
    (
        "a mail about nothing",
        "INSERT INTO mails VALUES ('stray@x', 'stray', 'ada@example.com')",
        {("I5", "stray@x")},
    ),
    (
        "a mail about an event that calls for none",
        SENT_TWICE.format(event_id(0)),
        {("I5", f"{event_id(0)}@x")},
    ),
    (
        "a mail to a stranger",
        f"UPDATE mails SET recipient = 'eve@example.com' WHERE event_id = '{event_id(6)}'",
        {("I5", CONFIRMED)},
    ),
    (
        "a shipping mail for an order whose history knows nothing of that",
        f"DELETE FROM changes WHERE order_id = '{SHIPPED}' AND event_type = 'OrderShipped'",
        {("I5", SHIPPED), ("I7", SHIPPED)},
    ),
]  # fmt: skip

DELIVERY = [
    (
        "an inbox row is missing",
        f"DELETE FROM heard WHERE service = 'email' AND event_id = '{event_id(6)}'",
        {("I7", "email")},
    ),
    (
        "an event is in the inbox and in the dead letters",
        f"INSERT INTO letters VALUES ('email', 'orders.confirmed', 'ORDERS', 7, '{event_id(6)}')",
        {("I7", "email")},
    ),
    (
        "an inbox row of no event",
        f"INSERT INTO heard VALUES ('payment', '{NOBODY}')",
        {("I7", "payment")},
    ),
    (
        "an inbox row of an event that the group does not hear",
        f"INSERT INTO heard VALUES ('payment', '{event_id(0)}')",
        {("I7", "payment")},
    ),
    (
        "a dead letter of no event",
        f"INSERT INTO letters VALUES ('email', 'orders.placed', 'ORDERS', 99, '{NOBODY}')",
        {("I7", "email")},
    ),
    (
        "what cannot be read is nobody's dead letter",
        "INSERT INTO unreadable VALUES ('ORDERS', 12, 'orders.placed', '')",
        {("I7", "inventory"), ("I7", "analytics")},
    ),
    (
        "an outbox says published, and the stream has nothing",
        f"INSERT INTO said VALUES ('order', '{NOBODY}', 'orders.placed')",
        {("I7", "order")},
    ),
    (
        "the stream lost an event",
        f"""
        DELETE FROM events WHERE event_id = '{event_id(6)}';
        DELETE FROM heard WHERE event_id = '{event_id(6)}';
        DELETE FROM said WHERE event_id = '{event_id(6)}';
        DELETE FROM mails WHERE event_id = '{event_id(6)}';
        """,
        {("I7", CONFIRMED), ("I5", CONFIRMED)},
    ),
    (
        "an order was told of twice",
        f"UPDATE changes SET times = 2 WHERE order_id = '{MISSING}' AND event_type = 'OrderPlaced'",
        {("I7", MISSING)},
    ),
]

ACCESS = [
    (
        "an accepted order is gone",
        f"DELETE FROM orders WHERE order_id = '{CONFIRMED}'",
        {("I1", CONFIRMED), ("I3", CONFIRMED), ("I4", CONFIRMED)},
    ),
    (
        "a client was answered 202 for an order that nobody knows",
        f"INSERT INTO accepted VALUES ('a client''s 202', '{NOBODY}')",
        {("I1", NOBODY)},
    ),
]


def found_by_all(evidence: Evidence) -> set[tuple[str, str]]:
    return {(it.invariant.value, it.name) for check in CHECKS for it in check(evidence)}


def test_a_good_shop_is_green(shop: Evidence) -> None:
    assert found_by_all(shop) == set()


@pytest.mark.parametrize(
    ("tampering", "expected"),
    [
        pytest.param(sql, expected, id=name)
        for name, sql, expected in (*MONEY, *STOCK, *MAILS, *DELIVERY, *ACCESS)
    ],
)
def test_what_is_off_turns_red_under_the_right_name(
    shop: Evidence, tampering: str, expected: set[tuple[str, str]]
) -> None:
    for statement in filter(str.strip, tampering.split(";")):
        shop.execute(statement)
    assert found_by_all(shop) == expected


def test_the_same_message_id_again_is_counted_and_no_violation(shop: Evidence) -> None:
    shop.execute(f"INSERT INTO mails SELECT * FROM mails WHERE event_id = '{event_id(6)}'")
    assert found_by_all(shop) == set()
    assert mails.repeats(shop) == 1


def test_where_no_answer_can_have_been_lost_it_is_a_violation(shop: Evidence) -> None:
    assert list(mails.repeated(shop)) == []
    shop.execute(f"INSERT INTO mails SELECT * FROM mails WHERE event_id = '{event_id(6)}'")
    (violation,) = mails.repeated(shop)
    assert violation.invariant == "I5"
    assert violation.found == "2 in the sink"


def test_a_mail_that_was_refused_for_good_is_a_dead_letter_and_no_violation(shop: Evidence) -> None:
    refused = event_id(6)
    shop.execute(f"DELETE FROM mails WHERE event_id = '{refused}'")
    shop.execute(f"DELETE FROM heard WHERE service = 'email' AND event_id = '{refused}'")
    shop.execute(
        f"INSERT INTO letters VALUES ('email', 'orders.confirmed', 'ORDERS', 7, '{refused}')"
    )
    assert found_by_all(shop) == set()
    assert mails.refused(shop) == 1


def test_poison_that_each_group_put_aside_is_no_violation(shop: Evidence) -> None:
    shop.execute("INSERT INTO unreadable VALUES ('ORDERS', 12, 'orders.placed', '')")
    for group in ("inventory", "analytics"):
        shop.execute(f"INSERT INTO letters VALUES ('{group}', 'orders.placed', 'ORDERS', 12, '')")
    assert found_by_all(shop) == set()


def test_poison_that_was_mended_at_the_desk_is_no_violation(shop: Evidence) -> None:
    shop.execute("INSERT INTO unreadable VALUES ('ORDERS', 12, 'orders.placed', '')")
    for group in ("inventory", "analytics"):
        shop.execute(f"INSERT INTO settled VALUES ('{group}', 'ORDERS', 12)")
        shop.execute(f"INSERT INTO replayed VALUES ('{group}', '{NOBODY}')")
        shop.execute(f"INSERT INTO heard VALUES ('{group}', '{NOBODY}')")
    assert found_by_all(shop) == set()


def test_what_is_older_than_the_streams_remember_is_not_missed(shop: Evidence) -> None:
    forgotten = "019ca700-0000-7000-8000-000000000000"
    shop.execute(f"INSERT INTO heard VALUES ('payment', '{forgotten}')")
    assert list(delivery.violations(shop))
    assert not list(delivery.violations(shop, Horizon(forgotten, forgotten)))
