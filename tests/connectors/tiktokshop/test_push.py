"""Webhooks: only TikTok's own wake anything, and that only what they are about."""

from datetime import UTC, datetime

import pytest

from syncd.connector import Push, Wake

ORDER = {"order_id": "576462377512830168", "order_status": "IN_TRANSIT", "update_time": 1627587505}
SHOP = "7494049642642441621"


def push(headers, body):
    return Push(headers=headers, body=body)


@pytest.mark.parametrize(
    ("topic", "streams"),
    [
        (1, ("orders",)),
        (2, ("returns", "orders")),
        (4, ("orders",)),
        (11, ("returns", "orders")),
        (12, ("returns",)),
        (13, ("messages",)),
        (14, ("messages",)),
        (5, ()),
        (33, ()),
    ],
)
def test_topics(tiktok, connector, now, topic, streams):
    wake = connector.verify_push(push(*tiktok.push(topic, ORDER)))
    assert wake == Wake(streams=streams, sent_at=now(), event_id="7327112393057371910")


def test_the_published_example(connect, tmp_path):
    (tmp_path / "published").write_text("123")
    connector = connect(app_key="abcdef", app_secret={"file": tmp_path / "published"})
    body = (
        b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507",'
        b'"timestamp":1718305585,"data":{"is_on_hold_order":true,"order_id":"576653688135258178",'
        b'"order_status":"UNPAID","update_time":1718305585}}'
    )
    sign = "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"
    wake = connector.verify_push(push({"authorization": sign}, body))
    assert wake.streams == ("orders",)
    assert wake.sent_at == datetime(2024, 6, 13, 19, 6, 25, tzinfo=UTC)


def test_what_is_not_tiktoks_wakes_nothing(tiktok, connector):
    headers, body = tiktok.push(14, {"message_id": "1"})
    forged = [
        push({}, body),
        push({"authorization": ""}, body),
        push({"authorization": "Größe"}, body),
        push({"authorization": headers["authorization"].upper()}, body),
        push(headers, body.replace(b"14", b"1")),
        push(headers, b""),
    ]
    assert [connector.verify_push(each) for each in forged] == [None] * len(forged)


def test_news_of_another_shop_of_the_app_wakes_nothing(tiktok, connect):
    signed = push(*tiktok.push(1, ORDER))
    assert connect(shop_id=SHOP).verify_push(signed).streams == ("orders",)
    assert connect(shop_id="7").verify_push(signed).streams == ()


def test_what_is_signed_and_not_understood_wakes_everything(tiktok, connector):
    for odd in ({"type": "new"}, {"timestamp": 1 << 60}):
        wake = connector.verify_push(push(*tiktok.push(1, ORDER, **odd)))
        assert wake == Wake(streams=("messages", "orders", "returns"))
