"""Notifications of changed orders, from a real SQS server on loopback."""

import json
import sys
import threading

import pytest
from pydantic import ValidationError

from syncd.connector import Capability, Unavailable
from syncd_amazon.queue import is_news

moto = pytest.importorskip("moto.server", reason="needs moto's server, of the extra dev")
botocore = pytest.importorskip("botocore.session", reason="needs the connector's extra sqs")


@pytest.fixture(scope="module")
def sqs_server():
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def sqs(sqs_server):
    client = botocore.Session().create_client(
        "sqs",
        region_name="eu-west-1",
        endpoint_url=sqs_server,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield client
    client.close()


@pytest.fixture
def queue_url(sqs, request):
    url = sqs.create_queue(QueueName=f"orders-{abs(hash(request.node.name))}")["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def connector(connect, queue_url, tmp_path):
    (tmp_path / "aws").write_text("aws-secret")
    return connect(queue=settings(queue_url, tmp_path))


def settings(url, tmp_path):
    return {
        "url": url,
        "region": "eu-west-1",
        "access_key_id": "AKIATEST",
        "secret_access_key": {"file": tmp_path / "aws"},
    }


def change(seller, kind="ORDER_CHANGE"):
    told = {"NotificationLevel": "OrderLevel", "SellerId": seller, "AmazonOrderId": "302-1-1"}
    return json.dumps(
        {
            "NotificationVersion": "1.0",
            "NotificationType": kind,
            "PayloadVersion": "1.0",
            "EventTime": "2026-03-02T09:00:00.000Z",
            "Payload": {"OrderChangeNotification": told},
            "NotificationMetadata": {"NotificationId": "1"},
        }
    )


def left_in(sqs, url):
    numbers = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return (
        int(numbers["ApproximateNumberOfMessages"]),
        int(numbers["ApproximateNumberOfMessagesNotVisible"]),
    )


def test_a_changed_order_wakes_the_orders(amazon, connector, sqs, queue_url):
    sqs.send_message(QueueUrl=queue_url, MessageBody=change(amazon.seller_id))
    assert connector.wait("orders", 1) is True
    assert left_in(sqs, queue_url) == (0, 0)
    assert connector.wait("orders", 0.5) is False


def test_an_event_only_wakes(amazon, connector, sqs, queue_url, read):
    """What it says is not taken: the poll finds that the order is not there."""
    sqs.send_message(QueueUrl=queue_url, MessageBody=change(amazon.seller_id))
    assert connector.wait("orders", 1)
    assert read(connector)[0] == []


@pytest.mark.parametrize(
    "body",
    [
        "no JSON",
        "[]",
        "{}",
        '{"NotificationType": 7}',
        change("ASOMEBODYELSE"),
        change("A3TH9S8BH6GOGM", kind="FEE_PROMOTION"),
    ],
)
def test_what_is_nothing_to_us_wakes_nothing_and_is_cleared_away(connector, sqs, queue_url, body):
    sqs.send_message(QueueUrl=queue_url, MessageBody=body)
    assert connector.wait("orders", 1) is False
    assert left_in(sqs, queue_url) == (0, 0)


def test_a_notification_as_amazon_shows_it():
    assert is_news(change("A3TH9S8BH6GOGM"), "A3TH9S8BH6GOGM")
    assert not is_news(change("A3TH9S8BH6GOGM"), "ANOTHER")


def test_it_waits_until_something_comes(amazon, connector, sqs, queue_url):
    body = change(amazon.seller_id)
    timer = threading.Timer(
        0.3, sqs.send_message, kwargs={"QueueUrl": queue_url, "MessageBody": body}
    )
    timer.start()
    assert connector.wait("orders", 5) is True
    timer.join()


def test_returns_have_no_notifications_and_take_none(amazon, connector, sqs, queue_url):
    sqs.send_message(QueueUrl=queue_url, MessageBody=change(amazon.seller_id))
    assert connector.wait("returns", 0.01) is False
    assert connector.wait("orders", 1) is True


def test_only_with_a_queue_it_can_wait(connect, connector):
    assert Capability.PUSH in connector.capabilities
    without = connect()
    assert Capability.PUSH not in without.capabilities
    assert Capability.PUSH not in without.able(without.config)  # as `syncd capabilities` tells it


def test_a_queue_that_is_gone_is_told(connect, sqs_server, tmp_path):
    (tmp_path / "aws").write_text("aws-secret")
    made = connect(queue=settings(f"{sqs_server}/123456789012/no-such-queue", tmp_path))
    with pytest.raises(Unavailable, match="the queue of notifications") as error:
        made.wait("orders", 1)
    assert "aws-secret" not in str(error.value)


def test_without_the_extra_the_config_says_what_to_install(connect, tmp_path, monkeypatch):
    (tmp_path / "aws").write_text("aws-secret")
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
    monkeypatch.setitem(sys.modules, "botocore", None)
    monkeypatch.setattr("syncd_amazon.settings.find_spec", lambda _: None)
    with pytest.raises(ValidationError, match=r"pip install 'syncd-amazon\[sqs\]'"):
        connect(queue=settings(url, tmp_path))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"url": "http://sqs.eu-west-1.amazonaws.com/1/orders"}, "https"),
        ({"secret_access_key": None}, "or neither"),
    ],
)
def test_settings_of_a_queue_that_do_not_fit(connect, tmp_path, wrong, told):
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
    with pytest.raises(ValidationError, match=told):
        connect(queue=settings(url, tmp_path) | wrong)
