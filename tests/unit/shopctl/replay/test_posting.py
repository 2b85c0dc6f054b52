import json
import re

from shopctl.replay.online_retail import Kind, LeftOut, SaleLine, read
from shopctl.replay.posting import body_of, key_of, mail_address
from shopctl.replay.spool import Sale, Spool
from tests.unit.shopctl.replay.sheets import as_file, line, sheet

ADDRESS = re.compile(r"[a-z0-9-]{1,64}@example\.com")


def posted(*lines: str) -> tuple[Sale, bytes | LeftOut]:
    with Spool() as spool:
        for each in read(as_file(sheet(*lines))):
            assert isinstance(each, SaleLine)
            spool.add(each)
        [sale] = spool.sales(None)
        return sale, body_of(sale, spool)


def test_a_sale_becomes_an_order_at_its_own_prices() -> None:
    _, body = posted(line("1", "A", quantity=2, price="1.10"), line("1", "A", quantity=1))

    assert isinstance(body, bytes)
    assert json.loads(body) == {
        "customer_id": "17850",
        "customer_email": "customer-17850@example.com",
        "items": [
            {"sku": "A", "quantity": 2, "unit_price_cents": 110},
            {"sku": "A", "quantity": 1, "unit_price_cents": 255},
        ],
        "payment_method": "card_ok",
    }


def test_a_missing_customer_is_a_guest() -> None:
    _, body = posted(line(customer=""))

    assert isinstance(body, bytes)
    assert json.loads(body)["customer_id"] == "guest"


def test_a_strange_customer_has_an_address_all_the_same() -> None:
    addresses = {mail_address(name) for name in ("Zoë, Müller", "x" * 64, "a@b", "17850")}

    assert len(addresses) == 4
    assert all(ADDRESS.fullmatch(address) for address in addresses)


def test_an_order_takes_two_thousand_lines() -> None:
    _, body = posted(*(line("1", f"S{number}") for number in range(2000)))
    _, too_long = posted(*(line("1", f"S{number}") for number in range(2001)))

    assert isinstance(body, bytes)
    assert too_long == LeftOut(2, Kind.INVOICE, "invoice 1: 2,001 lines, an order takes 2,000")


def test_a_body_that_the_shop_would_not_take_is_not_sent() -> None:
    _, body = posted(*(line("1", f"{number:ö>64}") for number in range(2000)))

    assert isinstance(body, LeftOut)
    assert body.kind is Kind.INVOICE
    assert body.reason.endswith("bytes as a request, 262,144 are allowed")


def test_a_key_belongs_to_an_invoice_and_a_content() -> None:
    sale, _ = posted(line("536365"))

    assert key_of(sale, "a" * 64) == f"replay-{'a' * 16}-536365"
    assert key_of(sale, "b" * 64) != key_of(sale, "a" * 64)
