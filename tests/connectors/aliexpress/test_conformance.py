"""The AliExpress connectors keep to what syncd relies on in every connector."""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from syncd import clock
from syncd.connector import Capability
from syncd.model import Draft, Party, Shipment
from syncd.testing.aliexpress import FakeAliExpress
from syncd.testing.conformance import ConnectorConformance
from syncd_aliexpress import AliExpress, AliExpressLegacy, legacy, lists

BEGAN = timedelta(days=20)


class TestConformance(ConnectorConformance):
    connector_class = AliExpress
    readme = Path(__file__).parents[3] / "connectors" / "aliexpress" / "README.md"
    secrets = ("app-s3cret", "50000-refresh", "50000-access")
    request_paths: ClassVar = {
        Capability.EXTEND_PROMISE: "extendsbuyeracceptgoodstime",
        Capability.UPLOAD_TRACKING: "sellershipmentfortop",
    }

    @pytest.fixture
    def source(self, monkeypatch):
        # Pages are small here, so that few items fill several.
        monkeypatch.setattr(lists, "ORDERS_PER_PAGE", 4)
        monkeypatch.setattr(lists, "ISSUES_PER_PAGE", 2)
        monkeypatch.setattr(legacy, "PER_PAGE", 4)
        with FakeAliExpress() as aliexpress:
            monkeypatch.setenv("ALIEXPRESS_SECRET", aliexpress.app_secret)
            monkeypatch.setenv("ALIEXPRESS_TOKEN", aliexpress.refresh_token)
            for n in range(14):
                fill(aliexpress.shop, n, clock.now() - BEGAN + timedelta(hours=n))
            yield aliexpress

    def config(self, source):
        return {
            "app_key": source.app_key,
            "app_secret": {"env": "ALIEXPRESS_SECRET"},
            "refresh_token": {"env": "ALIEXPRESS_TOKEN"},
            "base_url": source.url,
            "services": {"china-post": "CPAM"},
        }

    def add_item(self, source, stream):
        shop = source.shop
        if stream == "messages":
            shop.write("es-3", "And now?")
        elif stream == "orders":
            shop.add_order("es-3")
        else:
            order = shop.add_order("es-3")
            {"returns": shop.dispute, "reviews": shop.review}[stream](order)

    def deny(self, source, stream):
        call = {
            "messages": "querymsgrelationlist",
            "orders": "orderlist.get",
            "returns": "issuelist.get",
            "reviews": "listorderevaluation.get",
        }[stream]
        for _ in range(2):
            source.refuse(call, "InsufficientPermission", "no permission")
        return True

    def edit_item(self, source, stream):
        shop = source.shop
        if stream == "orders":
            shop.change(next(iter(shop.orders)), memo="Please hurry")
        elif stream == "returns":
            shop.settle(next(iter(shop.issues)))
        elif stream == "reviews":
            shop.answer_review(list(shop.reviews)[-1], "Thank you")
        return stream != "messages"

    def extension(self, source):
        order, ends = list(source.shop.orders)[1], clock.now() + timedelta(days=10)
        source.shop.ship(order, "LP00123456789012", ends=ends)
        return order, ends + timedelta(days=5)

    def departure(self, source):
        order, number = source.shop.add_order(), "LP00123456789012"
        return Shipment(
            source_id="s1", order_id=order, tracking_number=number, carrier="China-Post"
        )

    def carried_out(self, source, capability):
        shop = source.shop
        return len(shop.extended if capability is Capability.EXTEND_PROMISE else shop.confirmed)


class Messages(AliExpressLegacy):
    """Its other streams are AliExpress's own, tested above."""

    api_version = 1
    streams: ClassVar = {"messages": AliExpressLegacy.streams["messages"]}


class TestLegacyConformance(TestConformance):
    connector_class = Messages
    send_path = "addmsg"

    def config(self, source):
        return super().config(source) | {"seller_login": source.shop.seller}

    def draft(self, source):
        order = list(source.shop.orders)[1]
        buyer = Party(id="es-1")
        return Draft(text="It is late.", buyer=buyer, order_id=order, created_at=clock.now())

    def more_drafts(self, source):
        thread = next(iter(source.shop.threads))
        fields = {"text": "It is late.", "created_at": clock.now()}
        return [
            Draft(**fields, buyer=Party(id="es-0"), thread_id=thread),
            Draft(**fields, buyer=Party(id="es-3")),
        ]

    def refused_draft(self, source):
        return Draft(text="Hello", buyer=Party(name="Ann"))

    def arrived(self, source):
        return len(source.sent)


def fill(shop, n, at):
    """An order, every third of which has ended; some disputed, some reviewed; and a message."""
    order = shop.add_order(f"es-{n}", at=at)
    if n % 3 == 0:
        sold = shop.orders[order]
        sold |= {"order_status": "FINISH", "logistics_status": "BUYER_ACCEPT_GOODS"}
    if n % 4 == 0:
        issue = shop.dispute(order, at=at)
        if n % 8 == 0:
            shop.issues[issue][0]["issue_status"] = "finish"
        sold = shop.orders[order]
        sold["gmt_update"] = sold["gmt_create"]
    if n % 2 == 0:
        recent = at if n < 9 else clock.now() - timedelta(hours=20 - n)
        shop.review(order, at=recent)
    shop.write(f"es-{n}", "Hello", at=at, order_id=order)
