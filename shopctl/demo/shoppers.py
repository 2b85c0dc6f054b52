"""Who buys what in the demo, how they pay, and what becomes of it. Pure, but for the given dice."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from shared.events import CancelReason
from shopctl.catalogue_file import Product
from shopctl.demo.course import Course
from shopctl.demo.goods import is_scarce

ORDERS_A_CUSTOMER = 3
MOST_ITEMS = 4
MOST_OF_ONE = 3
FIRST_NAMES = ("Ada", "Alan", "Barbara", "Edsger", "Grace", "Hedy", "Katherine", "Ole", "Radia")
LAST_NAMES = ("Adler", "Brandt", "Costa", "Duval", "Ekman", "Fischer", "Haas", "Ito", "Lund")


@dataclass(frozen=True, slots=True)
class Habit:
    """One kind of customer: `ends` says how their orders may end, with the reason if cancelled."""

    named: str
    share: int  # of 100
    ends: frozenset[Course | CancelReason]
    payment_method: str = "card_ok"
    wants_scarce: bool = False
    cancels_when: Course | None = None
    is_shipped: bool = False


CONFIRMED = frozenset({Course.CONFIRMED})
CALLED_OFF = frozenset({CancelReason.CUSTOMER_REQUEST})

HABITS = (
    Habit("pay", 48, CONFIRMED),
    Habit("pay, and get it", 14, frozenset({Course.SHIPPED}), is_shipped=True),
    Habit("have a card declined", 8, frozenset({CancelReason.PAYMENT_FAILED}), "card_declined"),
    Habit("pay, the answer is lost", 4, CONFIRMED, "card_timeout"),
    Habit("pay at the second try", 6, CONFIRMED, "card_flaky"),
    Habit("pay slowly", 4, CONFIRMED, "card_slow"),
    Habit(
        "want what is scarce",
        7,
        frozenset({Course.CONFIRMED, CancelReason.OUT_OF_STOCK}),
        wants_scarce=True,
    ),
    Habit("cancel at once", 3, CALLED_OFF, cancels_when=Course.PLACED),
    Habit("cancel while they pay", 3, CALLED_OFF, "card_slow", cancels_when=Course.RESERVED),
    Habit("cancel after paying", 3, CALLED_OFF, cancels_when=Course.CONFIRMED),
)


@dataclass(frozen=True, slots=True)
class Shopper:
    """One order to be."""

    habit: Habit
    customer_id: str
    email: str
    items: tuple[tuple[str, int], ...]  # SKU, quantity


def shoppers(random: Random, products: Sequence[Product], *, orders: int) -> list[Shopper]:
    """In the order of their coming."""
    scarce = [product.sku for product in products if is_scarce(product)]
    common = [product.sku for product in products if not is_scarce(product)]
    customers = max(1, orders // ORDERS_A_CUSTOMER)
    return [
        _shopper(habit, random, scarce if habit.wants_scarce else common, customers=customers)
        for habit in _habits(random, orders)
    ]


def _habits(random: Random, orders: int) -> list[Habit]:
    """Each in its share, as exactly as whole orders allow; what is left over pays."""
    chosen = [habit for habit in HABITS for _ in range(habit.share * orders // 100)]
    chosen += [HABITS[0]] * (orders - len(chosen))
    random.shuffle(chosen)
    return chosen


def _shopper(habit: Habit, random: Random, skus: Sequence[str], *, customers: int) -> Shopper:
    number = random.randrange(customers)
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]
    customer = f"{first}.{last}.{number}".lower()
    chosen = random.sample(skus, random.randint(1, MOST_ITEMS))
    items = tuple((sku, random.randint(1, MOST_OF_ONE)) for sku in chosen)
    return Shopper(habit, customer, f"{customer}@example.com", items)
