"""What a fault is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from chaos.stage import Stage


class Fault(ABC):
    """One row of the fault table.

    Attributes:
        promise_s: orders are confirmed again so soon after the part's return; None: no promise.
        replicas, settings: the stack that the fault wants, beside the ordinary one.
        launched: services must be started by `chaos.launcher`.
        under_load: orders arrive all the time; else only those of the fault itself.
        repeats_mails: a mail server's answer may be lost, and so a mail come twice.
        settle_s: what is noticed by a slow watch only is noticed by then.
        is_heavy: a round takes long, and a tenth of the rounds is enough.
    """

    name: str
    does: str
    promise_s: float | None = None
    replicas: ClassVar[Mapping[str, int]] = {}
    settings: ClassVar[Mapping[str, str]] = {}
    launched: ClassVar[bool] = False
    under_load: ClassVar[bool] = True
    is_heavy: ClassVar[bool] = False
    repeats_mails: ClassVar[bool] = True
    settle_s: ClassVar[float] = 0.0

    @abstractmethod
    async def strike(self, stage: Stage) -> int:
        """Let it happen once, and return how many times it did, as soon as the part is back.

        Raises:
            DidNotFireError: it cannot be shown that it happened.
        """

    def rounds(self, asked: int) -> int:
        return max(1, asked // 10) if self.is_heavy else asked
