"""What the fake Allegro's seller has beside orders and messages: returns, ratings, offers."""

from datetime import datetime
from typing import Any

from syncd.testing.allegro_shop import Json, Shop, iso


class Sales(Shop):
    """A whole seller."""

    def add_return(self, order_id: str, *, at: datetime | None = None) -> str:
        """The buyer of an order wants to send it back; gives the return's id."""
        with self.lock:
            return_id, order = self.uuid(), self.orders[order_id]
            line = order["lineItems"][0]
            reason = {"type": "DAMAGED", "userComment": "The shade is broken"}
            self.returns[return_id] = {
                "id": return_id,
                "isFulfillment": False,
                "createdAt": iso(at or self.now()),
                "referenceNumber": f"{self.next_id()}/2026",
                "orderId": order_id,
                "buyer": {name: order["buyer"][name] for name in ("email", "login")},
                "items": [{
                    "offerId": line["offer"]["id"], "quantity": 1, "name": line["offer"]["name"],
                    "price": line["price"], "reason": reason,
                }],
                "parcels": [{"sender": {"phoneNumber": "+48 500 000 000"}}],
                "marketplaceId": "allegro-pl",
                "status": "CREATED",
            }  # fmt: skip
            return return_id

    def move_return(self, return_id: str, status: str, waybill: str | None = None) -> None:
        """A return goes on; nothing tells when."""
        with self.lock:
            self.returns[return_id]["status"] = status
            if waybill:
                self.returns[return_id]["parcels"].append(
                    {"createdAt": iso(self.now()), "waybill": waybill, "carrierId": "INPOST"}
                )

    def rate(
        self,
        order_id: str,
        comment: str = "Polecam",
        *,
        recommended: bool = True,
        rates: dict[str, int] | None = None,
        at: datetime | None = None,
    ) -> str:
        """The buyer of an order rates the sale; gives the rating's id."""
        with self.lock:
            rating_id, order, written = self.uuid(), self.orders[order_id], iso(at or self.now())
            offers = [{"id": line["offer"]["id"], "title": "Lampa"} for line in order["lineItems"]]
            rating: Json = {
                "id": rating_id,
                "buyer": {"id": order["buyer"]["id"], "login": order["buyer"]["login"]},
                "comment": comment,
                "createdAt": written,
                "lastChangedAt": written,
                "order": {"id": order_id, "offers": offers},
                "recommended": recommended,
            }
            self.ratings[rating_id] = rating | ({"rates": rates} if rates else {})
            return rating_id

    def change_rating(self, rating_id: str, **fields: Any) -> None:
        """A rating is edited or answered."""
        with self.lock:
            self.ratings[rating_id].update(fields, lastChangedAt=iso(self.now()))

    def add_offer(self, available: int, *, sku: str | None = None) -> str:
        """An offer comes on sale; gives its id."""
        with self.lock:
            offer_id = f"{8_000_000_000 + self.next_id()}"
            self.offers[offer_id] = {
                "id": offer_id,
                "name": "Lampa biurkowa",
                "stock": {"available": available, "sold": 0},
                "publication": {"status": "ACTIVE"},
            } | ({"external": {"id": sku}} if sku else {})
            self._log(offer_id, "OFFER_ACTIVATED")
            return offer_id

    def set_stock(self, offer_id: str, available: int) -> None:
        """Some were sold, or came in."""
        with self.lock:
            self.offers[offer_id]["stock"]["available"] = available
            self._log(offer_id, "OFFER_STOCK_CHANGED")

    def end_offer(self, offer_id: str) -> None:
        """An offer ends; what is left of it cannot be bought."""
        with self.lock:
            self.offers[offer_id]["publication"]["status"] = "ENDED"
            self._log(offer_id, "OFFER_ENDED")

    def _log(self, offer_id: str, kind: str) -> None:
        self.offer_events.append(
            {
                "id": f"event-{self.next_id()}",
                "type": kind,
                "occurredAt": iso(self.now()),
                "offer": {"id": offer_id},
            }
        )
