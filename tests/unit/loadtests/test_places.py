from pathlib import Path

import pytest

from loadtests.journeys.places import NowhereError, Places


def test_addresses_by_the_environment_can_be_several_replicas() -> None:
    places = Places.of(
        {
            "SHOP_ORDER_URL": "http://a:1/,http://b:2",
            "SHOP_INVENTORY_URL": "http://i:3",
            "SHOP_CUSTOMER_TOKEN": "customer",
        }
    )
    assert places.order == ("http://a:1", "http://b:2")
    assert (places.email, places.operator_token, places.stack_file) == (None, None, None)


def test_compose_has_its_own_addresses_and_takes_other_tokens() -> None:
    places = Places.of({"LOAD_TARGET": "compose", "SHOP_CUSTOMER_TOKEN": "mine"})
    assert places.order == ("http://127.0.0.1:8001",)
    assert (places.customer_token, places.operator_token) == ("mine", "dev-operator-token")


def test_an_address_without_its_token_is_refused_by_name() -> None:
    with pytest.raises(NowhereError, match="SHOP_INVENTORY_URL, SHOP_CUSTOMER_TOKEN"):
        Places.of({"SHOP_ORDER_URL": "http://a:1"})


def test_where_nothing_is_up_it_says_how_to_change_that(tmp_path: Path) -> None:
    with pytest.raises(NowhereError, match="make up"):
        Places.of({"LOAD_STACK": str(tmp_path / "stack.json")})
