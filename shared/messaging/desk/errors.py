"""Why the desk does not do what it was asked.

DeskError
├── NoSuchLetter     there is none of that number, or it is another group's
├── BadEdit          what would be sent is not the event
└── Refusal          it is there, but not in the state for it
"""


class DeskError(Exception):
    """Its text is meant for the operator."""


class NoSuchLetter(DeskError):
    def __init__(self, seq: int, group: str | None = None) -> None:
        self.seq = seq
        who = f"{group} has no" if group else "nobody has a"
        super().__init__(f"{who} dead letter {seq}")


class BadEdit(DeskError):
    pass


class Refusal(DeskError):
    def __init__(self, seq: int, reason: str) -> None:
        self.seq = seq
        super().__init__(f"dead letter {seq} {reason}")
