"""The payment provider's process."""

from argparse import Namespace
from functools import partial
from random import Random

import structlog

from sandbox.faults import Fault, Faults
from sandbox.http1 import Http1
from sandbox.journal import Journal
from sandbox.process import Listener, arguments, run
from sandbox.provider.api import ProviderApi
from sandbox.provider.cards import Cards
from sandbox.provider.ledger import Ledger
from sandbox.provider.outages import Outage

log = structlog.get_logger()


def parsed(argv: list[str] | None = None) -> Namespace:
    parser = arguments("sandbox.provider", "A payment provider that behaves as the card says.")
    parser.add_argument("--port", type=int, default=0, help="of HTTP; 0 takes a free one")
    parser.add_argument("--drop-after", type=float, default=1.0, help="seconds, of card_timeout")
    parser.add_argument("--slow", type=float, default=0.5, help="seconds, of card_slow")
    return parser.parse_args(argv)


def build(options: Namespace) -> tuple[Listener, ...]:
    ledger = Ledger(Journal(options.store))
    log.info("ledger.loaded", movements=len(ledger))
    cards = Cards(slow_s=options.slow, drop_after_s=options.drop_after)
    api = ProviderApi(ledger, cards, Faults(Fault[Outage], Random(options.seed)))
    return (Listener("http", options.host, options.port, partial(Http1, api.routes())),)


if __name__ == "__main__":
    run(partial(build, parsed()))
