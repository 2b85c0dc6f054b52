"""How far an order is."""

from enum import IntEnum


class Course(IntEnum):
    """In the order in which an order passes them; cancelled beats all."""

    PLACED = 1
    RESERVED = 2
    CONFIRMED = 3
    SHIPPED = 4
    CANCELLED = 5
