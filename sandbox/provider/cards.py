"""How each payment method behaves; any other behaves like `card_ok`."""

from dataclasses import replace

from sandbox.provider.ledger import Status
from sandbox.web import Answer

DECLINED = "card_declined"
FLAKY = "card_flaky"


class Cards:
    def __init__(self, *, slow_s: float, drop_after_s: float) -> None:
        self._slow_s = slow_s
        self._drop_after_s = drop_after_s
        self._flaky_keys: set[str] = set()

    def fails(self, method: str, key: str) -> bool:
        """Return True for the first try of a key with the flaky card: nothing is taken then."""
        if method != FLAKY or key in self._flaky_keys:
            return False
        self._flaky_keys.add(key)
        return True

    def status(self, method: str) -> Status:
        return Status.DECLINED if method == DECLINED else Status.SUCCEEDED

    def first_answer(self, method: str, answer: Answer) -> Answer:
        """Return the answer to the try that moved the money, with the manner in which it leaves."""
        match method:
            case "card_timeout":
                return replace(answer, after_s=self._drop_after_s, hang_up=True)
            case "card_slow":
                return replace(answer, after_s=self._slow_s)
            case _:
                return answer
