import csv
from random import Random

from loadtests.journeys.world import World

WORLD = World.read()


def test_a_basket_is_not_empty_has_each_product_once_and_no_more_lines_than_are_allowed() -> None:
    _, most = WORLD.customers.lines
    baskets = [WORLD.basket(Random(seed), is_flash=False) for seed in range(50)]
    lines = [[item["sku"] for item in basket] for basket in baskets]
    assert all(len(skus) == len(set(skus)) for skus in lines)
    assert {len(skus) for skus in lines} == set(range(1, most + 1))


def test_in_a_flash_sale_everybody_wants_one_of_the_one() -> None:
    wanted = [{"sku": WORLD.flash.sku, "quantity": 1}]
    assert WORLD.basket(Random(1), is_flash=True) == wanted


def test_what_is_in_demand_is_ordered_more_often() -> None:
    chance = Random(1)
    baskets = [WORLD.basket(chance, is_flash=False) for _ in range(2_000)]
    counts = {
        product.sku: sum(item["sku"] == product.sku for basket in baskets for item in basket)
        for product in WORLD.products
    }
    popular, rare = (pick(WORLD.products, key=lambda it: it.weight) for pick in (max, min))
    assert counts[popular.sku] > 2 * counts[rare.sku]


def test_the_catalogue_can_be_imported() -> None:
    rows = list(csv.DictReader(WORLD.catalogue().splitlines()))
    assert len(rows) == len(WORLD.products) + 1
    assert rows[-1]["sku"] == WORLD.flash.sku
    assert list(rows[0]) == ["sku", "name", "price_cents", "currency", "quantity"]
