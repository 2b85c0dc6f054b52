"""`python -m loadtests.baselines.tutorial.serve order`: one of the five, as a process."""

import os
import sys
from importlib import import_module

import uvicorn

from loadtests.baselines.tutorial.kit import app


def main() -> None:
    import_module(f"loadtests.baselines.tutorial.{sys.argv[1]}")  # puts itself on the kit's app
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["SHOP_HTTP_PORT"]), access_log=False)


if __name__ == "__main__":
    main()
