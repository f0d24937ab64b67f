"""What tracking connectors share: code tables, clocks, order, estimates."""

from datetime import date, datetime, timedelta, timezone
from itertools import count

import msgspec
import pytest

from syncd.connector.scans import (
    LONG_AGO,
    Estimate,
    Meaning,
    by_status,
    compact,
    country_code,
    instant,
    meaning_of,
    meanings,
    moment,
    plain,
    scan,
    story,
    with_offset,
)
from syncd.model import BadItem, Leg, Milestone, OffsetSource, Reason, Window

NOON = datetime.fromisoformat("2026-11-02T12:00")
EST = timezone(timedelta(hours=-5))


_SERIAL = count()


@pytest.fixture
def table(tmp_path, monkeypatch):
    package = f"carrier_{next(_SERIAL)}"  # an imported one would be found again

    def write(text):
        (tmp_path / package / "data").mkdir(parents=True)
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / "data" / "statuses.csv").write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        return meanings(package)

    return write


def test_a_table_has_comments_and_columns(table):
    found = table(
        "# Source\ncode,milestone,at_origin,reason,leg\nC,import_customs,export_customs,,\n"
    )
    assert found == {"C": Meaning(Milestone.IMPORT_CUSTOMS, Milestone.EXPORT_CUSTOMS)}


def test_a_table_needs_no_column_for_the_origin(table):
    found = table("code,milestone,reason,leg\nX,exception,lost,last\n")
    assert found == {"X": Meaning(Milestone.EXCEPTION, None, Reason.LOST, Leg.LAST)}


def test_a_milestone_that_is_none_is_an_error(table):
    with pytest.raises(ValueError, match="late"):
        table("code,milestone,reason,leg\nX,late,,\n")


@pytest.mark.parametrize(
    ("here", "origin", "destination", "milestone"),
    [
        ("CN", "CN", "GB", Milestone.EXPORT_CUSTOMS),
        ("GB", "CN", "GB", Milestone.IMPORT_CUSTOMS),
        ("CN", "CN", "CN", Milestone.IMPORT_CUSTOMS),
        (None, None, "GB", Milestone.IMPORT_CUSTOMS),
    ],
)
def test_customs_at_the_origin_is_export(here, origin, destination, milestone):
    customs = Meaning(Milestone.IMPORT_CUSTOMS, Milestone.EXPORT_CUSTOMS, Reason.OTHER, Leg.FIRST)
    found = customs.inside(here, origin, destination)
    assert (found.milestone, found.reason, found.leg) == (milestone, Reason.OTHER, Leg.FIRST)


@pytest.mark.parametrize("said", [None, "", "soon", "02.11.2026"])
def test_what_is_no_time_is_none(said):
    assert moment(said) is None


@pytest.mark.parametrize(
    ("said", "minutes"),
    [("-05:00", -300), ("-7:00", -420), ("+0530", 330), (" +00:00 ", 0)],
)
def test_an_offset_is_put_to_the_clock(said, minutes):
    assert with_offset(NOON, said).utcoffset() == timedelta(minutes=minutes)


@pytest.mark.parametrize("said", [None, "", "EST", "5", "+99:00"])
def test_what_is_no_offset_adds_none(said):
    assert with_offset(NOON, said) == NOON


def test_words_are_without_mark_up():
    assert (
        plain("USPS Ground<SUP>&#174;</SUP>\n Advantage &amp; more")
        == "USPS Ground® Advantage & more"
    )
    assert plain(None) == ""


@pytest.mark.parametrize(
    ("said", "code"), [("us", "US"), ("USA", None), ("U1", None), ("", None), (None, None)]
)
def test_a_country_is_two_letters_or_unknown(said, code):
    assert country_code(said) == code


def test_a_scan_keeps_the_wall_clock_and_who_told_the_offset():
    item = scan("A1", NOON.replace(tzinfo=EST), Meaning(), text="Left", raw=b"{}")
    assert (item.occurred_local, item.utc_offset_minutes) == (NOON, -300)
    assert item.offset_source is OffsetSource.CARRIER
    naive = scan("A1", NOON, Meaning(), text="Left", raw=b"{}")
    assert (naive.utc_offset_minutes, naive.offset_source) == (None, None)


def test_a_corrected_code_keeps_the_id_and_another_place_does_not():
    first = scan("A1", NOON, Meaning(), text="Left", code="A", raw=b"")
    assert (
        scan("A1", NOON, Meaning(Milestone.DELIVERED), text="Left", code="B", raw=b"").source_id
        == first.source_id
    )
    assert (
        scan("A1", NOON, Meaning(), text="Left", location="Ulm", raw=b"").source_id
        != first.source_id
    )


def raws(*scans):
    return [msgspec.Raw(msgspec.json.encode(each)) for each in scans]


def parse(raw):
    told = msgspec.json.decode(raw)
    at = moment(told["at"])
    return scan("A1", at, Meaning(), text=told["text"], country=told.get("country"), raw=raw)


LATER = {"at": "2026-11-02T12:00:00-05:00", "text": "Later", "country": "US"}
EARLIER = {"at": "2026-11-02T12:00:00+08:00", "text": "Earlier", "country": "CN"}


def test_scans_come_oldest_first_and_once_whatever_order_the_answer_has():
    for order in ((LATER, EARLIER), (EARLIER, LATER), (EARLIER, LATER, LATER)):
        assert [item.text for item in story("A1", raws(*order), parse)] == ["Earlier", "Later"]


def test_a_scan_that_cannot_be_read_stops_no_other():
    bad, good = story("A1", raws({"at": None, "text": "?"}, LATER), parse)
    assert isinstance(bad, BadItem)
    assert bad.source_id.startswith("A1-")
    assert good.text == "Later"


def test_an_estimate_without_an_offset_is_read_on_the_recipients_clock():
    estimate = Estimate.day(date(2026, 11, 4), "US")
    older, latest = story("A1", raws(EARLIER, LATER), parse, estimate)
    assert older.eta is None
    assert latest.eta == Window(
        earliest=datetime(2026, 11, 4, tzinfo=EST),
        latest=datetime(2026, 11, 4, 23, 59, 59, tzinfo=EST),
    )


@pytest.mark.parametrize("country", ["DE", None])
def test_an_estimate_is_left_out_where_nobody_tells_the_recipients_clock(country):
    estimate = Estimate.day(date(2026, 11, 4), country)
    assert story("A1", raws(EARLIER, LATER), parse, estimate)[-1].eta is None


def test_an_estimate_with_an_offset_is_taken_as_it_is():
    at = datetime(2026, 11, 4, 18, tzinfo=EST)
    (item,) = story("A1", raws(EARLIER), parse, Estimate(latest=at))
    assert item.eta == Window(latest=at)


@pytest.mark.parametrize(
    ("milestone", "until"),
    [
        (Milestone.READY_FOR_PICKUP, datetime(2026, 11, 9, 23, 59, 59, tzinfo=EST)),
        (Milestone.ATTEMPT_FAILED, datetime(2026, 11, 9, 23, 59, 59, tzinfo=EST)),
        (Milestone.DELIVERED, None),
    ],
)
def test_how_long_a_parcel_is_kept_goes_to_a_scan_that_says_that_it_waits(milestone, until):
    def waits(raw):
        return msgspec.structs.replace(parse(raw), milestone=milestone)

    kept = Estimate.day(date(2026, 11, 9), "US")
    older, latest = story("A1", raws(EARLIER, LATER), waits, None, kept)
    assert (older.pickup_by, latest.pickup_by) == (None, until)


def test_of_scans_of_one_minute_the_one_that_says_that_it_waits_is_the_latest():
    def stages(raw):
        milestone = Milestone(msgspec.json.decode(raw)["text"])
        return msgspec.structs.replace(parse(raw), milestone=milestone)

    kept = Estimate.day(date(2026, 11, 9), "US")
    for other in ("in_transit", "at_delivery_depot", "out_for_delivery"):
        both = raws(LATER | {"text": "ready_for_pickup"}, LATER | {"text": other})
        latest = story("A1", both, stages, None, kept)[-1]
        assert (latest.milestone, latest.pickup_by is None) == (Milestone.READY_FOR_PICKUP, False)


def test_a_number_is_compared_without_what_shops_put_into_it():
    assert compact(" 1z 023e\t2x\n") == "1Z023E2X"


@pytest.mark.parametrize(("code", "known"), [("X", True), ("Y", False), ("", False), (None, False)])
def test_a_code_that_is_not_in_the_table_means_nothing(table, tmp_path, code, known):
    table("code,milestone,reason,leg\nX,delivered,,\n")
    package = next(tmp_path.iterdir()).name
    assert meaning_of(package, code) == (Meaning(Milestone.DELIVERED) if known else Meaning())


def when(raw):
    said = msgspec.json.decode(raw, type=str)
    return datetime.fromisoformat(said) if said else None


@pytest.mark.parametrize(
    ("said", "latest"),
    [
        (("2026-11-02T12:00:00", "2026-11-02T13:00:00"), 1),
        (("2026-11-02T12:00:00+00:00", "2026-11-02T13:00:00+08:00"), 0),
        (("2026-11-02T12:00:00", "2026-11-02T13:00:00+08:00"), 0),
        (("2026-11-02T12:00:00", "", 7), 0),
    ],
)
def test_the_parcels_status_is_what_the_latest_scan_means(said, latest):
    status = Meaning(Milestone.DELIVERED)
    scans = raws(*said)
    means = by_status(scans, when, status)
    told = [means(bytes(each)) for each in scans]
    assert told == [status if index == latest else Meaning() for index in range(len(scans))]


def test_without_scans_the_status_means_nothing():
    assert by_status([], when, Meaning(Milestone.DELIVERED))(b"x") == Meaning()


def test_a_scan_without_a_time_is_before_all_others():
    assert [instant(bytes(raw), when) for raw in raws("", 7)] == [LONG_AGO, LONG_AGO]
