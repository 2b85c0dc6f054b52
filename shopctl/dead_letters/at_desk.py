"""The desk of a running shop, for one command; its refusals in the command line's terms."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError

from shared.messaging.desk.desk import Desk
from shared.messaging.desk.errors import DeskError
from shopctl.errors import ShopctlError
from shopctl.shop import find_stack

CONNECT_S = 3.0


class LetterError(ShopctlError):
    pass


@asynccontextmanager
async def desk_at(url: str) -> AsyncIterator[Desk]:
    """Raises LetterError for whatever the desk or the broker refuses."""
    try:
        connection = await nats.connect(
            url, connect_timeout=CONNECT_S, max_reconnect_attempts=1, error_cb=_unsaid
        )
    except (NatsError, OSError) as error:
        raise LetterError(f"NATS does not answer at {url}: {error}") from None
    try:
        yield Desk(lambda: connection)
    except DeskError as error:
        raise LetterError(str(error)) from None
    except NotFoundError:
        raise LetterError("NATS has no stream for this: is it a shop's?") from None
    except (NatsError, OSError) as error:
        raise LetterError(f"NATS did not do it: {error!r}") from None
    finally:
        await connection.close()


def nats_url(run_dir: Path, stated: str | None) -> str:
    """The stated one, else that of the stack in the run directory; raises NoStackError."""
    return stated or find_stack(run_dir).nats.url


async def _unsaid(_error: Exception) -> None:
    """What goes wrong is raised where it matters; nats-py would print it as well."""
