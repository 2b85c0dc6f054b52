import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.measuring.percentiles import percentile, percentiles


def test_of_a_hundred_values_each_percentile_is_one_of_them() -> None:
    ascending = [float(value) for value in range(1, 101)]
    assert [percentile(ascending, percent) for percent in (1, 50, 90, 99, 100)] == [
        1.0, 50.0, 90.0, 99.0, 100.0,
    ]  # fmt: skip


def test_of_few_values_the_high_percentiles_are_the_worst() -> None:
    assert percentile([1.0, 2.0, 9.0], 99) == 9.0
    assert percentile([7.0], 50) == 7.0


def test_nothing_has_no_percentiles() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)
    assert percentiles([]) is None


def test_seconds_become_milliseconds() -> None:
    found = percentiles([0.002, 0.001, 0.004, 0.003])
    assert found is not None
    assert (found.count, found.p50, found.p99, found.max) == (4, 2.0, 4.0, 4.0)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=300), st.integers(1, 100))
def test_a_percentile_is_not_exceeded_by_its_share(values: list[float], percent: int) -> None:
    ascending = sorted(values)
    found = percentile(ascending, percent)
    assert sum(value <= found for value in ascending) >= len(ascending) * percent / 100
    assert sum(value < found for value in ascending) < len(ascending) * percent / 100
