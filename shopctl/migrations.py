"""`python -m shopctl.migrations`: the schemas of all services, in one process.

One process each would spend most of its time on the same imports. Reads `{service: url}`, JSON,
from standard input.
"""

import json
import sys

from shared.persistence.migrations import upgrade


def main() -> None:
    databases: dict[str, str] = json.load(sys.stdin)
    for service, url in databases.items():
        upgrade(service, url)


if __name__ == "__main__":
    main()
