"""`python -m loadtests.baselines.tutorial.serve order`: one of the five, as a process."""

import os
import sys

import uvicorn

from loadtests.baselines.tutorial.kit import app
from loadtests.baselines.tutorial.ordering import inventory, order
from loadtests.baselines.tutorial.settling import analytics, email, payment

SERVICES = {it.__name__: it for it in (order, inventory, payment, email, analytics)}


def main() -> None:
    SERVICES[sys.argv[1]]()
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["SHOP_HTTP_PORT"]), access_log=False)


if __name__ == "__main__":
    main()
