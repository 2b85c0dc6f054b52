"""`python -m chaos.launcher [--arm FILE] [--bug NAME] services.order`: a service, tampered with.

The service's own code runs, with fail-points around its seams and, in tests, with one of its
functions replaced by a wrong one.
"""

import argparse
import runpy
import sys
from pathlib import Path

from chaos.failpoints import points
from chaos.failpoints.switch import Switch
from chaos.planted.bugs import BUGS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m chaos.launcher", description=__doc__)
    parser.add_argument("--arm", type=Path, metavar="FILE", help="where fail-points are armed")
    parser.add_argument("--bug", choices=BUGS, help="what is to be wrong")
    parser.add_argument("module", help="services.<name>")
    told = parser.parse_args()
    if told.bug:
        BUGS[told.bug].plant()
    if told.arm:
        switch = Switch(told.arm)
        points.install(told.module.rpartition(".")[2], switch.passed)
        points.install_bug(switch.heard)
        switch.listen()
    sys.argv = [told.module]
    runpy.run_module(told.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
