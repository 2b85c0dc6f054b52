"""What a process counts, one namespace a topic; `/metrics` shows it (shared.http.metrics).

Created once a process. Children of labelled metrics are kept: `labels()` costs more than `inc()`.
"""

from bisect import bisect_left

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MEMBERS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


def observe(histogram: Histogram, value: float, *, times: int) -> None:
    """Observe a value so many times; prometheus_client takes 2 µs for each.

    It rests on two private parts, and `tests/unit/shared/test_metrics.py` fails when they change.
    """
    histogram._sum.inc(value * times)
    histogram._buckets[bisect_left(histogram._upper_bounds, value)].inc(times)


class HttpMetrics:
    """Requests; the histogram's `_count` is the number of requests."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "shop_http_request_seconds",
            "Time from a request's first byte to its answer's last, by method, route and status",
            ["method", "route", "status"],
            buckets=SECONDS,
            registry=registry,
        )


class SubscriptionMetrics:
    """One subscription's share of ConsumerMetrics: the children for its durable."""

    __slots__ = ("dead_lettered", "duplicates", "failed", "handler_seconds", "lag", "processed")

    def __init__(self, metrics: "ConsumerMetrics", durable: str) -> None:
        self.processed = metrics.processed.labels(durable)
        self.failed = metrics.failed.labels(durable)
        self.dead_lettered = metrics.dead_lettered.labels(durable)
        self.duplicates = metrics.duplicates.labels(durable)
        self.lag = metrics.lag.labels(durable)
        self.handler_seconds = metrics.handler_seconds.labels(durable)

    def handled(self, events: int, seconds: float) -> None:
        """Count events that took so long together: each of them had to wait for all."""
        self.processed.inc(events)
        observe(self.handler_seconds, seconds, times=events)


class ConsumerMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, documentation: str) -> Counter:
            return Counter(f"shop_consumer_{name}", documentation, label, registry=registry)

        label = ["subscription"]
        self.processed = counter("processed", "Events handled and acknowledged")
        self.failed = counter("failed", "Attempts that ended in an error, to be tried again")
        self.dead_lettered = counter("dead_lettered", "Events given up and kept as dead letters")
        self.duplicates = counter("duplicates", "Events acknowledged because they were known")
        self.lag = Gauge(
            "shop_consumer_lag",
            "Events in the stream that no consumer of the subscription has acknowledged",
            label,
            registry=registry,
        )
        self.max_deliveries = counter(
            "max_deliveries", "Advisories that the broker gave up on a message: never, as it is set"
        )
        self.handler_seconds = Histogram(
            "shop_consumer_handler_seconds",
            "Time in the handler, its commit included",
            label,
            buckets=SECONDS,
            registry=registry,
        )

    def of(self, durable: str) -> SubscriptionMetrics:
        return SubscriptionMetrics(self, durable)


class DeadLetterMetrics:
    """Of the service's own group; discarded letters do not count."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.letters = Gauge(
            "shop_dead_letters", "Dead letters that wait for an operator", registry=registry
        )
        self.oldest_age = Gauge(
            "shop_dead_letters_oldest_age_seconds",
            "Age of the oldest dead letter that waits for an operator; 0 if there is none",
            registry=registry,
        )


class RelayMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.pending = Gauge(
            "shop_relay_pending", "Outbox rows not yet published", registry=registry
        )
        self.oldest_age = Gauge(
            "shop_relay_oldest_age_seconds",
            "Age of the oldest outbox row not yet published",
            registry=registry,
        )
        self.published = Counter(
            "shop_relay_published", "Events that the broker acknowledged", registry=registry
        )
        self.republished = Counter(
            "shop_relay_republished",
            "Events published again, because the broker had lost them",
            registry=registry,
        )


class GroupCommitMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.size = Histogram(
            "shop_group_commit_size", "Members of a group", buckets=MEMBERS, registry=registry
        )
        self.seconds = Histogram(
            "shop_group_commit_seconds",
            "Time of one transaction, from BEGIN to COMMIT",
            buckets=SECONDS,
            registry=registry,
        )
        self.queue_depth = Gauge(
            "shop_group_commit_queue_depth", "Work that waits for a group", registry=registry
        )

    def committed(self, size: int, seconds: float) -> None:
        self.size.observe(size)
        self.seconds.observe(seconds)


class SeenMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.missed = Counter(
            "shop_seen_missed", "Look-ups and marks that Redis did not answer", registry=registry
        )


class Metrics:
    """All of the above and the process's own (memory, CPU, files), on one registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self.http = HttpMetrics(self.registry)
        self.consumers = ConsumerMetrics(self.registry)
        self.dead_letters = DeadLetterMetrics(self.registry)
        self.relay = RelayMetrics(self.registry)
        self.group_commit = GroupCommitMetrics(self.registry)
        self.seen = SeenMetrics(self.registry)
        ProcessCollector(registry=self.registry)
