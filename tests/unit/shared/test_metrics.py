"""What the metrics show."""

from prometheus_client import CollectorRegistry, Histogram

from shared.metrics import SECONDS, Metrics, observe


def test_a_value_observed_so_many_times_counts_as_often() -> None:
    registry = CollectorRegistry()
    one_by_one = Histogram("one_by_one", "-", buckets=SECONDS, registry=registry)
    at_once = Histogram("at_once", "-", buckets=SECONDS, registry=registry)
    for value in (0.0, 0.001, 0.0011, 0.3, 30.0, 31.0):
        for _ in range(3):
            one_by_one.observe(value)
        observe(at_once, value, times=3)
    shown = {
        name: [
            (sample.name.removeprefix(name), sample.labels, round(sample.value, 6))
            for metric in registry.collect()
            for sample in metric.samples
            if sample.name.startswith(name) and not sample.name.endswith("_created")
        ]
        for name in ("one_by_one", "at_once")
    }
    assert shown["one_by_one"] == shown["at_once"]
    assert len(shown["at_once"]) == len(SECONDS) + 3


def test_events_handled_together_count_as_events() -> None:
    metrics = Metrics()
    metrics.consumers.of("order-StockReserved").handled(5, 0.02)
    labels = {"subscription": "order-StockReserved"}
    for name, value in (("processed_total", 5), ("handler_seconds_count", 5)):
        assert metrics.registry.get_sample_value(f"shop_consumer_{name}", labels) == value
