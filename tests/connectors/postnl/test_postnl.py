"""The connector against the stateful fake, and its tables against the published lists."""

from datetime import datetime

import msgspec
import pytest

from syncd.connector.scans import meanings, rows
from syncd.model import BadItem, Milestone, ParcelRef
from syncd.testing.postnl import FakePostNL
from syncd_postnl import PostNL
from syncd_postnl.parse import read

START = datetime(2026, 11, 2, 9, 0, 7)  # noqa: DTZ001  PostNL tells no zone
NUMBER = "3SDEVC172649258"
STATUSES = "1 2 3 4 13 14 15 18 19 5 6 16 21 7 8 9 17 20 11 12 22 23 99 27 28 31"
# The event codes by the status that PostNL gives them.
PUBLISHED = {
    "1": "A01 A10 A71 F01 J93 M03 X80 X81",
    "2": "B01 X40",
    "3": "B04 Z80",
    "4": "D02 D03 D04 D05 D06 D07 D09 D40 D41 H31 X42 X43 Y80 Y81",
    "5": (
        "A08 A09 A11 A12 A13 A27 A28 A29 A30 A31 A32 A34 A35 A42 A43 A99 J01 J06 J07 J09 "
        "J10 J14 J16 J17 J22 J24 J26 J27 J28 J33 J36 J61 J90 Q12 Q13 R01 R06 X01 X02 X07 "
        "X08 X11 X14 X17 X20 X21 X22 X50 X51 X68 Y23 Y24 Y33 Y35 Y60 Y61 Y62"
    ),
    "6": "D08 H10 K01 K02 K03 K30 K92 V01 V06 Y07",
    "7": (
        "H32 H35 J05 J08 J29 J39 J41 J42 J45 J47 J48 J55 J94 J95 K14 K15 K70 Q15 S05 T02 "
        "X04 X06 X19 X55 Y05"
    ),
    "8": (
        "H01 H02 H03 H04 H05 H07 H08 H09 H12 H20 H22 H24 H34 H36 H38 H51 H52 J92 K16 K41 "
        "K43 Y01 Y02 Y03 Y04 Y08 Y09 Y10 Y11 Y12 Y13 Y14 Y15 Y16 Y17 Y18 Y19 Y20 Y21 Y22 "
        "Y30 Y31 Y32 Y36 Y38 Y39 Y40 Y41 Y42 Y43 Y44 Y50 Y71"
    ),
    "9": "J59 X30 X60 X61 X62 X63 X64 X65 X66 Y25 Y29",
    "11": (
        "I01 I03 I05 I06 I07 I09 I10 I11 I12 I22 I23 J23 J63 J91 K91 X24 Y26 Z01 Z02 Z03 "
        "Z04 Z05 Z06 Z08 Z09"
    ),
    "12": "I08 J02 J12 J23 J52 X05",
    "13": "A20 A21 A22 Q02 X03",
    "14": "M01",
    "15": "G03",
    "16": "G01 G02 G05",
    "17": "H23 K90",
    "19": "F03 F04 F05 F06 F07 F08 F10",
    "20": "A76 X10 X67",
    "21": "V02 V03 V04 V11 V12 V13 V21 V22 V23 V31 V50",
    "22": "I02",
    "23": "C01",
    "27": "H16 H25",
    "28": "Y37",
    "31": "A72 A74 A75 X15",
    "99": (
        "A41 A46 A73 A94 B06 C02 H15 H17 H18 H30 J56 J80 K25 K71 P20 P21 P22 P23 P24 Q14 "
        "Q16 Q17 Q18 Q19 X16 X52 Y45 Y46 Y47 Y48 Y64 Y65 Y66"
    ),
}


@pytest.fixture
def carrier():
    return PostNL, FakePostNL


def answer(**fields):
    shipment = {"MainBarcode": NUMBER, "Barcode": NUMBER, **fields}
    return msgspec.json.encode({"CompleteStatus": {"Shipment": shipment}})


def event(code="J01", **fields):
    return {"Code": code, "Description": "Gesorteerd", "TimeStamp": "02-11-2026 09:00:07", **fields}


def parsed(raw):
    return read(ParcelRef(tracking_number=NUMBER), raw)


def test_every_published_status_has_a_meaning_and_only_not_applicable_has_none():
    table = meanings("syncd_postnl")
    assert set(table) == set(STATUSES.split())
    assert [code for code, said in table.items() if said.milestone == Milestone.UNKNOWN] == ["99"]


def test_the_table_of_events_is_the_published_one():
    told = {(row["code"], row["status"]) for row in rows("syncd_postnl", "events.csv")}
    published = {(code, status) for status, codes in PUBLISHED.items() for code in codes.split()}
    assert published - told == {("J23", "11")}  # listed twice, under two statuses
    assert told - published == set()


def test_no_event_of_a_delivery_counts_as_anything_unfinished_unless_its_words_say_so():
    table = meanings("syncd_postnl", "events.csv")
    odd = {code for code in PUBLISHED["11"].split() if table[code].milestone != "delivered"}
    assert odd == {"I07", "J23", "J63", "K91", "X24", "Y26"}
    delivered = {code for code, said in table.items() if said.milestone == "delivered"}
    assert delivered <= set(PUBLISHED["11"].split()) | {"I02"}


def test_an_unknown_code_is_unknown():
    assert [item.milestone for item in parsed(answer(Event=[event("Q99")]))] == ["unknown"]


def test_a_scan_keeps_words_code_and_clock_and_gets_no_offset(world):
    world.due("3s devc 172649258")
    world.fake.add_scan(NUMBER, "Geweigerd, gaat retour afzender", START, code="H01")
    (item,) = world.items()
    assert (item.tracking_number, item.code) == ("3s devc 172649258", "H01")
    assert (item.milestone, item.reason) == ("returning", "refused")
    assert item.text == "Geweigerd, gaat retour afzender"
    assert item.occurred_local == START
    assert (item.utc_offset_minutes, item.offset_source) == (None, None)


def test_the_day_comes_before_the_month():
    (item,) = parsed(answer(Event=[event(TimeStamp="03-12-2026 10:00:00")]))
    assert (item.occurred_local.day, item.occurred_local.month) == (3, 12)


@pytest.mark.parametrize("events", [[event()], event()])
def test_one_event_may_come_without_a_list(events):
    assert [item.code for item in parsed(answer(Event=events))] == ["J01"]


@pytest.mark.parametrize("empty", [{}, None, []])
def test_without_events_the_statuses_count(empty):
    now = {"TimeStamp": "08-11-2022 10:13:20", "StatusCode": "7", "StatusDescription": "On its way"}
    old = {"TimeStamp": "08-11-2022 02:17:49", "StatusCode": "05", "StatusDescription": "Sorted"}
    items = parsed(answer(Event=empty, Status=now, OldStatus=[old]))
    assert [item.milestone for item in items] == ["in_transit", "out_for_delivery"]
    assert [item.code for item in items] == ["5", "7"]


def test_one_event_that_cannot_be_read_does_not_hide_the_others():
    items = parsed(answer(Event=[event(), event(TimeStamp={}), event(TimeStamp="soon")]))
    assert [type(item) for item in items].count(BadItem) == 2
    assert items[-1].code == "J01"


def test_of_several_parcels_only_the_one_asked_for_counts():
    ours = {"Barcode": NUMBER, "MainBarcode": NUMBER, "Event": [event("I01")]}
    other = {"Barcode": "3SDEVC1", "MainBarcode": NUMBER, "Event": [event("J01")]}
    both = msgspec.json.encode({"CompleteStatus": {"Shipment": [other, ours]}})
    assert [item.code for item in parsed(both)] == ["I01"]
    with pytest.raises(ValueError, match="other parcels"):
        read(ParcelRef(tracking_number="3SDEVC9"), both)


def test_what_is_asked_for(make):
    world = make(NUMBER, language="EN")
    world.poll()
    assert world.fake.requests[0].query == {"detail": ["true"], "language": ["EN"]}
