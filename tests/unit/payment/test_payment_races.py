"""Every order of events that Hypothesis can think of: nobody pays twice, or for a cancelled order.

Handlers crash, answers get lost, requests arrive late, cancellations come at any moment. In the
end the provider's own books must agree with the payment.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.payment.answers import Absent, Captured, ChargeAnswer, Unanswered
from services.payment.domain import WATCH_FOR, Duty, Payment, Status
from services.payment.terms import Terms
from tests.unit.payment.stories import NOON, cancellation, terms

EXPIRES = NOON + timedelta(seconds=20)
LONGEST_TRAVEL = WATCH_FOR - timedelta(seconds=10)


@dataclass
class World:
    """One order, its payment, and the provider's books."""

    wanted: Terms = field(default_factory=lambda: terms(expires_at=EXPIRES))
    now: datetime = NOON
    _payment: Payment | None = None
    consumed: bool = False
    cancelled: bool = False
    captured: int = 0
    refunded: int = 0
    travelling: list[datetime] = field(default_factory=list)  # when each request left
    handlers: list[tuple[bool, bool]] = field(default_factory=list)  # asks only, has the event
    said: list[Status] = field(default_factory=list)

    @property
    def payment(self) -> Payment:
        assert self._payment is not None
        return self._payment

    def deliver(self) -> None:
        if self._payment is None:
            self._payment = Payment.begin(self.wanted, self.now)
        else:
            self.payment.resume(self.wanted, self.now)
        if self.payment.status is not Status.PENDING:
            self.conclude(None, consume=True)
            return
        self.set_out(consume=True)

    def set_out(self, *, consume: bool) -> None:
        charges = self.payment.may_charge(self.now)
        if charges:
            self.travelling.append(self.now)
        self.handlers.append((not charges, consume))

    def arrive(self) -> None:
        if self.travelling:
            self.travelling.pop(0)
            self.captured = 1  # the key makes the second request the same charge

    def answer(self, fate: str) -> None:
        if not self.handlers:
            return
        asks_only, consume = self.handlers.pop(0)
        if fate == "crash":
            return
        if fate == "lost":
            self.conclude(Unanswered("lost"), consume=consume)
            return
        if not asks_only:
            self.arrive()
        self.conclude(self.look(), consume=consume)

    def look(self) -> ChargeAnswer:
        return Captured("ch_1") if self.captured else Absent()

    def conclude(self, answer: ChargeAnswer | None, *, consume: bool) -> None:
        if consume and self.consumed:
            return  # AlreadyConsumed: the whole decision is dropped
        self.consumed = self.consumed or consume
        if answer is not None:
            self.payment.record(answer, self.now)
        if self.payment.announce():
            self.said.append(self.payment.status)

    def cancel(self) -> None:
        if self.cancelled:
            return
        self.cancelled = True
        called_off = cancellation(self.wanted.order_id)
        if self._payment is None:
            self._payment = Payment.call_off(called_off, self.now)
        else:
            self.payment.cancel(called_off, self.now)

    def settle(self, *, answered: bool) -> None:
        if self._payment is None or not self.payment.claim(self.now):
            return
        if self.payment.duty in (Duty.CHARGE, Duty.WATCH):
            answer = self.look() if answered else Unanswered("silence")
            wanted = self.payment.duty is Duty.CHARGE and self.payment.may_charge(self.now)
            if isinstance(answer, Absent) and wanted:
                self.set_out(consume=False)
            else:
                self.conclude(answer, consume=False)

    def refund(self, *, answered: bool) -> None:
        if self._payment is None or self.payment.duty is not Duty.REFUND:
            return
        self.refunded = 1
        if answered:
            self.payment.pay_back("re_1", self.now)

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        while self.travelling and self.travelling[0] + LONGEST_TRAVEL <= self.now:
            self.arrive()


STEPS = {
    "deliver": lambda world: world.deliver(),
    "arrive": lambda world: world.arrive(),
    "answer": lambda world: world.answer("answer"),
    "lose": lambda world: world.answer("lost"),
    "crash": lambda world: world.answer("crash"),
    "cancel": lambda world: world.cancel(),
    "settle": lambda world: world.settle(answered=True),
    "settle in vain": lambda world: world.settle(answered=False),
    "refund": lambda world: world.refund(answered=True),
    "refund in vain": lambda world: world.refund(answered=False),
    "wait": lambda world: world.wait(3),
    "wait long": lambda world: world.wait(25),
}


def calm_down(world: World) -> None:
    """No more faults: what is under way ends, and the settlement runs until nothing is open."""
    while not world.consumed or world.handlers:
        world.answer("answer")
        if not world.consumed:
            world.deliver()
    for _ in range(300):
        world.wait(2)
        world.settle(answered=True)
        world.answer("answer")
        world.refund(answered=True)


@settings(max_examples=800, deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=10, max_size=40))
def test_the_books_agree_whatever_the_order_of_events(steps: list[str]) -> None:
    world = World()
    for step in steps:
        STEPS[step](world)
    calm_down(world)
    assert len(world.said) == 1
    assert world.payment.duty is Duty.NONE
    held = world.captured - world.refunded
    assert held == (1 if world.payment.status is Status.SUCCESS else 0)
    assert not (held and world.cancelled)
    if held:
        assert world.said == [Status.SUCCESS]
    else:
        assert world.payment.status in (Status.FAILED, Status.REFUNDED)
