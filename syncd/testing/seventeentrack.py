"""A stateful 17TRACK on loopback, in the shapes of its published API v2.4.

It knows what carriers have said (`add_event`), which numbers an account has registered, the quota
left, and refuses what the real one refuses, number by number or as a whole.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from syncd import clock
from syncd.testing.server import Answer, FakeServer, Request, route

BATCH = 40
KEY = "17track-test-key"

MESSAGES = {
    -18010001: "IP is not in the whitelist.",
    -18010002: "Invalid security key.",
    -18010004: "Account is disabled.",
    -18010010: "Please provide the data.",
    -18010012: "The format of '{number}' is invalid.",
    -18010013: "Invalid submitted data.",
    -18010014: "Tracking numbers exceed the 40 limit.",
    -18010019: "The 'postal code' field is required for this tracking.",
    -18019901: "Tracking number '{number}' is already registered.",
    -18019902: "Tracking number '{number}' is not registered yet. Register first.",
    -18019903: "Carrier cannot be detected.",
    -18019904: "Only stopped numbers can be retracked.",
    -18019905: "Each number can be retracked only once.",
    -18019907: "Exceeded the daily limit.",
    -18019908: "Quota has run out.",
    -18019909: "No tracking information at this time.",
}


class Parcel(msgspec.Struct):
    """One number as 17TRACK and its carriers know it."""

    number: str
    carrier: int = 3011
    registered: bool = False
    stopped: bool = False
    restarted: bool = False
    """Whether its one new start is spent."""
    events: list[dict[str, Any]] = []
    """As answered, in the order they were added."""
    status: str | None = None
    """The main status where it is not that of the latest event, such as ``Expired``."""
    eta: dict[str, Any] = {}
    refusal: int | None = None
    """The code its registration is refused with."""


class Fake17Track(FakeServer):
    """17TRACK for one account; point a connector's ``base_url`` at `base_url`.

    `now` is its clock, `keys` the API keys it accepts, `quota` how many more numbers it registers,
    `refuse_all` a code that every call is refused with (such as -18010001), `refuse_registering`
    the same for one, `track_info_refusal` a code for every number that is registered and read.
    """

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        super().__init__()
        self.now = now
        self.keys = {KEY}
        self.quota_total = 10_000
        self.quota = self.quota_total
        self.refuse_all: int | None = None
        self.refuse_registering: int | None = None
        self.track_info_refusal: int | None = None
        self.parcels: dict[str, Parcel] = {}

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return f"{self.url}/track/v2.4"

    def parcel(self, number: str) -> Parcel:
        """What is known of a number; made where it is new, so that a test can set it up."""
        with self.lock:
            return self.parcels.setdefault(number, Parcel(number))

    def add_event(
        self,
        number: str,
        description: str,
        *,
        at: datetime | None = None,
        sub_status: str | None = "InTransit_Other",
        location: str = "",
        country: str | None = None,
        stage: str | None = None,
        zone_told: bool = True,
    ) -> dict[str, Any]:
        """Let a carrier scan a parcel; the event can be changed later to edit it.

        `at` is the local time; with `zone_told` the carrier wrote its offset, else 17TRACK added
        it. A naive `at` has no offset anywhere.
        """
        moment = at or self.now()
        event = {
            **_times(moment, zone_told=zone_told),
            "description": description,
            "description_translation": {"lang": None, "description": None},
            "location": location or None,
            "stage": stage,
            "sub_status": sub_status,
            "address": _address(country),
        }
        parcel = self.parcel(number)
        with self.lock:
            parcel.events.append(event)
        return event

    def set_eta(self, number: str, earliest: str | None, latest: str | None) -> None:
        """Set a parcel's estimated delivery, as text of whatever form."""
        self.parcel(number).eta = {"source": "Official", "from": earliest, "to": latest}

    def stop(self, number: str) -> None:
        """Stop following a number, as 17TRACK does after 30 days without news."""
        parcel = self.parcel(number)
        parcel.stopped, parcel.status = True, "Expired"

    def answer(self, request: Request) -> Answer:
        """Check the key first, like the real one."""
        code = self.refuse_all
        if request.headers.get("17token") not in self.keys:
            code = -18010002
        if code is not None:
            return _refused(code, 401 if code in {-18010001, -18010002, -18010004} else 200)
        return super().answer(request)

    @route("POST", r"/track/v2\.4/register")
    def register(self, request: Request) -> Answer:
        """Follow numbers; each new one costs a unit, two with ``lang``."""
        if self.refuse_registering is not None:
            return _refused(self.refuse_registering)
        return self._each(request, self._register)

    @route("POST", r"/track/v2\.4/gettrackinfo")
    def track_info(self, request: Request) -> Answer:
        """Everything known of numbers that are registered."""
        return self._each(request, self._track_info)

    @route("POST", r"/track/v2\.4/retrack")
    def retrack(self, request: Request) -> Answer:
        """Follow stopped numbers again, once each."""
        return self._each(request, self._retrack)

    @route("POST", r"/track/v2\.4/getquota")
    def get_quota(self, request: Request) -> Answer:
        """How many numbers can be registered."""
        del request
        data = {
            "quota_total": self.quota_total,
            "quota_used": self.quota_total - self.quota,
            "quota_remain": self.quota,
            "today_used": 0,
            "max_track_daily": 0,
            "free_email_quota": 0,
            "free_email_quotaused": 0,
        }
        return Answer.json({"code": 0, "data": data})

    def _each(self, request: Request, handle: Callable[[Any], dict[str, Any] | int]) -> Answer:
        rows = request.json()
        if not isinstance(rows, list):
            return _refused(-18010013)
        if not rows:
            return _refused(-18010010)
        if len(rows) > BATCH:
            return _refused(-18010014)
        accepted: list[dict[str, Any]] = []
        rejected: list[dict[str, Any]] = []
        for row in rows:
            number = str(row.get("number", ""))
            done = handle(row) if _well_formed(number) else -18010012
            if isinstance(done, int):
                rejected.append({"number": number, "error": _error(done, number)})
            else:
                accepted.append(done)
        data = {"accepted": self._paged(accepted), "rejected": rejected}
        return Answer.json({"code": 0, "data": data})

    def _paged(self, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
        # One answer holds several lists; an ordered fault is to befall all of them.
        fault = self._page_fault
        paged = self.page(values)
        self._page_fault = fault
        return paged

    def _register(self, row: dict[str, Any]) -> dict[str, Any] | int:
        parcel = self.parcel(row["number"])
        if parcel.refusal is not None:
            return parcel.refusal
        if parcel.registered:
            return -18019901
        cost = 2 if row.get("lang") else 1
        if self.quota < cost:
            return -18019908
        self.quota -= cost
        parcel.registered = True
        parcel.carrier = row.get("carrier") or parcel.carrier
        origin = 2 if row.get("carrier") else 1
        head = {"origin": origin, "number": parcel.number, "carrier": parcel.carrier}
        return {**head, "email": None, "tag": row.get("tag"), "lang": row.get("lang")}

    def _track_info(self, row: dict[str, Any]) -> dict[str, Any] | int:
        parcel = self.parcels.get(row["number"])
        if parcel is None or not parcel.registered:
            return -18019902
        if row.get("carrier") not in {None, 0, parcel.carrier}:
            return -18019902
        if self.track_info_refusal is not None:
            return self.track_info_refusal
        head = {"number": parcel.number, "carrier": parcel.carrier, "param": None, "tag": ""}
        return {**head, "track_info": self._info(parcel)}

    def _retrack(self, row: dict[str, Any]) -> dict[str, Any] | int:
        parcel = self.parcels.get(row["number"])
        if parcel is None or not parcel.registered:
            return -18019902
        if not parcel.stopped:
            return -18019904
        if parcel.restarted:
            return -18019905
        parcel.stopped, parcel.restarted, parcel.status = False, True, None
        return {"number": parcel.number, "carrier": parcel.carrier}

    def _info(self, parcel: Parcel) -> dict[str, Any]:
        events = parcel.events[::-1]
        sub = (events[0]["sub_status"] if events else "NotFound_Other") or ""
        status = parcel.status or sub.partition("_")[0]
        if parcel.status is not None:
            sub = f"{parcel.status}_Other"
        return {
            "shipping_info": {
                "shipper_address": _address("CN"),
                "recipient_address": _address("GB"),
            },
            "latest_status": {"status": status, "sub_status": sub, "sub_status_descr": None},
            "latest_event": events[0] if events else None,
            "time_metrics": {
                "days_after_order": 0,
                "days_of_transit": 0,
                "days_of_transit_done": 0,
                "days_after_last_update": 0,
                "estimated_delivery_date": parcel.eta or {"source": None, "from": None, "to": None},
            },
            "milestone": [],
            "misc_info": {"risk_factor": 0, "local_number": None, "local_key": 0},
            "tracking": {"providers_hash": 0, "providers": [self._provider(parcel, events)]},
        }

    def _provider(self, parcel: Parcel, events: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "provider": {"key": parcel.carrier, "name": f"Carrier {parcel.carrier}"},
            "provider_tips": None,
            "service_type": None,
            "latest_sync_status": "Success",
            "latest_sync_time": self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "events_hash": 0,
            "events": self._paged(events),
        }


def webhook(
    number: str, *, event: str = "TRACKING_UPDATED", key: str = KEY, body: bytes | None = None
) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a push as 17TRACK sends it; `body` stands in for its own."""
    said = {"event": event, "data": {"number": number, "carrier": 3011, "tag": ""}}
    content = msgspec.json.encode(said) if body is None else body
    return {"sign": hashlib.sha256(content + b"/" + key.encode()).hexdigest()}, content


def _times(moment: datetime, *, zone_told: bool) -> dict[str, Any]:
    clock_time = moment.replace(microsecond=0)
    iso = clock_time.isoformat()
    aware = clock_time.tzinfo is not None
    utc = clock_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if aware else None
    raw = {
        "date": clock_time.date().isoformat(),
        "time": clock_time.time().isoformat(),
        "timezone": iso[19:].replace("Z", "+00:00") if aware and zone_told else None,
    }
    return {"time_iso": iso if aware else None, "time_utc": utc, "time_raw": raw}


def _address(country: str | None) -> dict[str, Any]:
    empty = dict.fromkeys(("state", "city", "street", "postal_code"))
    return {"country": country, **empty, "coordinates": {"longitude": None, "latitude": None}}


def _well_formed(number: str) -> bool:
    return 5 <= len(number) <= 50 and number.replace("-", "").isalnum()


def _error(code: int, number: str = "") -> dict[str, Any]:
    return {"code": code, "message": MESSAGES.get(code, "").replace("{number}", number)}


def _refused(code: int, status: int = 200) -> Answer:
    return Answer.json({"code": code, "data": {"errors": [_error(code)]}}, status)
