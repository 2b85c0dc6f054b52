"""Value objects: equal if their fields are, and never changed once they are made.

    @value
    class Line:
        sku: str
        quantity: int

That nobody changes one is checked by mypy, which refuses the assignment, and not again at run time:
a frozen dataclass sets each field by a call of its own, 0.75 µs for four where this takes 0.21, and
each event that is heard makes two at the least, its work and its decision.
"""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """Make a dataclass with slots, equality and a hash; for the type checker it is frozen."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
