"""What goes into a group commit: the work of one member, and what it decided."""

from collections.abc import Callable
from typing import Generic, TypeVar

from shared.events import Event
from shared.values import value

N = TypeVar("N")
S = TypeVar("S")
R = TypeVar("R")


@value
class Decision(Generic[R]):
    """What a use case decided: its answer, and what it has to say to the other services."""

    result: R
    events: tuple[Event, ...] = ()


@value
class Work(Generic[N, S, R]):
    """One member of a group.

    `needs` names the rows, in the repository's own terms. `decide` is pure, sees the state as it
    was read, which it shares with its neighbours, and checks everything before it changes
    anything; it may be asked again, on what was read anew. `consumed` is the event whose inbox row
    is written with all else.

    `is_early` tells by the state that this has overtaken what as a rule comes before it, and which
    another replica may have in hand at this moment: then it lets two groups go first, so that the
    two do not meet (docs/adr/0023-the-early-wait-a-group.md).
    """

    needs: N
    decide: Callable[[S], Decision[R]]
    consumed: Event | None = None
    is_early: Callable[[S], bool] | None = None
