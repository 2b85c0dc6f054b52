"""Replaying many letters: first all is looked at, then asked, then sent and followed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console

from shared.messaging.desk.desk import Desk
from shared.messaging.desk.editing import AS_IT_IS, Mend
from shared.messaging.desk.errors import BadEdit, DeskError, Refusal
from shared.messaging.desk.hindrance import hindrance
from shared.messaging.desk.letters import Action, Filed, Record
from shared.messaging.desk.selection import Selection
from shopctl.progress import progress


@dataclass(frozen=True, slots=True)
class Chosen:
    """The letters to send; and those that are not sent, with the reason."""

    letters: list[Filed]
    skipped: list[Refusal]


@dataclass(frozen=True, slots=True)
class Wish:
    """How they are sent, and who wants it."""

    mend: Mend
    who: str
    again: bool


@dataclass(slots=True)
class Outcome:
    """How it went. What is in `sent` and has no end is still on its way."""

    sent: list[Record] = field(default_factory=list)
    ends: list[Record] = field(default_factory=list)
    skipped: list[DeskError] = field(default_factory=list)

    @property
    def handled(self) -> int:
        return sum(end.action is Action.HANDLED for end in self.ends)

    @property
    def failed(self) -> list[Record]:
        return [end for end in self.ends if end.action is Action.FAILED]

    @property
    def under_way(self) -> int:
        return len(self.sent) - len(self.ends)

    @property
    def is_good(self) -> bool:
        """All that was asked for is handled."""
        return self.handled == len(self.sent) and not self.skipped


async def choose(
    desk: Desk, numbers: Sequence[int], selection: Selection, *, again: bool
) -> Chosen:
    """Look the letters up by their numbers; without numbers, all that are meant."""
    if numbers:
        found = [await desk.letter(seq) for seq in dict.fromkeys(numbers)]
    else:
        found = await desk.letters(selection)
    chosen = Chosen([], [])
    for each in found:
        reason = hindrance(each, again=again)
        if reason is None:
            chosen.letters.append(each)
        else:
            chosen.skipped.append(Refusal(each.letter.seq, reason))
    return chosen


async def check(desk: Desk, letters: Sequence[Filed], mend: Mend) -> None:
    """Try the edit on each letter, so that nothing is sent if it fits one of them badly.

    Raises:
        BadEdit: with the letter's number.
    """
    if mend == AS_IT_IS:
        return
    for each in letters:
        whole = each if each.letter.data is not None else await desk.letter(each.letter.seq)
        try:
            mend.applied(whole.letter)
        except BadEdit as bad:
            raise BadEdit(f"dead letter {each.letter.seq}: {bad}") from None


async def replay(desk: Desk, chosen: Chosen, wish: Wish, console: Console) -> Outcome:
    """Send them, one after the other; what somebody else was faster with is skipped."""
    outcome = Outcome(skipped=list(chosen.skipped))
    with progress(console, "sent", total=len(chosen.letters), unit="letters") as advance:
        for each in chosen.letters:
            seq = each.letter.seq
            try:
                sent = await desk.replay(seq, who=wish.who, mend=wish.mend, again=wish.again)
                outcome.sent.append(sent)
            except DeskError as refused:
                outcome.skipped.append(refused)
            advance(1)
    return outcome


async def follow(desk: Desk, outcome: Outcome, *, within_s: float, console: Console) -> None:
    """Note how they end, as they end."""
    if not outcome.sent or within_s <= 0:
        return
    numbers = [record.letter_seq for record in outcome.sent]
    ends = desk.outcomes(numbers, from_seq=outcome.sent[0].seq, within_s=within_s)
    with progress(console, "ended", total=len(numbers), unit="letters") as advance:
        async for end in ends:
            outcome.ends.append(end)
            advance(1)
