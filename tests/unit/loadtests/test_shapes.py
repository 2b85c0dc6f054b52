import pytest

from loadtests.journeys.settings import PLACING, Settings
from loadtests.journeys.shapes import CURVES, Shape, seconds


def shape(name: str) -> Shape:
    return Shape(name, users=100, rate=10.0, time_s=100.0)


def users_at(name: str, *moments: float) -> list[int]:
    return [found[0] for at in moments if (found := shape(name).at(at))]


def test_steady_is_the_same_all_the_time() -> None:
    assert users_at("steady", 0, 50, 99.9) == [100, 100, 100]


def test_steps_go_up_five_stairs() -> None:
    assert users_at("steps", 0, 19.9, 20, 40, 60, 99.9) == [20, 20, 40, 60, 80, 100]


def test_a_spike_comes_and_goes_at_once() -> None:
    assert users_at("spike", 10, 39.9, 40, 59.9, 60, 99) == [20, 20, 100, 100, 20, 20]
    assert shape("spike").at(40) == (100, 100.0)


def test_a_flash_sale_begins_with_everybody_at_the_door() -> None:
    assert users_at("flash", 0, 24.9, 25, 99) == [10, 10, 100, 100]


@pytest.mark.parametrize("name", CURVES)
def test_every_shape_ends(name: str) -> None:
    assert shape(name).at(99.9) is not None
    assert shape(name).at(100.0) is None


def test_an_unknown_shape_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"no shape 'round' among steady, steps"):
        shape("round")


@pytest.mark.parametrize(
    ("text", "wanted"), [("90", 90.0), ("90s", 90.0), ("2m", 120.0), ("1h", 3600.0), ("1.5m", 90.0)]
)
def test_times_as_people_write_them(text: str, wanted: float) -> None:
    assert seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "soon", "5d", "-3s"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        seconds(text)


def test_without_a_shape_locust_is_told_users_and_time_itself() -> None:
    assert Settings.of({"LOAD_USERS": "9"}).shape is None


def test_a_soak_takes_ten_minutes_unless_told_otherwise() -> None:
    assert Settings.of({"LOAD_SHAPE": "soak"}).shape == Shape("soak", 50, 10.0, 600.0)
    assert Settings.of({"LOAD_SHAPE": "soak", "LOAD_TIME": "1h"}).shape == Shape(
        "soak", 50, 10.0, 3600.0
    )


def test_limits_are_those_that_are_stated_and_not_empty() -> None:
    told = {"LOAD_P99_MS": "25", "LOAD_CONFIRMED_P99_MS": ""}
    assert Settings.of(told).limits == {PLACING: 25.0}
