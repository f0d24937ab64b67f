"""eBay: Message API, Fulfillment API, Post-Order API."""

import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from syncd import clock
from syncd.connector import Context, Rejected
from syncd.model import Draft, Party
from syncd.testing.ebay import FakeEbay
from syncd_ebay import EbayConfig, EbayConnector
from tests.contract.declaration import Contract, Description, Front

MESSAGES, ORDERS = "/commerce/message/v1", "/sell/fulfillment/v1"


def play(front: Front) -> None:
    """Poll all streams, send, find it again, be refused, report a parcel."""
    with FakeEbay() as ebay, tempfile.TemporaryDirectory() as folder:
        began = clock.now() - timedelta(days=2)
        order = ebay.add_order("buyer", at=began)
        ebay.fulfil(order, "RB123456785CN", at=began)
        ebay.add_message("buyer", "Where is it?", listing="330000000001", at=began)
        ebay.add_platform_message("Fees", at=began)
        with closing(_account(ebay, front(ebay), Path(folder))) as connector:
            if "returns" not in connector.streams:
                connector.check()
            for stream in ("messages", "orders"):
                list(connector.poll(stream, {}))
            draft = Draft(
                text="Soon.", buyer=Party(id="buyer"), order_id=order, created_at=clock.now()
            )
            connector.send(draft, "1")
            assert connector.find_sent(draft, "1")
            with pytest.raises(Rejected):
                connector.send(Draft(text="Hi", buyer=Party(id="nobody")), "2")


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
        Description("ebay/sell_fulfillment_v1_oas3.json", ORDERS),
    ],
    play=play,
    calls={
        f"GET {MESSAGES}/conversation",
        f"GET {MESSAGES}/conversation/{{conversation_id}}",
        f"POST {MESSAGES}/send_message",
        f"GET {ORDERS}/order",
        f"GET {ORDERS}/order/{{orderId}}",
        f"GET {ORDERS}/order/{{orderId}}/shipping_fulfillment",
    },
    beside=("/identity/v1/oauth2/token",),
)
