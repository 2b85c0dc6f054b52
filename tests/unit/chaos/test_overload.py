"""What a rush is blamed for."""

from collections import Counter

from chaos.faults.overload import Rush, complaints


def rush(*, peak: float = 1000.0, finished: float = 900.0, **answers: int) -> Rush:
    said = Counter({"202": 8000, "503": 12_000}) + Counter(answers)
    return Rush(peak=peak, finished=finished, answers=said)


def test_one_slow_minute_among_three_is_no_fault() -> None:
    assert complaints([rush(finished=700), rush(), rush()]) == []


def test_less_than_is_promised_over_all_is_one() -> None:
    (complaint,) = complaints([rush(finished=790), rush(finished=790), rush(finished=790)])
    assert "79%" in complaint


def test_so_is_a_request_in_a_thousand_without_an_answer() -> None:
    assert complaints([rush(), rush(TimeoutError=20)]) == []
    (complaint,) = complaints([rush(), rush(TimeoutError=100)])
    assert "TimeoutError" in complaint
