from collections import Counter
from random import Random

import pytest

from shopctl.demo.goods import PRODUCTS, SCARCE, SCARCE_STOCK, goods, is_scarce
from shopctl.demo.shoppers import HABITS, Shopper, shoppers


def coming(orders: int, *, seed: int = 1) -> list[Shopper]:
    random = Random(seed)
    return shoppers(random, goods(random, orders=orders), orders=orders)


def test_the_goods_are_many_each_with_a_name_and_a_sensible_price() -> None:
    products = goods(Random(1), orders=300)

    assert len({product.sku for product in products}) == PRODUCTS
    assert len({product.name for product in products}) == PRODUCTS
    assert all(300 < product.price_cents < 20_000 for product in products)


def test_some_goods_are_scarce() -> None:
    scarce = [product for product in goods(Random(1), orders=300) if is_scarce(product)]

    assert [product.quantity for product in scarce] == [SCARCE_STOCK] * SCARCE


@pytest.mark.parametrize("orders", [1, 7, 100, 300, 1000])
def test_there_are_as_many_orders_as_asked_for(orders: int) -> None:
    assert len(coming(orders)) == orders


def test_of_a_hundred_each_habit_has_its_share() -> None:
    habits = Counter(shopper.habit for shopper in coming(100))

    assert habits == {habit: habit.share for habit in HABITS}
    assert sum(habit.share for habit in HABITS) == 100


def test_who_does_not_want_the_scarce_never_goes_away_empty() -> None:
    orders = 1000
    random = Random(2)
    products = goods(random, orders=orders)
    wanted: Counter[str] = Counter()
    for shopper in shoppers(random, products, orders=orders):
        for sku, quantity in shopper.items:
            wanted[sku] += quantity

    common = {product.sku: product.quantity for product in products if not is_scarce(product)}
    assert all(wanted[sku] <= stock for sku, stock in common.items())
    assert any(wanted[product.sku] > product.quantity for product in products if is_scarce(product))


def test_the_same_seed_is_the_same_crowd() -> None:
    assert coming(50, seed=3) == coming(50, seed=3)
    assert coming(50, seed=3) != coming(50, seed=4)
