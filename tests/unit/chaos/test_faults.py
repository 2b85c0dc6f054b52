from pathlib import Path

from chaos.faults import BY_NAME, FAULTS
from chaos.run import Order, Tally, plan_for
from chaos.stage import Pace


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(FAULTS)


def test_every_row_of_the_fault_table_is_there() -> None:
    assert set(BY_NAME) >= {
        "service-kill", "fail-points", "nats-kill", "nats-amnesia", "redis-kill", "redis-flush",
        "postgres-kill", "zombie", "hung-nats", "hung-redis", "hung-postgres", "hung-provider",
        "provider-drop", "provider-500", "provider-delay", "provider-429", "mail-cut", "mail-4xx",
        "mail-5xx", "duplicates", "poison", "bug-on-one-event", "rolling-restart", "overload",
        "race-last-units", "race-one-key", "race-cancel", "race-expiry",
    }  # fmt: skip


def test_a_shared_stack_has_what_each_fault_wants(tmp_path: Path) -> None:
    plan = plan_for([BY_NAME["race-one-key"], BY_NAME["race-last-units"]], tmp_path)

    assert plan.replicas == {"order": 2, "inventory": 2}
    assert plan.launch == {}


def test_only_fail_points_need_the_launcher(tmp_path: Path) -> None:
    plan = plan_for([BY_NAME["fail-points"]], tmp_path)

    assert plan.launch["email"][:2] == ("chaos.launcher", "--arm")


def test_each_fault_can_have_a_stack_of_its_own(tmp_path: Path) -> None:
    faults = [BY_NAME["nats-kill"], BY_NAME["redis-kill"]]
    order = Order(
        name="all", faults=faults, seed=1, rounds=2, rate=1.0, pace=Pace(), out=tmp_path / "all"
    )

    apart = order.apart()

    assert [it.name for it in apart] == ["nats-kill", "redis-kill"]
    assert len({it.out for it in apart}) == 2


def test_a_recovery_after_its_promise_is_late() -> None:
    tally = Tally(BY_NAME["nats-kill"], recoveries_s=[0.2, 2.9, 3.1, float("inf")])
    unpromised = Tally(BY_NAME["hung-provider"], recoveries_s=[16.0])

    assert tally.late == [3.1, float("inf")]
    assert unpromised.late == []


def test_at_twenty_rounds_every_fail_point_has_its_turn() -> None:
    assert BY_NAME["fail-points"].rounds(20) >= 34
    assert BY_NAME["fail-points"].rounds(3) == 3
