"""What a request becomes: the same for all who say the same."""

from hashlib import sha256

import orjson
from starlette.responses import Response

from services.order.api import Accepted
from services.order.requests import key_of
from services.order.schemas import OrderIn
from shared.http.auth import CUSTOMER

ORDER = {
    "customer_id": "ada",
    "customer_email": "ada@example.com",
    "items": [{"sku": "lamp", "quantity": 2}, {"sku": "mügé", "quantity": 1}],
    "payment_method": "card_ok",
}
# Stored with every key: another form of the same order would be taken for another order.
CANONICAL = (
    '{"customer_id":"ada","customer_email":"ada@example.com","items":['
    '{"sku":"lamp","quantity":2,"unit_price_cents":null},'
    '{"sku":"mügé","quantity":1,"unit_price_cents":null}],"payment_method":"card_ok"}'
)


def hash_of(body: bytes) -> bytes:
    key = key_of({b"idempotency-key": b"k"}, OrderIn.model_validate_json(body), CUSTOMER)
    assert key is not None
    return key.body_hash


def test_a_keys_hash_is_of_the_order_in_its_one_form() -> None:
    assert hash_of(orjson.dumps(ORDER)) == sha256(CANONICAL.encode()).digest()


def test_order_of_fields_and_white_space_do_not_matter() -> None:
    turned = orjson.dumps(dict(reversed(ORDER.items())), option=orjson.OPT_INDENT_2)
    assert hash_of(turned) == hash_of(orjson.dumps(ORDER))


def test_accepted_says_what_starlette_would_say() -> None:
    usual = Response(
        b"{}", status_code=202, headers={"Location": "/orders/1"}, media_type="application/json"
    )
    accepted = Accepted(b"{}", "/orders/1")
    assert accepted.raw_headers == usual.raw_headers
    assert (accepted.status_code, accepted.body) == (usual.status_code, usual.body)
