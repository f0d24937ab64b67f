"""eBay: Message API, Fulfillment API, Notification API; and the Post-Order API's paths."""

import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from syncd import clock
from syncd.connector import Context, Rejected
from syncd.model import Draft, Party, Shipment
from syncd.testing.ebay import FakeEbay
from syncd_ebay import EbayConfig, EbayConnector
from tests.contract.declaration import Contract, Description, Document, Front

MESSAGES, ORDERS = "/commerce/message/v1", "/sell/fulfillment/v1"
PUSHES, POST_ORDER = "/commerce/notification/v1", "/post-order/v2"


def play(front: Front) -> None:
    """Poll all streams, send, find it again, be refused, report a parcel, have a push proven."""
    with FakeEbay() as ebay, tempfile.TemporaryDirectory() as folder:
        began = clock.now() - timedelta(days=2)
        order = ebay.add_order("buyer", at=began)
        ebay.fulfil(order, "RB123456785CN", at=began)
        ebay.add_message("buyer", "Where is it?", listing="330000000001", at=began)
        ebay.add_platform_message("Fees", at=began)
        _want_back(ebay, order)
        with closing(_account(ebay, front(ebay), Path(folder))) as connector:
            connector.check()
            for stream in connector.streams:
                list(connector.poll(stream, {}))
            draft = Draft(
                text="Soon.", buyer=Party(id="buyer"), order_id=order, created_at=clock.now()
            )
            connector.send(draft, "1")
            assert connector.find_sent(draft, "1")
            with pytest.raises(Rejected):
                connector.send(Draft(text="Hi", buyer=Party(id="nobody")), "2")
            waiting = ebay.add_order("buyer")
            parcel = Shipment(source_id="s", order_id=waiting, tracking_number="RB 1-2 CN")
            connector.confirm_shipment(parcel, "3")
            assert connector.find_confirmation(parcel, "3")
            assert connector.verify_push(ebay.push("NEW_MESSAGE"))


def _want_back(ebay: FakeEbay, order: str) -> None:
    ebay.open_return("buyer", order)
    ebay.open_inquiry("buyer", "330000000001")
    ebay.open_case("buyer", "330000000001")
    ebay.ask_cancellation("buyer", order)
    ebay.dispute_payment("buyer", order)


def _on_one_host(found: Document) -> None:
    """Payment disputes have a host of their own, which a fake has not."""
    for methods in found["paths"].values():
        methods.pop("servers", None)


def _numbered(found: Document) -> None:
    found["openapi"] = "3.0.0"  # published as "3.0.o"


def _account(ebay: FakeEbay, url: str, folder: Path) -> EbayConnector:
    for name, secret in (("secret", ebay.client_secret), ("token", ebay.refresh_token)):
        (folder / name).write_text(secret)
    config = EbayConfig(
        username=ebay.shop.seller,
        client_id=ebay.client_id,
        client_secret={"file": folder / "secret"},
        refresh_token={"file": folder / "token"},
        base_url=url,
        platform_messages=True,
    )
    return EbayConnector(config, Context(account="ebay", now=clock.now))


CONTRACT = Contract(
    "ebay",
    descriptions=[
        Description("ebay/commerce_message_v1_oas3.json", MESSAGES),
        Description("ebay/sell_fulfillment_v1_oas3.json", ORDERS, _on_one_host),
        Description("ebay/commerce_notification_v1_oas3.json", PUSHES),
        Description("ebay/return_oas3.json", POST_ORDER),
        Description("ebay/inquiry_oas3.json", POST_ORDER),
        Description("ebay/case_oas3.json", POST_ORDER, _numbered),
        Description("ebay/cancellation_oas3.json", POST_ORDER),
    ],
    play=play,
    calls={
        f"GET {MESSAGES}/conversation",
        f"GET {MESSAGES}/conversation/{{conversation_id}}",
        f"POST {MESSAGES}/send_message",
        f"GET {ORDERS}/order",
        f"GET {ORDERS}/order/{{orderId}}",
        f"GET {ORDERS}/order/{{orderId}}/shipping_fulfillment",
        f"POST {ORDERS}/order/{{orderId}}/shipping_fulfillment",
        f"GET {ORDERS}/payment_dispute_summary",
        f"GET {PUSHES}/public_key/{{public_key_id}}",
        f"GET {POST_ORDER}/return/search",
        f"GET {POST_ORDER}/inquiry/search",
        f"GET {POST_ORDER}/casemanagement/search",
        f"GET {POST_ORDER}/cancellation/search",
    },
    beside=("/identity/v1/oauth2/token",),
)
