import io

import pytest
from rich.console import Console

from shared.events import CancelReason
from shared.events.topology import SUBSCRIPTIONS
from shopctl.demo.course import Course
from shopctl.demo.outcome import Outcome
from shopctl.demo.shoppers import HABITS, Habit
from shopctl.demo.view import Scene, line, percentile_ms, picture

SCENE = Scene(
    doing="Selling",
    seconds=12.3,
    wanted=300,
    placed=212,
    per_second=29.7,
    courses={Course.PLACED: 12, Course.CONFIRMED: 160},
    latencies_s=[0.02, 0.03, 0.5],
    lag={it.durable: 12_345 for it in SUBSCRIPTIONS},
)
START = Scene("Selling", 0.0, 300, 0, 0.0, {}, [], {})


def printed(scene: Scene, width: int) -> list[str]:
    output = io.StringIO()
    Console(file=output, width=width, height=24).print(picture(scene, width=width))
    return output.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 120, 200])
@pytest.mark.parametrize("scene", [SCENE, START])
def test_the_picture_fits_the_terminal(scene: Scene, width: int) -> None:
    lines = printed(scene, width)

    assert len(lines) < 24
    assert max(map(len, lines)) <= width
    assert not any("…" in each for each in lines)


def test_the_picture_shows_orders_latency_and_lag() -> None:
    text = "\n".join(printed(SCENE, 80))

    for shown in ("212 of 300 orders", "30/s", "160", "30 ms", "500 ms", "12,345", "296,280"):
        assert shown in text


def test_one_line_says_the_same() -> None:
    assert line(SCENE) == (
        "  12 s  212/300 ordered: 12 placed, 0 reserved, 160 confirmed, 0 shipped, 0 cancelled; "
        "p50 30 ms, p99 500 ms; lag 296,280"
    )


def test_percentiles_are_of_the_nearest_rank() -> None:
    latencies = [number / 1000 for number in range(1, 101)]

    assert percentile_ms(latencies, 0.5) == "51 ms"
    assert percentile_ms(latencies, 0.99) == "100 ms"
    assert percentile_ms(latencies, 1.0) == "100 ms"
    assert percentile_ms([], 0.5) == "–"


def habit_named(named: str) -> Habit:
    return next(habit for habit in HABITS if habit.named == named)


def test_what_ends_otherwise_than_it_should_is_said() -> None:
    declined = habit_named("have a card declined")

    outcome = Outcome.of(
        [
            (declined, CancelReason.PAYMENT_FAILED),
            (declined, Course.CONFIRMED),
            (habit_named("pay"), None),
        ]
    )

    assert outcome.strange == [
        "1 of those who have a card declined ended as CONFIRMED",
        "1 of those who pay ended as never heard of",
    ]


def test_the_table_of_outcomes_fits_eighty_columns() -> None:
    output = io.StringIO()
    ended = [(habit, end) for habit in HABITS for end in habit.ends for _ in range(1234)]

    Console(file=output, width=80).print(Outcome.of(ended).table())

    lines = output.getvalue().splitlines()
    assert len(lines) == len(HABITS) + 2
    assert lines[-1].split() == [
        *("in", "all", "13,574", "6,170", "1,234"),
        *("1,234", "1,234", "3,702"),
    ]
