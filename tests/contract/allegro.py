"""Allegro: the REST API, with its own media types in both headers."""

import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from syncd import clock
from syncd.connector import Connector, Context, Rejected
from syncd.model import Attachment, Draft, Party, Shipment
from syncd.testing.allegro import CENTER_FILES, ISSUE_FILES, FakeAllegro
from syncd_allegro import AllegroConfig, AllegroConnector
from syncd_allegro.client import AllegroClient
from tests.contract.declaration import Contract, Description, Document, Front

PHOTO = Attachment(name="a.png", media_type="image/png", content=b"png")


def play(front: Front) -> None:
    """Poll all streams twice, write to threads, buyers and issues with files, report a parcel."""
    with FakeAllegro() as allegro, tempfile.TemporaryDirectory() as folder:
        shop, url = allegro.shop, front(allegro)
        began = clock.now() - timedelta(hours=6)
        order = shop.add_order("jan", at=began)
        shop.ship(order, "620000000000000000000001")
        photo = (shop.add_file(b"png"),)
        thread = shop.add_message("jan", "Gdzie?", at=began, order=order, files=photo)["thread"][
            "id"
        ]
        issues = [
            shop.add_issue(order, "Nie ma", kind=kind, at=began) for kind in ("DISPUTE", "CLAIM")
        ]
        shop.issues[issues[0]].messages[0]["attachments"] = [
            {"fileName": "b.png", "url": f"{url}{ISSUE_FILES}/{shop.add_file(b'png')}"}
        ]
        shop.move_return(shop.add_return(order, at=began), "DELIVERED", "620000000000000000000009")
        shop.rate(order, at=began, rates={"delivery": 4, "deliveryCost": 5, "service": 5})
        offer = shop.add_offer(3, sku="LAMP-1")
        with closing(_account(allegro, url, Path(folder))) as connector:
            connector.check()
            cursors = {stream: _polled(connector, stream, {}) for stream in connector.streams}
            shop.cancel(order)
            shop.set_stock(offer, 2)
            for stream, cursor in cursors.items():
                _polled(connector, stream, cursor)
            fields = {"text": "Wkrótce.", "buyer": Party(id="jan"), "created_at": clock.now()}
            allegro.upload_url = f"{url}{CENTER_FILES}"
            for number, about in enumerate((
                {"thread_id": thread, "attachments": (PHOTO,)}, {"order_id": order},
            )):  # fmt: skip
                connector.send(Draft(**fields, **about), str(number))
            allegro.upload_url = f"{url}{ISSUE_FILES}"
            draft = Draft(**fields, thread_id=f"issue/{issues[0]}", attachments=(PHOTO,))
            connector.send(draft, "3")
            for sent in (draft, Draft(**fields, thread_id=thread), Draft(**fields, order_id=order)):
                assert connector.find_sent(sent, "3")
            parcel = Shipment(
                source_id="s", order_id=order, tracking_number="AB1", carrier="dpd-pl"
            )
            connector.confirm_shipment(parcel, "4")
            assert connector.find_confirmation(parcel, "4")
            with pytest.raises(Rejected):
                connector.send(Draft(**fields | {"buyer": Party(id="ewa")}, order_id=order), "5")


def _polled(connector: Connector, stream: str, cursor: dict) -> dict:
    for batch in connector.poll(stream, cursor):
        cursor = dict(batch.cursor)
    return cursor


def _account(allegro: FakeAllegro, url: str, folder: Path) -> AllegroConnector:
    for name, secret in (("secret", allegro.client_secret), ("token", allegro.refresh_token)):
        (folder / name).write_text(secret)
    config = AllegroConfig(
        client_id=allegro.client_id,
        client_secret={"file": folder / "secret"},
        refresh_token={"file": folder / "token"},
        base_url=url,
    )
    return AllegroConnector(config, Context(account="allegro", now=clock.now))


def _repair(document: Document) -> None:
    """What a message into an issue requires has another name than the field that it means."""
    document["components"]["schemas"]["MessageRequest"]["required"].remove("attachment")


CONTRACT = Contract(
    "allegro",
    descriptions=[Description("allegro/allegro-openapi.yaml", fix=_repair)],
    client=AllegroClient,
    play=play,
    calls={
        "GET /messaging/threads",
        "GET /messaging/threads/{threadId}/messages",
        "POST /messaging/threads/{threadId}/messages",
        "POST /messaging/messages",
        "POST /messaging/message-attachments",
        "PUT /messaging/message-attachments/{attachmentId}",
        "GET /messaging/message-attachments/{attachmentId}",
        "GET /sale/issues",
        "GET /sale/issues/{issueId}/chat",
        "POST /sale/issues/{issueId}/message",
        "POST /sale/issues/attachments",
        "PUT /sale/issues/attachments/{attachmentId}",
        "GET /sale/issues/attachments/{attachmentId}",
        "GET /order/events",
        "GET /order/event-stats",
        "GET /order/checkout-forms",
        "GET /order/checkout-forms/{id}",
        "GET /order/checkout-forms/{id}/shipments",
        "POST /order/checkout-forms/{id}/shipments",
        "GET /order/carriers",
        "GET /order/customer-returns",
        "GET /sale/user-ratings",
        "GET /sale/offers",
        "GET /sale/offer-events",
    },
    beside=("/auth/oauth/",),
)
