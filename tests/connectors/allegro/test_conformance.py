"""The Allegro connector keeps to what syncd relies on in every connector."""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from syncd import clock
from syncd.connector import Capability
from syncd.model import Attachment, Draft, Party, Shipment
from syncd.testing.allegro import FORMS, ISSUES, RETURNS, THREADS, FakeAllegro
from syncd.testing.conformance import ConnectorConformance
from syncd_allegro import AllegroConnector, cases, catalogue, client, conversations, orders, sending


class TestConformance(ConnectorConformance):
    connector_class = AllegroConnector
    readme = Path(__file__).parents[3] / "connectors" / "allegro" / "README.md"
    secrets = ("app-secret", "refresh-0", "access-1", "access-2")
    send_path = "/messaging/messages"
    request_paths: ClassVar = {Capability.UPLOAD_TRACKING: "/shipments"}

    @pytest.fixture
    def source(self, monkeypatch):
        small_pages(monkeypatch, 5)
        with FakeAllegro() as allegro:
            monkeypatch.setenv("ALLEGRO_SECRET", allegro.client_secret)
            monkeypatch.setenv("ALLEGRO_TOKEN", allegro.refresh_token)
            fill(allegro.shop)
            yield allegro

    def config(self, source):
        return {
            "client_id": source.client_id,
            "client_secret": {"env": "ALLEGRO_SECRET"},
            "refresh_token": {"env": "ALLEGRO_TOKEN"},
            "base_url": source.url,
        }

    def add_item(self, source, stream):
        shop = source.shop
        order = next(iter(shop.orders))
        {
            "messages": lambda: shop.add_message("buyer-1", "I co teraz?"),
            "orders": lambda: shop.add_order("buyer-1"),
            "disputes": lambda: shop.add_issue(order, "Nadal nie ma"),
            "returns": lambda: shop.add_return(order),
            "reviews": lambda: shop.rate(order),
            "stock": lambda: shop.add_offer(3),
        }[stream]()

    def deny(self, source, stream):
        path = {"messages": THREADS, "disputes": ISSUES, "orders": FORMS, "returns": RETURNS}
        path |= {"reviews": "/sale/user-ratings", "stock": "/sale/offers"}
        source.denied.add(path[stream])
        return True

    def edit_item(self, source, stream):
        shop = source.shop
        if stream == "messages":
            return False  # messages cannot be edited on Allegro
        {
            "orders": lambda: shop.cancel(next(iter(shop.orders))),
            "disputes": lambda: shop.close_issue(next(iter(shop.issues))),
            "returns": lambda: shop.move_return(next(iter(shop.returns)), "DELIVERED"),
            "reviews": lambda: shop.change_rating(next(iter(shop.ratings)), comment="Jednak nie"),
            "stock": lambda: shop.set_stock(next(iter(shop.offers)), 1),
        }[stream]()
        return True

    def draft(self, source):
        order_id, order = list(source.shop.orders.items())[1]
        buyer = Party(id=order["buyer"]["login"])
        return Draft(text="Spóźni się.", buyer=buyer, order_id=order_id, created_at=clock.now())

    def more_drafts(self, source):
        thread = next(iter(source.shop.threads.values()))
        issue = list(source.shop.issues.values())[2].fields
        fields = {"text": "Spóźni się.", "created_at": clock.now()}
        photo = Attachment(name="a.png", media_type="image/png", content=b"png")
        return [
            Draft(
                **fields, buyer=Party(id=thread.buyer), thread_id=thread.id, attachments=(photo,)
            ),
            Draft(
                **fields, buyer=Party(id=issue["buyer"]["login"]), thread_id=f"issue/{issue['id']}"
            ),
        ]

    def departure(self, source):
        order = list(source.shop.orders)[2]
        return Shipment(
            source_id="1", order_id=order, tracking_number="AB123456785PL", carrier="dpd-pl"
        )

    def carried_out(self, source, capability):
        parcels = (one for several in source.shop.waybills.values() for one in several)
        return sum(one["waybill"] == "AB123456785PL" for one in parcels)

    def refused_draft(self, source):
        return Draft(text="Dzień dobry", buyer=Party(id="buyer-1"))

    def arrived(self, source):
        return len(source.shop.sent)


def small_pages(monkeypatch, size):
    """Pages of Allegro's size would take hundreds of orders to fill."""
    monkeypatch.setattr(cases, "AT_ONCE", size)
    monkeypatch.setattr(conversations, "AT_ONCE", size)
    for listed in (conversations.Threads, conversations.Issues):
        monkeypatch.setattr(listed, "limit", size)
    for module in (client, conversations, orders, catalogue, sending):
        for name in [name for name in vars(module) if name.endswith("_PER_PAGE")]:
            monkeypatch.setattr(module, name, size)


def fill(shop):
    began = clock.now() - timedelta(days=30)
    for n in range(8):
        at = began + timedelta(hours=n)
        order = shop.add_order(f"buyer-{n}", at=at)
        shop.ship(order, f"6200000000{n:014d}")
        shop.add_message(f"buyer-{n}", "Dzień dobry", at=at, order=order)
        shop.rate(order, at=at)
        shop.add_offer(n, sku=f"LAMP-{n}")
        if n < 7:
            shop.add_issue(order, "Nie ma paczki", at=at)
            shop.add_return(order, at=at)
