import httpx

from shopctl.lag import read_lag
from shopctl.shop import Shop
from tests.unit.shopctl.stacks import stack

JSZ = {
    "account_details": [
        {
            "stream_detail": [
                {
                    "consumer_detail": [
                        {"name": "order-StockReserved", "num_pending": 3, "num_ack_pending": 4},
                        {"name": "email-OrderShipped", "num_pending": 0, "num_ack_pending": 0},
                    ]
                },
                {"consumer_detail": None},
                {},
            ]
        }
    ]
}


async def lag(jsz: object) -> dict[str, int]:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=jsz))
    async with httpx.AsyncClient(transport=transport) as client:
        return dict(await read_lag(Shop(stack(), client)))


async def test_what_waits_is_what_is_not_acknowledged() -> None:
    assert await lag(JSZ) == {"order-StockReserved": 7, "email-OrderShipped": 0}


async def test_a_server_without_streams_has_no_lag() -> None:
    assert await lag({"streams": 0}) == {}
