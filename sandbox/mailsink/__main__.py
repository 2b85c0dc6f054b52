"""The mail sink's process."""

from argparse import Namespace
from functools import partial
from random import Random

import structlog

from sandbox.faults import Fault, Faults
from sandbox.http1 import Http1
from sandbox.journal import Journal
from sandbox.mailsink.api import MailApi
from sandbox.mailsink.mailbox import Mailbox
from sandbox.mailsink.smtp import Smtp
from sandbox.mailsink.trouble import Recipients, Trouble
from sandbox.process import Listener, arguments, run

log = structlog.get_logger()


def parsed(argv: list[str] | None = None) -> Namespace:
    parser = arguments("sandbox.mailsink", "A mail server that delivers nothing, and shows all.")
    parser.add_argument("--smtp-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--http-port", type=int, default=0, help="0 takes a free one")
    return parser.parse_args(argv)


def build(options: Namespace) -> tuple[Listener, ...]:
    mailbox = Mailbox(Journal(options.store))
    log.info("mailbox.loaded", mails=len(mailbox))
    faults = Faults(Fault[Trouble], Random(options.seed))
    smtp = partial(Smtp, mailbox, Recipients(), faults)
    http = partial(Http1, MailApi(mailbox, faults).routes())
    return (
        Listener("smtp", options.host, options.smtp_port, smtp),
        Listener("http", options.host, options.http_port, http),
    )


if __name__ == "__main__":
    run(partial(build, parsed()))
