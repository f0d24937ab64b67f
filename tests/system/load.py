"""A demo-like load: orders, parcels, scans, troubles, messages and mails, without end."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

from receivers import ADDRESS

from syncd.testing.ebay_shop import iso

STEP_SECONDS = 0.1
# At the start, so that there is something to send from the first second on.
BEFOREHAND = 40
SOLD_BEFORE = timedelta(days=2)
_SCANS = {  # cause -> what 17TRACK calls it, and syncd
    "customs": ("InTransit_CustomsRequiringInformation", "customs_hold"),
    "attempt_failed": ("DeliveryFailure_NoBody", "attempt_failed"),
    "exception": ("Exception_Damage", "exception"),
}

# Customs that ask for nothing are waited for some days.
_REASONS = {"customs_hold": "documents"}


class Load(threading.Thread):
    """Makes things happen until `stop`; remembers which, so that they can be counted."""

    def __init__(self, *, ebay, track, market, box, record, chance):
        super().__init__(name="load")
        self._ebay, self._track, self._market = ebay, track, market
        self._box, self._record, self._chance = box, record, chance
        self._stopping = threading.Event()
        self._count = 0
        self._quiet = []
        """Parcels without trouble: (number, at eBay or not)."""
        self._troubled = []
        self.troubles = Counter()
        """(number, cause), each to be told once."""
        self.scans = Counter()
        """(number, text)."""
        self.mails = []
        """Message-IDs of what buyers wrote."""
        self._acts = {
            self._order_at_ebay: 22, self._order_at_market: 22, self._trouble: 30,
            self._more_trouble: 8, self._message_at_ebay: 6, self._message_at_market: 6,
            self._mail: 6,
        }  # fmt: skip
        for _ in range(BEFOREHAND):
            self._order_at_ebay()
            self._order_at_market()
        for _ in range(BEFOREHAND):
            self._trouble()

    def run(self):
        while not self._stopping.wait(self._chance.expovariate(1 / STEP_SECONDS)):
            (act,) = self._chance.choices(list(self._acts), list(self._acts.values()))
            act()

    def stop(self):
        self._stopping.set()
        self.join()

    def _order_at_ebay(self):
        number = self._number("GB")
        buyer = f"buyer-{self._chance.randrange(200)}"
        order = self._ebay.add_order(buyer, at=_now() - SOLD_BEFORE, country="GB")
        self._ebay.fulfil(order, number)
        self._scan(number, at_ebay=True, sub="InTransit_PickedUp", milestone="in_transit", age=60)
        self._quiet.append((number, True))

    def _order_at_market(self):
        number, buyer = self._number("US"), self._buyer()
        order = f"M-{self._count:06d}"
        self._market.tell(
            "orders", id=order, placed_at=iso(_now() - SOLD_BEFORE), status="sent", buyer=buyer,
            lines=[{"id": "1", "title": "Desk lamp"}], ship_to={"country": "US"}, language="en",
        )  # fmt: skip
        self._market.tell(
            "shipments", id=f"S-{number}", order_id=order, tracking_number=number, carrier="USPS",
            shipped_at=iso(_now()),
        )  # fmt: skip
        self._scan(number, at_ebay=False, sub="", milestone="in_transit", age=60)
        self._quiet.append((number, False))

    def _trouble(self):
        if self._quiet:
            parcel = self._quiet.pop(self._chance.randrange(len(self._quiet)))
            self._strike(parcel, ())

    def _more_trouble(self):
        """A second trouble, once the buyer has heard of the first: else that is over untold."""
        told = [one for one in self._troubled if self._record.has(one[0][0], one[1])]
        if told:
            parcel, cause = one = self._chance.choice(told)
            self._troubled.remove(one)
            self._strike(parcel, (cause,))

    def _strike(self, parcel, before):
        cause = self._chance.choice([cause for cause in _SCANS if cause not in before])
        sub, milestone = _SCANS[cause]
        number, at_ebay = parcel
        self._scan(number, at_ebay=at_ebay, sub=sub, milestone=milestone)
        self.troubles[number, cause] += 1
        if not before:
            self._troubled.append((parcel, cause))

    def _scan(self, number, *, at_ebay, sub, milestone, age=0):
        at = (_now() - timedelta(minutes=age)).replace(microsecond=0)
        self._count += 1
        text = f"Scan {self._count}"
        self.scans[number, text] += 1
        if at_ebay:
            self._track.add_event(number, text, at=at, sub_status=sub)
        else:
            self._market.tell(
                "tracking", id=f"T-{self._count}", tracking_number=number, text=text,
                occurred_local=at.replace(tzinfo=None).isoformat(), utc_offset_minutes=0,
                milestone=milestone, reason=_REASONS.get(milestone),
            )  # fmt: skip

    def _message_at_ebay(self):
        self._ebay.add_message(
            f"buyer-{self._chance.randrange(200)}", f"Where is it? {self._next()}"
        )

    def _message_at_market(self):
        self._market.tell(
            "messages", id=f"q-{self._next()}", sent_at=iso(_now()), direction="inbound",
            automatic=False, buyer=self._buyer(), text="Where is it?", order_id=None,
        )  # fmt: skip

    def _mail(self):
        message_id = f"<{self._next()}@mail.example>"
        head = f"From: buyer@mail.example\nTo: {ADDRESS}\nMessage-ID: {message_id}\n"
        when = _now().strftime("%a, %d %b %Y %H:%M:%S +0000")
        self._box.deliver(f"{head}Date: {when}\nSubject: My lamp\n\nWhere is it?\n".encode())
        self.mails.append(message_id)

    def _buyer(self):
        number = self._chance.randrange(200)
        return {"id": f"b{number}", "name": "Kim", "email": f"b{number}@mail.example"}

    def _number(self, country):
        return f"KT{self._next():09d}{country}"

    def _next(self):
        self._count += 1
        return self._count


def _now():
    return datetime.now(UTC)
