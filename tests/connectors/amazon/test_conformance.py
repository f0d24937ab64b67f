"""The Amazon connector keeps to what syncd relies on in every connector."""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import pytest

from syncd import clock
from syncd.connector import Capability
from syncd.model import Draft, Party, Shipment
from syncd.testing.amazon import ORDERS, RETURNS, FakeAmazon
from syncd.testing.conformance import ConnectorConformance
from syncd_amazon import AmazonConnector


class TestConformance(ConnectorConformance):
    connector_class = AmazonConnector
    readme = Path(__file__).parents[3] / "connectors" / "amazon" / "README.md"
    secrets = ("amzn1.oa2-cs.v1.1", "Atzr|refresh", "Atza|access")
    finds_sent = False
    send_path = "/messages/unexpectedProblem"
    request_paths: ClassVar = {
        Capability.REQUEST_REVIEW: "/solicitations/productReview",
        Capability.UPLOAD_TRACKING: "/shipmentConfirmation",
    }
    finds_requests = frozenset({Capability.UPLOAD_TRACKING})

    @pytest.fixture
    def source(self, monkeypatch):
        # No time passes in these tests: what changes is to be seen at once, and quotas are wide.
        with FakeAmazon(lag=timedelta(0)) as amazon:
            amazon.quota.told = 1000
            amazon.seller_id = (
                f"A{uuid4().hex[:12].upper()}"  # whose budgets no other test has used
            )
            monkeypatch.setenv("AMAZON_SECRET", amazon.client_secret)
            monkeypatch.setenv("AMAZON_TOKEN", amazon.refresh_token)
            began = clock.now() - timedelta(days=20)
            for n in range(130):
                order = amazon.shop.add_order(f"buyer{n}", at=began + timedelta(hours=n))
                amazon.shop.ship(order, f"RB{n:09d}CN", at=began + timedelta(hours=n))
                amazon.shop.add_return(order, at=began + timedelta(hours=n))
            yield amazon

    def config(self, source):
        return {
            "seller_id": source.seller_id,
            "marketplaces": ["DE"],
            "client_id": source.client_id,
            "client_secret": {"env": "AMAZON_SECRET"},
            "refresh_token": {"env": "AMAZON_TOKEN"},
            "returns": True,
            "base_url": source.url,
        }

    def add_item(self, source, stream):
        order = source.shop.add_order("late")
        if stream == "returns":
            source.shop.add_return(order)

    def deny(self, source, stream):
        source.denied.add(RETURNS if stream == "returns" else ORDERS)
        return True

    def edit_item(self, source, stream):
        if stream == "returns":
            source.shop.move_return(next(iter(source.shop.returns)), "IN_TRANSIT")
        else:
            source.shop.change(next(iter(source.shop.orders)), "CANCELLED")
        return True

    def draft(self, source):
        order = next(iter(source.shop.orders))
        buyer = Party(email="buyer0x7k2@marketplace.amazon.de")
        return Draft(
            text="Es dauert länger.",
            buyer=buyer,
            order_id=order,
            language="de",
            created_at=clock.now(),
        )

    def refused_draft(self, source):
        order = next(iter(source.shop.orders))
        source.shop.offered[order] = []
        return Draft(text="Es dauert länger.", buyer=Party(), order_id=order, language="de")

    def review_order(self, source):
        # Its list is empty at times: then nothing tells whether the buyer was asked.
        source.shop.hides_reviews = True
        return list(source.shop.orders)[10]

    def departure(self, source):
        order = source.shop.add_order("new")
        return Shipment(
            source_id="ours", order_id=order, tracking_number="RB900000000CN", carrier="DHL"
        )

    def carried_out(self, source, capability):
        if capability is Capability.REQUEST_REVIEW:
            return len(source.shop.asked)
        parcels = [each for order in source.shop.orders.values() for each in order["packages"]]
        return sum(each["trackingNumber"] == "RB900000000CN" for each in parcels)

    def arrived(self, source):
        return len(source.shop.sent)
