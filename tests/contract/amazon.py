"""Amazon: the Selling Partner API, described in Swagger 2.0."""

import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from syncd import clock
from syncd.connector import Context, Rejected
from syncd.connector.scans import rows
from syncd.model import Attachment, Draft, Party, Shipment
from syncd.testing.amazon import MESSAGING, ORDERS, RETURNS, SOLICITATIONS, FakeAmazon
from syncd_amazon import AmazonConfig, AmazonConnector
from syncd_amazon.client import AmazonClient
from tests.contract.declaration import Contract, Description, Front

PHOTO = Attachment(name="a.png", media_type="image/png", content=b"png")
ORDER = "{amazonOrderId}"
MESSAGES = rows("syncd_amazon", "messages.csv")


def play(front: Front) -> None:
    """Poll, send each kind of message, ask for a review, report a parcel, be refused."""
    with FakeAmazon(lag=timedelta(0)) as amazon, tempfile.TemporaryDirectory() as folder:
        amazon.quota.told = 1000
        amazon.seller_id = f"A{uuid4().hex[:12].upper()}"  # whose budgets nobody has used
        shop, began = amazon.shop, clock.now() - timedelta(days=11)
        orders = [shop.add_order(f"buyer{n}", at=began) for n in range(120)]
        shop.ship(orders[0], "RB123456785CN", at=began)
        for order in orders:
            shop.add_return(order, at=began)
        with closing(_account(amazon, front(amazon), Path(folder))) as connector:
            connector.check()
            for stream in connector.streams:
                list(connector.poll(stream, {}))
            _asked_for(amazon, connector, orders)


def _asked_for(amazon: FakeAmazon, connector: AmazonConnector, orders: list[str]) -> None:
    first, second = orders[:2]
    notice = Draft(text="Später.", buyer=Party(), order_id=first, language="de")
    assert connector.may_send(notice).allowed
    connector.send(notice, "1")
    amazon.shop.offered[first] = ["confirmCustomizationDetails"]
    with pytest.raises(Rejected):
        connector.send(notice, "2")
    for row in MESSAGES:
        amazon.shop.offered[first] = [row["name"]]
        message = Draft(
            text="So?" if int(row["longest"]) else "", buyer=Party(), order_id=first, language="de",
            purpose=row["name"], attachments=(PHOTO,) * min(1, int(row["files"])),
        )  # fmt: skip
        connector.send(message, row["name"])
    assert connector.may_request_review(first).allowed
    connector.request_review(first, "4")
    parcel = Shipment(source_id="x", order_id=second, tracking_number="1", carrier="X")
    connector.confirm_shipment(parcel, "5")
    assert connector.find_confirmation(parcel, "5")


def _account(amazon: FakeAmazon, url: str, folder: Path) -> AmazonConnector:
    for name, secret in (("secret", amazon.client_secret), ("token", amazon.refresh_token)):
        (folder / name).write_text(secret)
    config = AmazonConfig(
        seller_id=amazon.seller_id,
        marketplaces=("DE",),
        client_id=amazon.client_id,
        client_secret={"file": folder / "secret"},
        refresh_token={"file": folder / "token"},
        returns=True,
        base_url=url,
    )
    return AmazonConnector(config, Context(account="amazon", now=clock.now))


CONTRACT = Contract(
    "amazon",
    descriptions=[
        Description(f"amazon/{name}.json")
        for name in (
            "orders_2026-01-01", "ordersV0", "messaging", "solicitations",
            "externalFulfillmentReturns_2024-09-11", "uploads_2020-11-01",
        )
    ],
    client=AmazonClient,
    play=play,
    calls={
        f"GET {ORDERS}",
        f"GET {ORDERS}/{{orderId}}",
        f"GET {RETURNS}",
        f"GET {MESSAGING}/{ORDER}",
        f"GET {MESSAGING}/{ORDER}/attributes",
        *(f"POST {MESSAGING}/{ORDER}/messages/{row['name']}" for row in MESSAGES),
        f"GET {SOLICITATIONS}/{ORDER}",
        f"POST {SOLICITATIONS}/{ORDER}/solicitations/productReviewAndSellerFeedback",
        "POST /orders/v0/orders/{orderId}/shipmentConfirmation",
    },
    # The resource of an upload holds slashes, which OpenAPI has no way to say.
    beside=("/auth/o2/token", "/storage/", "/uploads/2020-11-01/uploadDestinations/"),
)  # fmt: skip
