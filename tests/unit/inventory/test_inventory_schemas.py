"""What operators may write, and the cursor of the list."""

import pytest
from pydantic import TypeAdapter, ValidationError

from services.inventory.schemas import Cursor, ProductIn, ReceiptIn, Sku, cursor_after

GOOD = {"name": "Mug", "price_cents": 795, "currency": "EUR"}


def faulty_fields(body: dict[str, object]) -> set[str]:
    with pytest.raises(ValidationError) as caught:
        ProductIn.model_validate(body)
    return {str(fault["loc"][0]) for fault in caught.value.errors()}


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"name": "Mug\r\nBcc: all"},
        {"name": "x" * 201},
        {"name": 5},
        {"price_cents": -1},
        {"price_cents": 10**9 + 1},
        {"price_cents": 7.95},
        {"price_cents": "795"},
        {"currency": "EURO"},
        {"currency": "eur"},
        {"colour": "blue"},
    ],
)
def test_a_fault_in_a_product_names_its_field(changed: dict[str, object]) -> None:
    assert faulty_fields({**GOOD, **changed}) == set(changed)


@pytest.mark.parametrize("quantity", [0, -1, 10**9 + 1, 1.5, "3", True, None])
def test_a_receipt_has_a_whole_positive_quantity(quantity: object) -> None:
    with pytest.raises(ValidationError):
        ReceiptIn.model_validate({"quantity": quantity, "reference": "note 1"})


@pytest.mark.parametrize("sku", ["85123A", "Größe XL", "a.b-c_d", "🫖", "'; --"])
def test_a_cursor_leads_back_to_its_sku(sku: str) -> None:
    assert TypeAdapter(Sku).validate_python(sku) == sku
    assert TypeAdapter(Cursor).validate_python(cursor_after(sku)) == sku


@pytest.mark.parametrize("cursor", ["x", "????", "AA==", "é"])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(ValidationError, match="is not a cursor"):
        TypeAdapter(Cursor).validate_python(cursor)
