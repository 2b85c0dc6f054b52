"""The fail-points: where they lie, and which service has them.

Functions at the seams of the pipeline are wrapped from outside; services and `shared` have no
line about it, and a process that is not started by `chaos.launcher` has no fail-point.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from shared.events import Event
from shared.messaging import outbox
from shared.messaging.client import EventClient, EventMsg
from shared.messaging.consumer import Consumer
from shared.messaging.publisher import PipelinedPublisher
from shared.persistence.group_commit import GroupCommit
from shared.persistence.writes import Writes

Passed = Callable[[str], None]
Heard = Callable[[Event], None]

COMMIT = ("before-commit", "after-commit")
PUBLISH = ("before-publish", "after-publish")
MARK = ("before-mark", "after-mark")
CALL = ("before-call", "after-call")
ACK = ("before-ack", "after-ack")
SAYING = (*PUBLISH, *MARK)

POINTS_OF = {
    "order": (*COMMIT, *SAYING, *ACK),
    "inventory": (*COMMIT, *SAYING, *ACK),
    "payment": (*COMMIT, *SAYING, *CALL, *ACK),
    "email": (*COMMIT, *CALL, *ACK),
    "analytics": (*COMMIT, *ACK),
}


def install(service: str, passed: Passed) -> None:
    """Wrap the seams of this process, which is to become that service."""
    _wrap(Writes, "send", passed, before="before-commit")  # in hope, it is the commit
    _wrap(GroupCommit, "_transact", passed, after="after-commit")
    _wrap_plain(PipelinedPublisher, "_send", passed, before="before-publish")
    _wrap_plain(PipelinedPublisher, "_settle", passed, before="after-publish")
    _wrap(outbox, "mark", passed, before="before-mark", after="after-mark")
    _wrap(EventMsg, "ack", passed, before="before-ack", after="after-ack")
    _wrap_plain(EventClient, "acknowledge", passed, before="before-ack", after="after-ack")
    if service == "payment":
        from services.payment.gateway import Provider  # noqa: PLC0415 - only in its own process

        _wrap(Provider, "charge", passed, before="before-call", after="after-call")
    if service == "email":
        from services.email.mailer import SmtpMailer  # noqa: PLC0415 - only in its own process

        _wrap(SmtpMailer, "send", passed, before="before-call", after="after-call")


def install_bug(heard: Heard) -> None:
    """Tell of each event just before its handler is called, which may fail then.

    Handlers are wrapped as they are registered: wherever they are called then, it is the same.
    """
    Consumer.on = _telling(Consumer.on, heard)  # type: ignore[method-assign]  # in its own process
    Consumer.deciding = _telling(Consumer.deciding, heard)  # type: ignore[method-assign]  # as above


def _telling(subscribe: Callable[..., Any], heard: Heard) -> Any:
    @wraps(subscribe)
    def subscribing(*args: Any, **options: Any) -> Callable[..., Any]:
        register = subscribe(*args, **options)

        def register_telling(handler: Callable[[Any], Any]) -> Any:
            @wraps(handler)
            def told(event: Event) -> Any:
                heard(event)
                return handler(event)

            return register(told)

        return register_telling

    return subscribing


def _wrap(owner: Any, name: str, passed: Passed, *, before: str = "", after: str = "") -> None:
    inner = getattr(owner, name)

    @wraps(inner)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        passed(before)
        result = await inner(*args, **kwargs)
        passed(after)
        return result

    setattr(owner, name, wrapped)


def _wrap_plain(owner: Any, name: str, passed: Passed, *, before: str, after: str = "") -> None:
    inner = getattr(owner, name)

    @wraps(inner)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        passed(before)
        result = inner(*args, **kwargs)
        passed(after)
        return result

    setattr(owner, name, wrapped)
