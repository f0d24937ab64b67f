"""The numbers shown to Prometheus."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd import clock, metrics

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clean():
    yield
    metrics.forget("ebay-de")


def value(name, **labels):
    return metrics.REGISTRY.get_sample_value(name, labels)


def test_success_brings_the_account_up_and_says_when():
    with clock.frozen(NOON):
        metrics.succeeded("ebay-de", "orders")
    assert value("syncd_account_up", account="ebay-de") == 1
    assert (
        value("syncd_last_success_timestamp_seconds", account="ebay-de", stream="orders")
        == NOON.timestamp()
    )


def test_failure_brings_the_account_down_and_counts_the_class():
    before = value("syncd_errors_total", **{"class": "ConnectionResetError"}) or 0
    metrics.failed("ebay-de", ConnectionResetError())
    assert value("syncd_account_up", account="ebay-de") == 0
    assert value("syncd_errors_total", **{"class": "ConnectionResetError"}) == before + 1


def test_what_an_account_goes_on_without_brings_it_not_down():
    metrics.succeeded("ebay-de", "orders")
    metrics.failed("ebay-de", PermissionError(), down=False)
    assert value("syncd_account_up", account="ebay-de") == 1


def test_of_a_stream_that_is_gone_nothing_is_exposed_that_could_look_stale():
    for stream in ("orders", "messages"):
        metrics.succeeded("ebay-de", stream)
        metrics.stored("ebay-de", stream, NOON)
    metrics.forget_stream("ebay-de", "orders")
    for name in ("syncd_last_success_timestamp_seconds", "syncd_lag_seconds"):
        assert value(name, account="ebay-de", stream="orders") is None
        assert value(name, account="ebay-de", stream="messages") is not None


def test_lag_is_the_age_of_the_newest_item_and_never_negative():
    with clock.frozen(NOON):
        metrics.stored("ebay-de", "messages", NOON - timedelta(seconds=90))
        assert value("syncd_lag_seconds", account="ebay-de", stream="messages") == 90
        metrics.stored("ebay-de", "messages", NOON + timedelta(seconds=5))
        assert value("syncd_lag_seconds", account="ebay-de", stream="messages") == 0


def test_a_poll_that_fails_is_timed_too():
    with pytest.raises(ValueError, match="gone"), metrics.timed_poll("ebay-de", "orders"):
        raise ValueError("gone")
    assert value("syncd_poll_seconds_count", account="ebay-de", stream="orders") == 1


def test_a_forgotten_account_is_not_exposed():
    of_accounts = [metric for metric in metrics.OURS if "account" in metric._labelnames]
    for metric in of_accounts:
        metric.labels(**{**dict.fromkeys(metric._labelnames, "x"), "account": "ebay-de"})
    assert metrics.exposition().count(b'account="ebay-de"') > len(of_accounts)
    metrics.forget("ebay-de")
    assert b'account="ebay-de"' not in metrics.exposition()


def test_the_list_holds_every_metric_of_the_module():
    prefixed = {m for m in vars(metrics).values() if isinstance(m, metrics.MetricWrapperBase)}
    assert set(metrics.OURS) == prefixed


def test_the_process_is_shown_by_prometheus_own_names():
    assert value("process_resident_memory_bytes") > 1_000_000
    assert value("process_cpu_seconds_total") > 0
    assert value("process_open_fds") > 2
