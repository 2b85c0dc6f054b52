"""`python -m shared.healthcheck URL`: exit 0 if it answers 200, otherwise 1 with what it said.

For container health checks: the image has no curl. A bare socket, because the probe runs every
few seconds in each container, and importing urllib takes three times as long as all the rest.
"""

import socket
import sys
from http import HTTPStatus
from urllib.parse import urlsplit

TIMEOUT_S = 2.0


def status_of(url: str, *, timeout_s: float = TIMEOUT_S) -> int:
    """Return the status that a GET is answered with; OSError or ValueError if there is none."""
    where = urlsplit(url)
    address = (where.hostname or "", where.port or 80)
    request = f"GET {where.path or '/'} HTTP/1.0\r\nHost: {where.netloc}\r\n\r\n"
    with socket.create_connection(address, timeout_s) as connection:
        connection.sendall(request.encode())
        line = connection.makefile("rb").readline().decode("latin-1")
    version, _, rest = line.partition(" ")
    if not version.startswith("HTTP/"):
        raise ValueError(f"no answer in HTTP, but {line!r}")
    return int(rest[:3])


def main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        sys.exit("usage: python -m shared.healthcheck URL")
    try:
        status = status_of(arguments[0])
    except (OSError, ValueError) as error:
        sys.exit(f"{arguments[0]}: {error or type(error).__name__}")
    if status != HTTPStatus.OK:
        sys.exit(f"{arguments[0]}: {status}")


if __name__ == "__main__":
    main(sys.argv[1:])
