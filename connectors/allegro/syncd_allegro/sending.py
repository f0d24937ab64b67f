"""Sending by Allegro, and finding out afterwards whether it arrived."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from syncd.connector import (
    OutcomeUnknown,
    Paging,
    Rejected,
    find_text,
    require,
    same_text,
    settling,
    written_since,
)
from syncd.model import Draft, Message, Receipt, Shipment
from syncd_allegro import parse, rules, wire, wire_orders
from syncd_allegro.client import THREADS_PER_PAGE, AllegroClient, Denied
from syncd_allegro.conversations import BLOCKED, NOT_DELIVERED
from syncd_allegro.parse import ISSUE

MAX_WAYBILL, MAX_CARRIER_NAME = 64, 30


class Sender:
    """What an account writes to Allegro."""

    def __init__(self, client: AllegroClient) -> None:
        self._client = client
        self._carriers: list[wire_orders.Carrier] = []

    def send(self, draft: Draft, now: datetime) -> Receipt:
        """Send into the draft's issue or thread, else to the buyer of its order."""
        require(rules.may_send(draft))
        issue_id = _issue_of(draft)
        body = _body(draft) | self._attached(draft)
        try:
            sent = self._client.send(body, thread_id=draft.thread_id, issue_id=issue_id)
        except Denied as error:  # as likely about the conversation as about a right
            raise Rejected(str(error)) from None
        if sent.status == BLOCKED:
            raise Rejected("Allegro blocked the message: by its rules the buyer does not get it")
        return Receipt(source_id=sent.id, accepted_at=parse.instant(sent.created_at) or now)

    def _attached(self, draft: Draft) -> dict[str, Any]:
        """The files of a message, which Allegro has by now."""
        of_issue = _issue_of(draft) is not None
        files = [self._client.upload(one, for_issue=of_issue) for one in draft.attachments]
        return {"attachments": [{"id": file_id} for file_id in files]} if files else {}

    def find(self, draft: Draft) -> Receipt | None:
        """Look for the draft's text among what was written to the buyer since it was decided."""
        since = written_since(draft)
        try:
            with settling("the conversation"):
                written = self._written(draft, since)
        except ValueError as error:
            raise OutcomeUnknown(
                f"the conversation holds messages that cannot be understood: {error}"
            ) from None
        gone = [message for message, status in written if status in NOT_DELIVERED]
        if any(one.sent_at >= since and same_text(one.text, draft.text) for one in gone):
            raise OutcomeUnknown(
                "Allegro took the message and blocked it: the buyer has not got it"
            )
        return find_text((message for message, _ in written), draft)

    def _written(self, draft: Draft, since: datetime) -> list[tuple[Message, str | None]]:
        """What stands in the draft's conversation, else in all with the buyer, with its state."""
        issue_id = _issue_of(draft)
        if issue_id is not None:
            issue = wire.Issue(id=issue_id, opened_date="")
            return [(_chat(raw, issue), None) for raw in self._client.chat(issue_id)]
        if draft.thread_id is not None:
            threads = [wire.Thread(draft.thread_id)]
        else:
            threads = self._threads_with(draft.buyer.id or "", since)
        return [
            _center(raw, thread) for thread in threads for raw in self._client.messages(thread.id)
        ]

    def _threads_with(self, login: str, since: datetime) -> list[wire.Thread]:
        """The threads with a buyer in which something was said since then."""
        paging, found, offset, more = Paging("Allegro's threads"), [], 0, True
        while more:
            raws = self._client.threads(offset)
            threads = [msgspec.json.decode(raw, type=wire.Thread) for raw in raws]
            found += [one for one in threads if _is_with(one, login)]
            offset += THREADS_PER_PAGE
            more = len(raws) >= THREADS_PER_PAGE and _all_since(since, threads)
            paging.turned(raws, more=more)
        return list({one.id: one for one in found}.values())

    def confirm(self, shipment: Shipment, now: datetime) -> Receipt:
        """Give the parcel's number to its order, as holding all of it."""
        number = (shipment.tracking_number or "").strip()
        if not number or len(number) > MAX_WAYBILL:
            raise Rejected(f"Allegro takes parcel numbers of 1 to {MAX_WAYBILL} characters")
        body = {"waybill": number, **self._carrier(shipment.carrier or "")}
        try:
            made = self._client.add_waybill(shipment.order_id, body)
        except Denied as error:
            raise Rejected(str(error)) from None
        return _receipt(shipment.order_id, made, now)

    def find_parcel(self, shipment: Shipment, now: datetime) -> Receipt | None:
        """Look for the parcel's number among those of its order."""
        wanted = _same(shipment.tracking_number or "")
        with settling("the order's parcels", ValueError):
            raws = self._client.waybills(shipment.order_id)
            parcels = [msgspec.json.decode(raw, type=wire_orders.Waybill) for raw in raws]
        found = (one for one in parcels if _same(one.waybill or "") == wanted)
        return next((_receipt(shipment.order_id, one, now) for one in found), None)

    def _carrier(self, name: str) -> dict[str, str]:
        """Allegro's id of a carrier, by its own or syncd's name for it, else OTHER and the name."""
        if not self._carriers:
            self._carriers = self._client.carriers()
        for wanted in (_same(name), _same(name.partition("-")[0])):
            for one in self._carriers:
                if wanted and wanted in {_same(one.id), _same(one.name)}:
                    return {"carrierId": one.id}
        return {"carrierId": "OTHER", "carrierName": name[:MAX_CARRIER_NAME] or "other"}


def _body(draft: Draft) -> dict[str, Any]:
    """A message without its files; one that goes into no conversation names whom it is for."""
    if _issue_of(draft) is not None:
        return {"text": draft.text, "type": "REGULAR"}
    if draft.thread_id is not None:
        return {"text": draft.text}
    about = {"recipient": {"login": draft.buyer.id}, "order": {"id": draft.order_id}}
    return {"text": draft.text, **about}


def _is_with(thread: wire.Thread, login: str) -> bool:
    return thread.interlocutor is not None and thread.interlocutor.login == login


def _all_since(since: datetime, threads: Iterable[wire.Thread]) -> bool:
    """Whether something was said in each of them since then, as far as they tell."""
    stamps = (parse.instant(one.last_message_date_time) for one in threads)
    return all(at is None or at >= since for at in stamps)


def _issue_of(draft: Draft) -> str | None:
    thread_id = draft.thread_id or ""
    return thread_id.removeprefix(ISSUE) if thread_id.startswith(ISSUE) else None


def _center(raw: bytes, thread: wire.Thread) -> tuple[Message, str | None]:
    said = msgspec.json.decode(raw, type=wire.CenterMessage)
    return parse.center_message(said, thread, raw), said.status


def _chat(raw: bytes, issue: wire.Issue) -> Message:
    return parse.chat_message(msgspec.json.decode(raw, type=wire.ChatMessage), issue, raw)


def _receipt(order_id: str, parcel: wire_orders.Waybill, now: datetime) -> Receipt:
    return Receipt(
        source_id=f"{order_id}/{parcel.id}", accepted_at=parse.instant(parcel.created_at) or now
    )


def _same(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
