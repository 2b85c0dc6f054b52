"""The rate limit counts, with Redis and without."""

from redis.asyncio import Redis

from shared.http.rate_limit import RateLimit


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def limit(time: Time, requests: int = 3) -> RateLimit:
    nowhere = Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2)
    return RateLimit(nowhere, "test", limit=requests, window_s=10, now=time)


def test_the_request_beyond_the_limit_is_refused_until_the_window_ends() -> None:
    time = Time()
    rate = limit(time)
    assert [rate.take("ada") for _ in range(3)] == [None, None, None]
    time.now = 1006.0
    refusal = rate.take("ada")
    assert refusal is not None
    assert refusal.headers == {
        "RateLimit-Limit": "3",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "4",
        "Retry-After": "4",
    }
    time.now = 1010.0
    assert rate.take("ada") is None


def test_callers_are_counted_apart() -> None:
    rate = limit(Time(), requests=1)
    assert rate.take("ada") is None
    assert rate.take("bob") is None
    assert rate.take("ada") is not None


async def test_with_redis_away_there_is_no_limit() -> None:
    rate = limit(Time(), requests=1)
    assert rate.take("ada") is None
    await rate.sync()
    assert rate.take("ada") is None
