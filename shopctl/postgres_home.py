"""Where Postgres lives. It refuses to be root: then it has an account of its own.

That account may not be able to enter the checkout (one in /root): so its folder lies under the
temporary directory, and the wheel's binaries are copied there if they must be. No permission of
any other folder is changed.
"""

import os
import pwd
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from shopctl import wheels
from shopctl.errors import ShopctlError
from shopctl.processes import identity

ACCOUNT = "pgserver"  # the wheel's own name for it


def account() -> str | None:
    """The account that Postgres runs under, made if it is not there; None: ours."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        _add_account()
    return ACCOUNT


def _add_account() -> None:
    command = ("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT)
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        with suppress(KeyError):  # another checkout was quicker
            pwd.getpwnam(ACCOUNT)
            return
        raise ShopctlError(f"as root, Postgres needs an account {ACCOUNT!r}: {error}") from error


def make_folders(private: Path, user: str | None) -> None:
    owner = os.getuid() if user is None else pwd.getpwnam(user).pw_uid
    for folder in (private, private / "data", private / "socket"):
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid not in {owner, os.getuid()}:
            raise ShopctlError(f"{folder} belongs to somebody else: remove it")
        os.chown(folder, owner, -1)


def binaries(private: Path, user: str | None) -> Path:
    """The wheel's binaries; a copy of them if `user` cannot get there (a checkout in /root)."""
    installed = wheels.postgres()
    if user is None or _can_run(installed / "bin/initdb", user):
        return installed / "bin"
    copied = private / "installation"
    if not copied.exists():
        _copy_installation(installed, copied, user)
    return copied / installed.parent.name / installed.name / "bin"


def _can_run(binary: Path, user: str) -> bool:
    try:
        subprocess.run((binary, "--version"), check=True, capture_output=True, **identity(user))
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _copy_installation(installed: Path, target: Path, user: str) -> None:
    """Keeps the wheel's layout: the binaries look for their libraries beside the package."""
    package = installed.parent
    libraries = package.with_name(f"{package.name}.libs")
    for folder in (installed, *filter(Path.is_dir, [libraries])):
        copy = target / folder.relative_to(package.parent)
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (target, *target.rglob("*")):
        shutil.chown(path, user)
