"""The eBay connector keeps to what syncd relies on in every connector."""

from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from syncd import clock
from syncd.connector import Capability
from syncd.model import Attachment, Draft, Party, Shipment
from syncd.testing.conformance import ConnectorConformance
from syncd.testing.ebay import MESSAGES, ORDERS, FakeEbay
from syncd.testing.ebay_cases import DISPUTES, POST_ORDER
from syncd_ebay import EbayConnector


class TestConformance(ConnectorConformance):
    connector_class = EbayConnector
    readme = Path(__file__).parents[3] / "connectors" / "ebay" / "README.md"
    secrets = ("cert-id", "v^1.1#refresh", "v^1.1#access")
    send_path = "/send_message"
    request_paths = MappingProxyType({Capability.UPLOAD_TRACKING: "/shipping_fulfillment$"})

    @pytest.fixture
    def source(self, monkeypatch):
        with FakeEbay() as ebay:
            monkeypatch.setenv("EBAY_SECRET", ebay.client_secret)
            monkeypatch.setenv("EBAY_TOKEN", ebay.refresh_token)
            began = clock.now() - timedelta(days=30)
            for n in range(60):
                at = began + timedelta(hours=n)
                ebay.add_message(f"buyer-{n}", "Hello", at=at)
                order = ebay.add_order(f"buyer-{n}", at=at)
                ebay.fulfil(order, f"RB{n:09d}CN", at=at)
                self.open_case(ebay, n, order, at)
            yield ebay

    def open_case(self, ebay, n, order, at):
        buyer, listing = f"buyer-{n}", f"{330000000000 + n}"
        if n % 3 == 0:
            ebay.open_return(buyer, order, at=at)
            ebay.open_inquiry(buyer, listing, at=at)
        elif n % 3 == 1:
            ebay.open_case(buyer, listing, at=at)
            ebay.dispute_payment(buyer, order, at=at)
        else:
            ebay.ask_cancellation(buyer, order, at=at)

    def config(self, source):
        return {
            "username": source.shop.seller,
            "client_id": source.client_id,
            "client_secret": {"env": "EBAY_SECRET"},
            "refresh_token": {"env": "EBAY_TOKEN"},
            "base_url": source.url,
        }

    def add_item(self, source, stream):
        if stream == "messages":
            source.add_message("buyer-1", "And now?")
        elif stream == "returns":
            source.open_return("buyer-1", next(iter(source.shop.orders)))
        elif stream == "disputes":
            source.dispute_payment("buyer-1", next(iter(source.shop.orders)))
        else:
            source.add_order("buyer-1")

    def deny(self, source, stream):
        path = {"messages": MESSAGES, "orders": f"{ORDERS}/order", "returns": POST_ORDER}
        source.denied.add(path.get(stream, DISPUTES))
        return True

    def edit_item(self, source, stream):
        if stream == "messages":
            return False  # messages cannot be edited on eBay
        if stream == "returns":
            source.cases["inquiry"][0][1]["inquiryStatusEnum"] = "CLOSED"
            return True
        if stream == "disputes":
            source.cases["payment_dispute"][0][1]["paymentDisputeStatus"] = "CLOSED"
            return True
        source.cancel(next(iter(source.shop.orders)))
        return True

    def draft(self, source):
        buyer, order = Party(id="buyer-1"), list(source.shop.orders)[1]
        return Draft(text="It is late.", buyer=buyer, order_id=order, created_at=clock.now())

    def more_drafts(self, source):
        thread = next(each for each in source.shop.conversations.values() if each.listing is None)
        decided = clock.now()
        file = Attachment(name="a.pdf", media_type="application/pdf", url="https://lamp.example/a")
        return [
            Draft(text="Late.", buyer=Party(id="buyer-1"), created_at=decided),
            Draft(
                text="Late.",
                buyer=Party(id=thread.other),
                thread_id=thread.id,
                created_at=decided,
                attachments=(file,),
            ),
        ]

    def refused_draft(self, source):
        return Draft(text="Write to me@example.org", buyer=Party(id="buyer-1"))

    def arrived(self, source):
        return len(source.sent)

    def departure(self, source):
        order = source.add_order("buyer-1", order_id="12-77777-77777")
        return Shipment(source_id="s", order_id=order, tracking_number="RB 123-456 785 CN")

    def carried_out(self, source, capability):
        return len(source.shop.fulfillments["12-77777-77777"])
