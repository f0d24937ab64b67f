"""/metrics and /healthz over a real socket."""

import json
import socket
from contextlib import closing
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from syncd import metrics
from syncd.daemon.endpoint import serve_endpoint
from syncd.daemon.listening import AddressTaken


@pytest.fixture
def problems():
    return {}


@pytest.fixture
def url(problems):
    with serve_endpoint(("127.0.0.1", 0), lambda: problems) as endpoint:
        yield "http://{}:{}".format(*endpoint.address)


def get(url):
    """Status, content type and body."""
    try:
        with urlopen(url, timeout=5) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


def test_metrics_is_what_prometheus_reads(url):
    status, content_type, body = get(f"{url}/metrics")
    assert status == 200
    assert content_type.startswith("text/plain; version=0.0.4")
    families = {family.name for family in text_string_to_metric_families(body.decode())}
    assert families >= {metric.describe()[0].name for metric in metrics.OURS}


def test_healthz_is_200_where_nothing_is_wrong(url):
    status, content_type, body = get(f"{url}/healthz")
    assert (status, content_type) == (200, "application/json")
    assert json.loads(body) == {"ok": True, "problems": {}}


def test_healthz_is_503_and_names_what_is_wrong(url, problems):
    problems["scheduler"] = "no heartbeat for 45 s"
    status, _, body = get(f"{url}/healthz?verbose=1")
    assert status == 503
    assert json.loads(body) == {"ok": False, "problems": {"scheduler": "no heartbeat for 45 s"}}


def test_any_other_page_is_404(url):
    assert get(f"{url}/")[0] == 404


def test_an_address_in_use_is_named_with_the_setting_to_change(url):
    port = int(url.rpartition(":")[2])
    with pytest.raises(AddressTaken, match=rf"127\.0\.0\.1:{port} .*listen in \[metrics\]"):
        serve_endpoint(("127.0.0.1", port), dict)


def test_it_listens_on_ipv6_too():
    if not socket.has_ipv6:
        pytest.skip("this Python has no IPv6")
    try:
        with closing(socket.socket(socket.AF_INET6)) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error}")
    with serve_endpoint(("::1", 0), dict) as endpoint:
        assert get(f"http://[::1]:{endpoint.address[1]}/healthz")[0] == 200


def test_a_silent_client_does_not_keep_others_waiting(url):
    port = int(url.rpartition(":")[2])
    with closing(socket.create_connection(("127.0.0.1", port), timeout=5)):
        assert get(f"{url}/healthz")[0] == 200
