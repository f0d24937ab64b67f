"""The connector against the stateful fake, and its table against the lists it is made from."""

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from syncd.connector.scans import meanings, rows
from syncd.model import BadItem, Milestone, OffsetSource, ParcelRef
from syncd.testing.royalmail import FakeRoyalMail
from syncd_royalmail import RoyalMail
from syncd_royalmail.parse import read

SUMMER = timezone(timedelta(hours=1))
START = datetime(2026, 6, 2, 9, tzinfo=SUMMER)
NUMBER = "FQ087430672GB"
WRITTEN_DOWN = {
    "a": "ASRXS EVAIE EVAIP EVBAH EVDAC EVDAV EVGMI EVGPD EVIAV EVIMC EVIPI EVKAA EVKAI EVKDN EVKGA "
    "EVKLC EVKNA EVKOP EVKRF EVKSF EVKSP EVKSU EVNAA EVNAR EVNDA EVNDN EVNGA EVNKS EVNMI EVNOC EVNRF "
    "EVNRT EVPLC EVRTS RFRXS RNRXS RORXS RPRXS RSRXS",
    "b": "EVKSP EVKSF EVGPD EVNSR EVNDA EVKNA EVODO EVORI EVOAC EVAIE EVAIP EVPPA EVDAV EVIMC EVDAC "
    "EVBAV EVIAV EVKOP EVNRT EVOCO EVKNR RSRXS RORXS EVKLS EVPLA EVPLC",
}


@pytest.fixture
def carrier():
    return RoyalMail, FakeRoyalMail


def piece(*events, **fields):
    return msgspec.json.encode({"mailPieces": {"events": list(events), **fields}})


def event(**fields):
    return {"eventCode": "EVDAC", "eventDateTime": "2026-06-02T09:00:00+01:00", **fields}


def parsed(raw):
    return read(ParcelRef(tracking_number=NUMBER), raw)


@pytest.mark.parametrize("source", ["a", "b"])
def test_every_code_that_was_written_down_has_a_row(source):
    assert set(WRITTEN_DOWN[source].split()) <= set(meanings("syncd_royalmail"))


def test_no_code_is_made_up_and_only_requests_are_unknown():
    written = {code for codes in WRITTEN_DOWN.values() for code in codes.split()}
    assert {row["code"] for row in rows("syncd_royalmail", "statuses.csv")} == written
    table = meanings("syncd_royalmail")
    unknown = {code for code, said in table.items() if said.milestone == Milestone.UNKNOWN}
    assert unknown == {code for code in written if code.endswith("RXS")}


def test_an_unknown_code_is_unknown():
    assert [item.milestone for item in parsed(piece(event(eventCode="EVXXX")))] == ["unknown"]


def test_a_scan_keeps_words_code_place_and_clock(world):
    world.due("fq 0874 3067 2gb")
    world.fake.add_scan(NUMBER, "Forwarded - Mis-sort", START, code="EVNMI", location="Stafford DO")
    (item,) = world.items()
    assert (item.tracking_number, item.code) == ("fq 0874 3067 2gb", "EVNMI")
    assert (item.milestone, item.reason) == ("in_transit", "missort")
    assert (item.text, item.location) == ("Forwarded - Mis-sort", "Stafford DO")
    assert item.occurred_local.isoformat() == "2026-06-02T09:00:00"
    assert (item.utc_offset_minutes, item.offset_source) == (60, OffsetSource.CARRIER)


def test_a_time_without_an_offset_gets_none():
    (item,) = parsed(piece(event(eventDateTime="2026-06-02T09:00:00")))
    assert (item.utc_offset_minutes, item.offset_source) == (None, None)


def test_one_event_that_cannot_be_read_does_not_hide_the_others():
    items = parsed(piece(event(), event(eventDateTime=None), 7))
    assert [type(item) for item in items].count(BadItem) == 2
    assert items[-1].code == "EVDAC"


@pytest.mark.parametrize(
    "told",
    [
        ("2026-06-03", "08:00:00+01:00", "11:00:00+01:00"),
        ("2026-06-03T00:00:00+00:00", "2026-06-03T08:00:00+01:00", "2026-06-03T11:00:00+01:00"),
    ],
)
def test_the_window_in_both_forms(told):
    names = ("date", "startOfEstimatedWindow", "endOfEstimatedWindow")
    (item,) = parsed(piece(event(), estimatedDelivery=dict(zip(names, told, strict=True))))
    assert item.eta.earliest == datetime(2026, 6, 3, 8, tzinfo=SUMMER)
    assert item.eta.latest == datetime(2026, 6, 3, 11, tzinfo=SUMMER)


@pytest.mark.parametrize("fields", [{"date": "2026-06-03"}, {}, {"endOfEstimatedWindow": "noon"}])
def test_an_estimate_without_an_offset_is_left_out(fields):
    assert parsed(piece(event(), estimatedDelivery=fields))[0].eta is None


def test_an_answer_without_a_mail_piece_is_told():
    with pytest.raises(ValueError, match="no mail piece"):
        parsed(b"{}")
