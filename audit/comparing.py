"""Every comparison that was asked for, once everything is read."""

from audit import access, analytics, delivery, mails, money, recount, sample, stock
from audit.evidence import Evidence
from audit.plan import Plan
from audit.reading import reports
from audit.reading.http import client
from audit.rows import Event, Heard, Letter, Mail, Movement, Order, Shelf
from audit.scope import Horizon
from audit.violations import Findings, Invariant

# The oldest event that analytics counted, and the span of what the streams hold.
OLDEST_HEARD = "SELECT coalesce(min(event_id), '~') FROM heard WHERE service = 'analytics'"
FORGETTING = "SELECT count(*) FROM extents WHERE first_seq > 1"
SPAN = "SELECT coalesce(min(at_us), 0), coalesce(max(at_us), 0) FROM events"


async def compare(plan: Plan, evidence: Evidence, findings: Findings) -> None:
    """Raises StackError if a service does not answer."""
    horizon = _horizon(plan, evidence)
    if plan.wants(Invariant.I1):
        findings.add(access.missing(evidence, plan.scope.horizon(forgetting=False)))
        await sample.read(plan, evidence, findings)
    if plan.wants(Invariant.I3, Invariant.I10):
        findings.add(money.violations(evidence))
    if plan.wants(Invariant.I4, Invariant.I10):
        findings.add(stock.violations(evidence))
    if plan.wants(Invariant.I5):
        _mails(plan, evidence, findings, horizon)
    if plan.wants(Invariant.I7):
        findings.add(delivery.violations(evidence, horizon))
    if plan.wants(Invariant.I8):
        await _analytics(plan, evidence, findings, horizon)
    if not plan.probe:
        findings.note(Invariant.I9, "only what is kept for keys; --probe tries it")
    _count(evidence, findings)


def _horizon(plan: Plan, evidence: Evidence) -> Horizon:
    ((forgetting,),) = evidence.select(FORGETTING)
    return plan.scope.horizon(forgetting=bool(forgetting))


def _mails(plan: Plan, evidence: Evidence, findings: Findings, horizon: Horizon) -> None:
    if plan.stack.mail.url is None:
        findings.skip(
            Invariant.I5, "the mail server is not the sandbox's: what it received is not ours"
        )
        return
    findings.add(mails.violations(evidence, horizon))
    if not plan.repeats_allowed:
        findings.add(mails.repeated(evidence))
    elif repeats := mails.repeats(evidence):
        findings.note(Invariant.I5, f"{repeats} repeats under the same Message-ID (allowed)")
    if refused := mails.refused(evidence):
        findings.note(Invariant.I5, f"{refused} in email's dead letters")


async def _analytics(plan: Plan, evidence: Evidence, findings: Findings, horizon: Horizon) -> None:
    ((oldest,),) = evidence.select(OLDEST_HEARD)
    if plan.scope.since is not None:
        findings.skip(Invariant.I8, "--since: a recount begins at the streams' first message")
    elif oldest < horizon.events:
        findings.skip(Invariant.I8, "analytics has heard more than the streams remember")
    else:
        ((first_us, last_us),) = evidence.select(SPAN)
        service, token = plan.stack.services["analytics"], plan.stack.tokens.customer
        async with client(service.url, token) as http:
            reported = await reports.read(http, first_us=first_us, last_us=last_us)
        findings.add(analytics.compare(recount.recount(evidence), reported))


def _count(evidence: Evidence, findings: Findings) -> None:
    """Say how much each check looked at: a check of nothing proves nothing."""
    orders, events = f"{evidence.count(Order):,} orders", f"{evidence.count(Event):,} events"
    for invariant in (Invariant.I1, Invariant.I2, Invariant.I6, Invariant.I10):
        findings.note(invariant, orders)
    findings.note(Invariant.I3, f"{orders}, {evidence.count(Movement):,} movements")
    findings.note(Invariant.I4, f"{evidence.count(Shelf):,} SKUs")
    findings.note(Invariant.I5, f"{evidence.count(Mail):,} mails")
    heard, letters = f"{evidence.count(Heard):,} inbox rows", evidence.count(Letter)
    findings.note(Invariant.I7, f"{events}, {heard}, {letters:,} dead letters")
    findings.note(Invariant.I8, events)
