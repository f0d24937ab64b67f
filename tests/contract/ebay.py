"""eBay: Message API, Fulfillment API, Notification API, and the lists of the Post-Order API.

The files of the Post-Order API are not eBay's own: they tell its paths, and nothing of the answers.
"""

import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from syncd import clock
from syncd.connector import Context, Rejected
from syncd.model import Attachment, Draft, Party, Shipment
from syncd.testing.ebay import FakeEbay
from syncd_ebay import EbayConfig, EbayConnector
from syncd_ebay.client import EbayClient
from tests.contract.declaration import Contract, Description, Document, Front

MESSAGES, ORDERS = "/commerce/message/v1", "/sell/fulfillment/v1"
PUSHES, POST_ORDER = "/commerce/notification/v1", "/post-order/v2"
MANUAL = Attachment(name="a.pdf", media_type="application/pdf", url="https://lamp.example/a.pdf")


def play(front: Front) -> None:
    """Everything in `CONTRACT.calls`, and a message that is refused."""
    with FakeEbay() as ebay, tempfile.TemporaryDirectory() as folder:
        order = _filled(ebay)
        with closing(_account(ebay, front(ebay), Path(folder))) as connector:
            connector.check()
            for stream in connector.streams:
                list(connector.poll(stream, {}))
            parcel = Shipment(
                source_id="s", order_id=ebay.add_order("buyer"), tracking_number="T1",
                carrier="DHL", shipped_at=clock.now(),
            )  # fmt: skip
            connector.confirm_shipment(parcel, "1")
            assert connector.find_confirmation(parcel, "1")
            assert connector.verify_push(ebay.push("NEW_MESSAGE"))
            draft = Draft(
                text="Soon.", buyer=Party(id="buyer"), order_id=order, created_at=clock.now()
            )
            thread = next(iter(ebay.shop.conversations))
            for sent in (draft, replace(draft, thread_id=thread, attachments=(MANUAL,))):
                connector.send(sent, "2")
                assert connector.find_sent(sent, "2")
            ebay.shop.ended.add("330000000001")  # the listing is left out, and it goes all the same
            connector.send(draft, "2b")
            with pytest.raises(Rejected):
                connector.send(Draft(text="Hi", buyer=Party(id="nobody")), "3")


def _filled(ebay: FakeEbay) -> str:
    """A shop with one of each; gives the order."""
    began = clock.now() - timedelta(days=2)
    order = ebay.add_order("buyer", at=began)
    ebay.fulfil(order, "RB123456785CN", at=began)
    ebay.add_message("buyer", "Where is it?", listing="330000000001", at=began)
    ebay.add_platform_message("Fees", at=began)
    ebay.open_return("buyer", order)
    ebay.open_inquiry("buyer", "330000000001")
    ebay.open_case("buyer", "330000000001")
    ebay.ask_cancellation("buyer", order)
    ebay.dispute_payment("buyer", order)
    return order


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
        payment_disputes=True,
    )
    return EbayConnector(config, Context(account="ebay", now=clock.now))


def _with_a_version(document: Document) -> None:
    document["openapi"] = "3.0.0"  # it says "3.0.o", with a letter


CONTRACT = Contract(
    "ebay",
    descriptions=[
        Description("ebay/commerce_message_v1_oas3.json", MESSAGES),
        Description("ebay/sell_fulfillment_v1_oas3.json", ORDERS),
        Description("ebay/commerce_notification_v1_oas3.json", PUSHES),
        Description("ebay/return_oas3.json", POST_ORDER),
        Description("ebay/inquiry_oas3.json", POST_ORDER),
        Description("ebay/case_oas3.json", POST_ORDER, fix=_with_a_version),
        Description("ebay/cancellation_oas3.json", POST_ORDER),
    ],
    client=EbayClient,
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
