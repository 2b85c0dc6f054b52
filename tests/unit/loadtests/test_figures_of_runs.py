from datetime import UTC, datetime
from pathlib import Path

import pytest

from loadtests.measuring import report
from loadtests.measuring.cpu import owner, spent
from loadtests.measuring.figures import Figures, divided, middle
from loadtests.measuring.memory import Memory
from loadtests.measuring.percentiles import Percentiles
from loadtests.measuring.pictures import draw
from loadtests.measuring.publishing import BEGIN, END, PAGE, replaced, section
from loadtests.measuring.results import Results
from loadtests.measuring.systems import BenchError

MEMORY = {"order-1": [90.0, 91.0], "order-2": [80.0, 81.0], "redis": [5.0, 71.0]}


def run(cost: float, *, part: str = "saturation", calibration: float = 50.0) -> Figures:
    found = Percentiles(10, 1.0, 2.0, 3.0, 4.0)
    return Figures(
        part=part,
        label="200/s",
        orders=1_000,
        seconds=2.0,
        lines=3.0,
        accepted_rate=600.0,
        cost={"order-1": cost, "order-2": cost, "postgres: order": 0.5, "nats": 0.25},
        outside={"mail": 9.0},
        latencies=dict.fromkeys(
            ("accepted", "accepted → confirmed", "accepted → mailed", "due → mailed"), found
        ),
        memory=MEMORY,
        memory_peak=250.0,
        calibration=(calibration, calibration),
    )


def results(*runs: Figures) -> Results:
    return Results(datetime(2025, 1, 31, tzinfo=UTC), "two cores", list(runs))


def test_the_cost_is_that_of_the_shop_and_its_servers_without_the_world_outside() -> None:
    assert run(0.125).total == 1.0
    assert run(0.125).rate == 500.0


def test_replicas_count_together_and_so_do_postgres_backends() -> None:
    assert run(0.125).by_part == {"order": 0.25, "postgres": 0.5, "nats": 0.25}


def test_memory_is_told_by_tenths_of_the_run_so_that_what_grows_has_a_name() -> None:
    grows = [{"order-1": 90.0, "redis": float(second)} for second in range(25)]
    tenths = Memory(list(enumerate(grows))).tenths

    assert tenths["order-1"] == [90.0] * 10
    assert tenths["redis"][0] == 0.5  # of the seconds 0 and 1
    assert tenths["redis"][-1] == 21.0  # of the seconds 18 to 24: what is left over counts too


def test_a_run_too_short_for_tenths_is_told_as_far_as_it_goes() -> None:
    tenths = Memory([(0.0, {"redis": 5.0}), (1.0, {"redis": 7.0})]).tenths
    assert (tenths["redis"][0], tenths["redis"][-1]) == (5.0, 7.0)


def test_the_soak_tells_what_each_part_had_at_its_beginning_and_its_end() -> None:
    soak = run(0.2, part="soak")
    assert (soak.memory_at(0)["order"], soak.memory_at(-1)["order"]) == (170.0, 172.0)
    first, last = report.memories(results(run(0.2), soak))
    assert dict(zip(report.MEMORY, first, strict=True))["redis"] == "5"
    assert dict(zip(report.MEMORY, last, strict=True))["redis"] == "71"
    assert last[-1] == "243"
    assert "Memory over the soak" not in section(results(run(0.2)))


def test_a_machine_that_is_half_as_fast_costs_the_same_by_its_calibration() -> None:
    slow, fast = run(0.625, calibration=100.0), run(0.125)
    assert slow.total == 2 * fast.total
    assert slow.relative == fast.relative


def test_seconds_of_cpu_become_ms_an_order_apart_for_the_outside() -> None:
    assert divided({"order-1": 2.0, "mail": 4.0}, 1_000) == ({"order-1": 2.0}, {"mail": 4.0})


def test_of_repeated_runs_the_middle_one_is_told() -> None:
    assert middle([run(0.3), run(0.1), run(0.2)]) == run(0.2)
    assert results(run(0.3), run(0.1), run(0.2), run(1, part="real")).told == [
        run(0.2),
        run(1, part="real"),
    ]
    one, two = "one", "two"
    costs = (0.1, 0.4, 0.3, 0.6, 0.2, 0.5)
    in_turn = [run(cost, part=side) for cost, side in zip(costs, (one, two) * 3, strict=True)]
    assert results(*in_turn).told == [run(0.2, part=one), run(0.5, part=two)]


def test_a_backend_that_ended_keeps_the_sum_right() -> None:
    before = {"postgres: order": 3.0, "postgres: ended": 0.0}
    assert sum(spent(before, {"postgres: ended": 3.5}).values()) == 0.5


@pytest.mark.parametrize(
    ("title", "whose"),
    [
        ("postgres: order order 127.0.0.1(41000) idle in transaction", "postgres: order"),
        ("postgres: checkpointer ", "postgres: checkpointer"),
        ("postgres: autovacuum worker order", "postgres: autovacuum worker"),
    ],
)
def test_a_backends_title_tells_whose_it_is(title: str, whose: str) -> None:
    assert owner(title) == whose


def test_results_survive_their_file(tmp_path: Path) -> None:
    results(run(0.2)).write(tmp_path / "bench" / "bench.json")
    assert Results.read(tmp_path / "bench" / "bench.json") == results(run(0.2))


def test_publishing_replaces_what_is_between_the_marks_and_nothing_else() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert replaced(page, "new") == f"before\n{BEGIN}\n\nnew\n{END}\nafter\n"
    with pytest.raises(ValueError, match="no place"):
        replaced("a page without marks", "new")


def test_the_real_page_has_a_place_for_the_figures() -> None:
    assert "| saturation |" in replaced(PAGE.read_text(), section(results(run(0.2))))


def test_pictures_are_drawn_of_what_there_is_and_are_small(tmp_path: Path) -> None:
    parts = ("open", "alone", "soak")
    drawn = draw(results(run(0.2), *(run(0.3, part=part) for part in parts)), tmp_path)
    assert {path.stem for path in drawn} == {
        "cost-by-rate",
        "latency",
        "cpu-by-process",
        "an-orders-way",
        "memory",
    }
    assert all(path.stat().st_size < 60_000 for path in drawn)


def test_parts_that_are_measured_anew_replace_their_figures_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadtests.measuring.results.machine", lambda: "two cores")
    last, now = tmp_path / "bench.json", datetime(2025, 2, 1, tzinfo=UTC)
    results(run(0.3), run(1, part="real")).write(last)

    assert Results.begun(["real"], now, last=last).figures == [run(0.3)]
    assert Results.begun(["real"], now, last=None).figures == []
    assert Results.begun(["real"], now, last=tmp_path / "none.json").figures == []


def test_figures_of_another_machine_are_not_added_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadtests.measuring.results.machine", lambda: "four cores")
    results(run(0.3)).write(tmp_path / "bench.json")

    with pytest.raises(BenchError, match="two cores"):
        Results.begun([], datetime(2025, 2, 1, tzinfo=UTC), last=tmp_path / "bench.json")


def test_figures_of_another_form_are_not_added_to(tmp_path: Path) -> None:
    (tmp_path / "bench.json").write_text('{"at": "2025-01-31", "figures": [{"part": "open"}]}')

    with pytest.raises(BenchError, match="another form"):
        Results.begun([], datetime(2025, 2, 1, tzinfo=UTC), last=tmp_path / "bench.json")
