"""Which bugs there are, and where each is planted. docs/explanation/planted-bugs.md tells more."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True, slots=True)
class Bug:
    """A wrong variant of one function of `service`.

    `module` is the one beside this that has it; `invariants` are those of reliability.md that it
    breaks.
    """

    name: str
    service: str
    module: str
    invariants: frozenset[str]

    def plant(self) -> None:
        """Replace the function, in this process. Only its own service's modules are imported."""
        module = import_module(f"chaos.planted.{self.module}")
        getattr(module, self.name.replace("-", "_"))()


def _bug(name: str, service: str, module: str, *invariants: str) -> Bug:
    return Bug(name, service, module, frozenset(invariants))


_ALL = (
    _bug("ack-before-commit", "inventory", "messaging_bugs", "I7"),
    _bug("inbox-row-dropped", "analytics", "messaging_bugs", "I7", "I8"),
    _bug("relay-with-cursor", "order", "messaging_bugs", "I7"),
    _bug("charge-without-key", "payment", "payment_bugs", "I3"),
    _bug("check-then-update", "inventory", "inventory_bugs", "I4"),
    _bug("mail-before-intent", "email", "email_bugs", "I5"),
    _bug("confirm-blindly", "order", "order_bugs", "I2"),
)
BUGS: Mapping[str, Bug] = {bug.name: bug for bug in _ALL}
