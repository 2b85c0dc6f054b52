"""Ctrl-C, SIGTERM and a closed terminal while processes of ours are up."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def all_like_ctrl_c() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP do what Ctrl-C does, so that `finally` runs for all of them."""
    with _handled(*(ending for ending in ENDINGS[1:] if not _is_ignored(ending)), by=_interrupt):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Inside, an impatient second Ctrl-C does nothing: what is being taken down must go."""
    with _handled(*ENDINGS, by=signal.SIG_IGN):
        yield


@contextmanager
def _handled(*endings: signal.Signals, by: "signal._HANDLER") -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {ending: signal.signal(ending, by) for ending in endings}
    try:
        yield
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)


def _interrupt(_number: int, frame: FrameType | None) -> None:
    """Hands over to asyncio's handler where there is one (a job in the background has none)."""
    on_ctrl_c = signal.getsignal(signal.SIGINT)
    if not callable(on_ctrl_c):
        raise KeyboardInterrupt
    on_ctrl_c(signal.SIGINT, frame)


def _is_ignored(ending: signal.Signals) -> bool:
    """As under nohup."""
    return signal.getsignal(ending) == signal.SIG_IGN
