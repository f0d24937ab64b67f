"""The TikTok Shop connector keeps to what syncd relies on in every connector."""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from syncd import clock
from syncd.connector import Capability
from syncd.model import Draft, Party, Shipment
from syncd.testing.conformance import ConnectorConformance
from syncd.testing.tiktokshop import FakeTikTokShop
from syncd_tiktokshop import TikTokShop

NUMBER = "00340434161094042557"
BUYERS = [f"74945601097323384{n:02}" for n in range(25)]


class TestConformance(ConnectorConformance):
    connector_class = TikTokShop
    readme = Path(__file__).parents[3] / "connectors" / "tiktokshop" / "README.md"
    secrets = ("s3cret-of-the-app", "ROW_refresh-", "ROW_access-")
    send_path = "/conversations/[^/]+/messages"
    request_paths: ClassVar = {Capability.UPLOAD_TRACKING: "/ship$"}

    @pytest.fixture
    def source(self, monkeypatch):
        with FakeTikTokShop() as tiktok:
            monkeypatch.setenv("TIKTOK_SECRET", tiktok.app_secret)
            monkeypatch.setenv("TIKTOK_TOKEN", tiktok.refresh_token)
            tiktok.rotates = False  # the suite makes many objects from one configured token
            began = clock.now() - timedelta(days=30)
            for n, buyer in enumerate(BUYERS):
                at = began + timedelta(hours=n)
                tiktok.shop.add_message(buyer, "Hello", at=at)
                order = tiktok.shop.add_order(buyer, at=at)
                tiktok.shop.ship(order, f"RB{n:09d}CN", at=at)
                tiktok.shop.add_return(order, at=at)
            for n in range(105):
                at = began + timedelta(minutes=n)
                order = tiktok.shop.add_order(BUYERS[0], at=at)
                tiktok.shop.add_cancellation(order, at=at)
            for n in range(12):
                tiktok.shop.add_message(BUYERS[0], f"And {n}?", at=began + timedelta(days=n))
            yield tiktok

    def config(self, source):
        return {
            "app_key": source.app_key,
            "app_secret": {"env": "TIKTOK_SECRET"},
            "refresh_token": {"env": "TIKTOK_TOKEN"},
            "base_url": source.url,
        }

    def add_item(self, source, stream):
        if stream == "messages":
            source.shop.add_message(BUYERS[1], "And now?")
        elif stream == "orders":
            source.shop.add_order(BUYERS[1])
        else:
            source.shop.add_return(next(iter(source.shop.orders)))

    def deny(self, source, stream):
        part = {"messages": "customer_service", "orders": "order", "returns": "return_refund"}
        source.denied.add(f"/{part[stream]}/")
        return True

    def edit_item(self, source, stream):
        if stream == "messages":
            return False  # messages cannot be edited in TikTok's chat
        if stream == "orders":
            source.shop.change(next(iter(source.shop.orders)), status="CANCELLED")
        else:
            case = next(iter(source.shop.returns.values()))
            done = {"return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE"}
            case.update(done, update_time=int(clock.now().timestamp()))
        return True

    def draft(self, source):
        order = next(iter(source.shop.orders))
        buyer = Party(id=BUYERS[0])
        return Draft(text="It is late.", buyer=buyer, order_id=order, created_at=clock.now())

    def more_drafts(self, source):
        thread = source.shop.thread_with(BUYERS[3])
        order, decided = list(source.shop.orders)[2], clock.now()
        return [
            Draft(text="Late.", buyer=Party(id=BUYERS[3]), thread_id=thread.id, created_at=decided),
            Draft(text="Late.", buyer=Party(name="Ann"), order_id=order, created_at=decided),
        ]

    def refused_draft(self, source):
        return Draft(text="x" * 2001, buyer=Party(id=BUYERS[0]))

    def arrived(self, source):
        return len(source.sent)

    def departure(self, source):
        order = list(source.shop.orders)[-1]
        return Shipment(source_id="1", order_id=order, tracking_number=NUMBER, carrier="DHL")

    def carried_out(self, source, capability):
        lines = [line for order in source.shop.orders.values() for line in order["line_items"]]
        return sum(line["tracking_number"] == NUMBER for line in lines)
