"""The dead-letter desk over HTTP, for operators: of the service's own group alone."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, FastAPI, Query
from nats.errors import Error as NatsError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.errors import DependencyDown
from shared.http import problems
from shared.http.auth import operator_only
from shared.messaging.desk.desk import Desk
from shared.messaging.desk.editing import Mend
from shared.messaging.desk.errors import BadEdit, DeskError, NoSuchLetter, Refusal
from shared.messaging.desk.letters import State
from shared.messaging.desk.selection import Selection, count, parse_age
from shared.messaging.desk.views import (
    LettersView,
    LetterView,
    RecordView,
    ReplaysView,
    SkippedView,
    WholeLetterView,
)

ERRORS: dict[type[Exception], int] = {NoSuchLetter: 404, Refusal: 409, BadEdit: 422}
LOOKED_AT = 10_000  # so many, the oldest: a service has other work too

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Age = Annotated[str | None, Query(pattern=r"^\d{1,6}[smhd]$", description="As in 90s, 2h, 3d.")]


class ReplayBody(BaseModel):
    """How to mend the event, if it is to be mended: some values, or the whole of it."""

    model_config = ConfigDict(extra="forbid")

    who: Words = Field("operator", description="Noted beside the action.")
    values: dict[str, Any] = Field({}, alias="set", description="Values by dotted path.")
    event: dict[str, Any] | None = Field(None, description="The whole event.")
    again: bool = Field(False, description="Also if it was handled or discarded.")  # noqa: FBT003 - pydantic's default

    @property
    def mend(self) -> Mend:
        return Mend(self.values, None if self.event is None else orjson.dumps(self.event))


class DiscardBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    who: Words = Field("operator", description="Noted beside the action.")
    reason: Words


def install(app: FastAPI, desk: Desk) -> None:
    """Add the routes, and say which error is which status."""
    app.include_router(router(desk))
    problems.register(app, ERRORS)


def router(desk: Desk) -> APIRouter:
    routes = APIRouter(
        prefix="/dead-letters",
        tags=["dead letters"],
        dependencies=[Depends(operator_only), Depends(_broker_answers)],
    )

    @routes.get("")
    async def dead_letters(
        selection: Annotated[Selection, Depends(_selection)],
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> LettersView:
        """What lies there: counted by kind, and the oldest one by one."""
        found = await desk.letters(selection, limit=LOOKED_AT)
        letters = [LetterView.of(each) for each in found[:limit]]
        return LettersView(counts=count(found), letters=letters, total=len(found))

    @routes.post("/replay", status_code=202)
    async def replay_all(
        selection: Annotated[Selection, Depends(_selection)],
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        body: ReplayBody | None = None,
    ) -> ReplaysView:
        """Send all open ones of a kind again, the oldest first; `GET` shows which they are."""
        wanted = body or ReplayBody.model_validate({})
        found = await desk.letters(replace(selection, state=State.OPEN), limit=LOOKED_AT)
        view = ReplaysView(sent=[], skipped=[], left=len(found[limit:]))
        for seq in (each.letter.seq for each in found[:limit]):
            try:
                sent = await desk.replay(seq, who=wanted.who, mend=wanted.mend)
                view.sent.append(RecordView.of(sent))
            except DeskError as error:
                view.skipped.append(SkippedView(seq=seq, reason=str(error)))
        return view

    @routes.get("/{seq}")
    async def dead_letter(seq: int) -> WholeLetterView:
        """One letter: the event, its error, and all that was done with it."""
        return WholeLetterView.of(await desk.letter(seq))

    @routes.post("/{seq}/replay", status_code=202)
    async def replay(seq: int, body: ReplayBody | None = None) -> RecordView:
        """Send it again, to this service alone; the answer comes before it is handled."""
        wanted = body or ReplayBody.model_validate({})
        sent = await desk.replay(seq, who=wanted.who, mend=wanted.mend, again=wanted.again)
        return RecordView.of(sent)

    @routes.post("/{seq}/discard")
    async def discard(seq: int, body: DiscardBody) -> RecordView:
        """Give it up, and say why. It stays where it is."""
        return RecordView.of(await desk.discard(seq, who=body.who, reason=body.reason))

    return routes


async def _selection(
    subject: Annotated[str | None, Query(pattern=r"^[\w*>.]+$")] = None,
    error: Annotated[str | None, Query(description="A part of the error's text.")] = None,
    older: Age = None,
    newer: Age = None,
    state: State | None = None,
) -> Selection:
    return Selection(
        subject=subject,
        error=error,
        older=parse_age(older) if older else None,
        newer=parse_age(newer) if newer else None,
        state=state,
    )


async def _broker_answers() -> AsyncIterator[None]:
    try:
        yield
    except (NatsError, OSError) as error:
        raise DependencyDown("broker", repr(error)) from error
