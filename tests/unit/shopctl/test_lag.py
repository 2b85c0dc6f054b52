import httpx

from shopctl.lag import read_lag
from shopctl.shop import Shop
from tests.unit.shopctl.stacks import stack


def consumer(name: str, pending: int, ack_pending: int, **config: str) -> dict[str, object]:
    return {
        "name": name,
        "num_pending": pending,
        "num_ack_pending": ack_pending,
        "config": {"name": name, **config},
    }


JSZ = {
    "account_details": [
        {
            "stream_detail": [
                {
                    "consumer_detail": [
                        consumer("order-StockReserved", 3, 4, durable_name="order-StockReserved"),
                        consumer("email-OrderShipped", 0, 0, durable_name="email-OrderShipped"),
                        consumer("1563n28o", 10, 0),  # of a load test that has ended
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
