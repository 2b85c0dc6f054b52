"""The benchmark and Locust on a few orders: that they measure, not what."""

from pathlib import Path

from loadtests.measuring import orders
from loadtests.measuring.run import Bench, Load
from loadtests.measuring.systems import SHOP, Place
from shopctl.stack import Stack
from tests.commands import command

LOAD = {"LOAD_SHAPE": "steps", "LOAD_USERS": "5", "LOAD_RATE": "5", "LOAD_TIME": "4s"}


def place(stack: Stack) -> Place:
    return Place(SHOP, stack.run_dir.path, stack.file)


async def test_a_closed_loop_tells_what_an_order_costs_and_who_pays(stack: Stack) -> None:
    async with Bench.at(place(stack)) as bench:
        await bench.stock(orders.goods())
        figures = await bench.measure(Load(part="smoke", label="closed"), bench.basket(200))
    assert figures.rate > 0
    assert figures.total > 0
    assert {"order", "payment", "postgres", "nats"} <= set(figures.by_part)
    assert figures.memory_peak > 0
    assert figures.groups["order"] >= 1
    assert figures.wire["in_msgs"] > 0


async def test_an_open_loop_tells_every_orders_latencies(stack: Stack) -> None:
    async with Bench.at(place(stack)) as bench:
        await bench.stock(orders.goods())
        bench.runs = 10  # other keys than the test before
        load = Load(part="smoke", label="50/s", rate=50.0, stages=True)
        figures = await bench.measure(load, bench.basket(50))
    for what in ("accepted", "accepted → confirmed", "accepted → mailed", "sent late"):
        assert figures.latencies[what].count == 50
    assert figures.latencies["due → mailed"].p50 > figures.latencies["accepted"].p50


async def test_locust_sells_judges_and_leaves_with_0(stack: Stack, tmp_path: Path) -> None:
    code, said = await locust(stack, tmp_path)
    assert code == 0, said
    assert "orders accepted" in said
    assert "placed → confirmed" in said


async def test_locust_leaves_with_1_when_a_stated_limit_is_passed(
    stack: Stack, tmp_path: Path
) -> None:
    code, said = await locust(stack, tmp_path, LOAD_P99_MS="0.001")
    assert code == 1, said
    assert "WRONG: POST /orders: p99 is" in said


async def locust(stack: Stack, out: Path, **more: str) -> tuple[int | None, str]:
    told = {**LOAD, **more, "LOAD_STACK": str(stack.run_dir.stack), "LOAD_OUT": str(out)}
    words = ("-f", "loadtests/locustfile.py", "--headless", "--only-summary")
    return await command("locust", *words, **told)
