from collections.abc import Iterator
from uuid import UUID

import pytest

from shopctl.catalogue_file import Product
from shopctl.replay.online_retail import SaleLine, read
from shopctl.replay.spool import Sale, SaleItem, Spool, Totals
from tests.unit.shopctl.replay.sheets import as_file, line, sheet


@pytest.fixture
def spool() -> Iterator[Spool]:
    with Spool() as opened:
        yield opened


def fill(spool: Spool, *lines: str) -> None:
    for each in read(as_file(sheet(*lines))):
        assert isinstance(each, SaleLine)
        spool.add(each)


def test_an_invoice_is_one_sale_with_all_its_lines(spool: Spool) -> None:
    fill(spool, line("1", "A", quantity=2, price="1.10"), line("1", "B", quantity=1, price="0.05"))

    [sale] = spool.sales(None)

    assert sale == Sale(1, "1", line=2, customer="17850", lines=2, total_cents=225)
    assert spool.items(sale) == [SaleItem("A", 2, 110), SaleItem("B", 1, 5)]


def test_an_invoice_whose_lines_are_torn_apart_is_still_one_sale(spool: Spool) -> None:
    fill(spool, line("1", "A"), line("2", "B"), line("1", "C"), line("3", "D"), line("2", "E"))

    sales = list(spool.sales(None))

    assert [(sale.invoice, sale.line) for sale in sales] == [("1", 2), ("2", 3), ("3", 5)]
    assert [[item.sku for item in spool.items(sale)] for sale in sales] == [
        ["A", "C"],
        ["B", "E"],
        ["D"],
    ]


def test_the_same_sku_may_stand_twice_in_an_invoice(spool: Spool) -> None:
    fill(spool, line("1", "A", quantity=1, price="2"), line("1", "A", quantity=3, price="1"))

    [sale] = spool.sales(None)

    assert spool.items(sale) == [SaleItem("A", 1, 200), SaleItem("A", 3, 100)]


def test_the_catalogue_has_the_last_price_and_name_and_all_that_is_needed(spool: Spool) -> None:
    fill(
        spool,
        line("1", "A", "OLD", quantity=1, price="1"),
        line("2", "B", "", quantity=1, price="9"),
        line("2", "A", "NEW", quantity=2, price="2"),
        line("3", "A", "", quantity=4, price="3"),
    )

    assert list(spool.products()) == [Product("A", "NEW", 300, 7), Product("B", "", 900, 1)]


def test_totals_are_of_the_first_sales_or_of_all(spool: Spool) -> None:
    fill(spool, line("1", quantity=1, price="1"), line("2", quantity=2, price="1"), line("1"))

    assert spool.totals() == Totals(2, 3, 100 + 200 + 1530)
    assert spool.totals(1) == Totals(1, 2, 100 + 1530)
    assert [sale.invoice for sale in spool.sales(1)] == ["1"]


def test_an_order_leads_back_to_its_invoice(spool: Spool) -> None:
    fill(spool, line("1"), line("2"))
    [_, second] = spool.sales(None)
    order_id = UUID(int=7)

    spool.note_order(order_id, second)
    spool.note_order(order_id, second)

    assert spool.sale_of(order_id) == ("2", 3)
    assert spool.sale_of(UUID(int=8)) is None


def test_orders_can_be_noted_while_sales_are_read(spool: Spool) -> None:
    fill(spool, *(line(str(number)) for number in range(50)))

    for sale in spool.sales(None):
        spool.note_order(UUID(int=sale.seq), sale)

    assert spool.sale_of(UUID(int=50)) == ("49", 51)


def test_an_empty_file_has_no_sales(spool: Spool) -> None:
    assert spool.totals() == Totals(0, 0, 0)
    assert list(spool.sales(None)) == []
