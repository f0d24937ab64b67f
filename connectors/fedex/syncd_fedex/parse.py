"""From what FedEx answers to syncd's tracking events. Pure."""

from collections.abc import Iterable, Sequence

import msgspec

from syncd.connector.scans import Estimate, Meaning, country_code, meanings, moment, scan, story
from syncd.model import BadItem, Item, Reason, TrackingEvent

NOT_FOUND = "NOTFOUND"
"""How FedEx's codes end that say that nothing is known (yet)."""


class _Address(msgspec.Struct, rename="camel"):
    city: str | None = None
    state_or_province_code: str | None = None
    country_code: str | None = None


class _Party(msgspec.Struct):
    address: _Address | None = None


class _Delay(msgspec.Struct):
    type: str | None = None


class _Scan(msgspec.Struct, rename="camel"):
    date: str | None = None
    event_type: str | None = None
    event_description: str | None = None
    exception_code: str | None = None
    exception_description: str | None = None
    scan_location: _Address | None = None
    delay_detail: _Delay | None = None


class _Time(msgspec.Struct, rename="camel"):
    type: str | None = None
    date_time: str | None = None


class _Span(msgspec.Struct):
    begins: str | None = None
    ends: str | None = None


class _Window(msgspec.Struct):
    window: _Span | None = None


class _Error(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Result(msgspec.Struct, rename="camel"):
    error: _Error | None = None
    scan_events: list[msgspec.Raw] | None = None
    date_and_times: list[_Time] | None = None
    estimated_delivery_time_window: _Window | None = None
    shipper_information: _Party | None = None
    recipient_information: _Party | None = None


class _Number(msgspec.Struct, rename="camel"):
    tracking_number: str
    track_results: list[msgspec.Raw]


class _Output(msgspec.Struct, rename="camel"):
    complete_track_results: list[_Number]


class Answer(msgspec.Struct):
    """What FedEx answers about up to 30 numbers."""

    output: _Output

    def items(self, numbers: Iterable[str]) -> list[Item]:
        """The scans of those of `numbers` that FedEx knows; nothing of the others."""
        asked = {plain(number): number for number in numbers}
        return [
            item
            for each in self.output.complete_track_results
            if plain(each.tracking_number) in asked
            for item in _items(asked[plain(each.tracking_number)], each.track_results)
        ]


def plain(number: str) -> str:
    """Without blanks, as FedEx wants it."""
    return "".join(number.split())


def _items(number: str, raws: Sequence[msgspec.Raw]) -> list[Item]:
    try:
        found = [msgspec.json.decode(raw, type=_Result) for raw in raws]
    except msgspec.MsgspecError as error:
        return [BadItem(source_id=number, reason=str(error), raw=b"\n".join(map(bytes, raws)))]
    good = [result for result in found if result.error is None]
    if good:
        return _story(number, max(good, key=_latest))
    errors = [each.error for each in found if each.error and not _unknown(each.error)]
    return [
        BadItem(source_id=number, reason=f"FedEx {error.code}: {error.message}")
        for error in errors[:1]
    ]


def _unknown(error: _Error) -> bool:
    return error.code.endswith(NOT_FOUND)


def _latest(result: _Result) -> str:
    """The day of its last scan: FedEx gives a number out again, and then answers with both."""
    dates = [_date(raw) for raw in result.scan_events or ()]
    return max(dates, default="")


def _date(raw: msgspec.Raw) -> str:
    try:
        return (msgspec.json.decode(raw, type=_Scan).date or "")[:10]
    except msgspec.MsgspecError:
        return ""


def _story(number: str, result: _Result) -> list[Item]:
    origin = _country(result.shipper_information)
    destination = _country(result.recipient_information)

    def parse(raw: bytes) -> TrackingEvent:
        return _parse(number, origin, destination, raw)

    estimate = _estimate(result, destination)
    return story(number, result.scan_events or (), parse, estimate)


def _parse(number: str, origin: str | None, destination: str | None, raw: bytes) -> TrackingEvent:
    event = msgspec.json.decode(raw, type=_Scan)
    place = event.scan_location or _Address()
    here = country_code(place.country_code)
    said = (event.event_description, event.exception_description)
    return scan(
        number,
        moment(event.date),
        _meaning(event).inside(here, origin, destination),
        text=" - ".join(dict.fromkeys(filter(None, said))),
        code="/".join(filter(None, (event.event_type, event.exception_code))),
        location=", ".join(filter(None, (place.city, place.state_or_province_code))),
        country=here,
        carrier="FedEx",
        raw=raw,
    )


def _meaning(event: _Scan) -> Meaning:
    meaning = meanings("syncd_fedex").get((event.event_type or "").upper(), Meaning())
    if event.delay_detail and event.delay_detail.type == "WEATHER" and meaning.reason is None:
        return msgspec.structs.replace(meaning, reason=Reason.WEATHER)
    return meaning


def _country(party: _Party | None) -> str | None:
    return country_code(party.address.country_code) if party and party.address else None


def _estimate(result: _Result, country: str | None) -> Estimate | None:
    window = result.estimated_delivery_time_window
    span = (window and window.window) or _Span()
    dated = [t for t in result.date_and_times or () if t.type == "ESTIMATED_DELIVERY"]
    latest = moment(span.ends) or (moment(dated[0].date_time) if dated else None)
    earliest = moment(span.begins)
    return Estimate(earliest, latest, country) if earliest or latest else None
