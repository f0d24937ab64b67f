"""The sandbox world: the same story from the same seed, feeds that resume, and checks that fail."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from itertools import pairwise
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import msgspec
import pytest

from syncd.model import Cause, Milestone
from syncd.testing.server import Fault
from syncd.testing.world import (
    MAILBOX,
    Judgement,
    Received,
    Tolerance,
    Trouble,
    TroubleKind,
    WatchSettings,
    World,
)
from syncd.testing.world_judge import Judge, untold
from syncd.testing.world_parcels import TROUBLED, Fate, s10_check_digit
from syncd.testing.world_story import Story, plan
from syncd.testing.world_troubles import troubles
from syncd.testing.world_words import WORDS, likely_languages

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(days=30)
FEEDS = ("orders", "messages", "shipments", "tracking")
STORY = plan(1, START, 30, 120)


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Iterator[World]:
    with World(now=clock, start=START) as world:
        yield world


def ask(world: World, path: str, body: object = None, token: str | None = None) -> dict:
    headers = {"authorization": f"Bearer {token or world.token}"}
    data = json.dumps(body).encode() if body is not None else None
    with urlopen(Request(world.url + path, data, headers), timeout=10) as reply:
        return json.load(reply)


def refusal(world: World, path: str, body: object = None, token: str | None = None) -> tuple:
    with pytest.raises(HTTPError) as caught:
        ask(world, path, body, token)
    with caught.value as error:
        return error.code, json.load(error)


def follow(world: World, feed: str, since: int = 0, limit: int = 100) -> list[dict]:
    items, more = [], True
    while more:
        page = ask(world, f"/{feed}?since={since}&limit={limit}")
        items += page["items"]
        since, more = page["next"], page["more"]
    return items


# The story


def test_the_same_seed_tells_the_same_story_and_another_seed_another() -> None:
    assert plan(1, START, 30, 120) == STORY
    assert plan(2, START, 30, 120) != STORY


def test_the_same_seed_serves_the_same_bytes(clock: Clock, world: World) -> None:
    clock.at = END
    with World(now=clock, start=START) as other:
        for feed in FEEDS:
            assert follow(world, feed) == follow(other, feed)
        assert world.mails_until(END) == other.mails_until(END)


def test_the_default_world_has_the_size_a_demo_needs(clock: Clock, world: World) -> None:
    clock.at = END
    counts = world.counts()
    assert counts.orders == 120
    assert counts.shipments == len(list(STORY.parcels)) == 130
    assert counts.messages > 300
    assert counts.malformed == 6
    assert {buyer.language for buyer in STORY.buyers} == {*WORDS, "nl"}
    assert len({buyer.city.country for buyer in STORY.buyers}) >= 12


@pytest.mark.parametrize(
    ("seed", "days", "orders"),
    [*[(seed, 30, 120) for seed in range(5)], (5, 20, 20), (6, 45, 400)],
)
def test_exactly_the_parcels_meant_for_trouble_are_in_trouble(
    seed: int, days: int, orders: int
) -> None:
    story = plan(seed, START, days, orders)
    fates = {parcel.number: parcel.fate for _, parcel in story.parcels}
    found = troubles(story, story.end, WatchSettings())
    meant = {number for number, fate in fates.items() if fate is not Fate.IN_TIME}
    assert {trouble.tracking_number for trouble in found} == meant
    assert orders != 120 or len(meant) == sum(TROUBLED.values())
    # and every one of them long enough before the end for the buyer to be told; but where public
    # holidays make a silence look shorter, a parcel may go on before.
    told = {trouble.tracking_number for trouble in found if trouble.must_tell}
    assert {n for n in meant if fates[n] is not Fate.RECOVERED} <= told <= meant


@pytest.mark.parametrize(
    ("fate", "kind"),
    [
        (Fate.STUCK, TroubleKind.NO_MOVEMENT),
        (Fate.RECOVERED, TroubleKind.NO_MOVEMENT),
        (Fate.SLOW, TroubleKind.PROMISE_PASSED),
        (Fate.CUSTOMS, TroubleKind.CUSTOMS_HOLD),
        (Fate.ATTEMPT, TroubleKind.ATTEMPT_FAILED),
        (Fate.EXCEPTION, TroubleKind.EXCEPTION),
    ],
)
def test_each_fate_shows_as_its_kind_of_trouble(fate: Fate, kind: TroubleKind) -> None:
    meant = {parcel.number for _, parcel in STORY.parcels if parcel.fate is fate}
    shown = {t.tracking_number for t in troubles(STORY, END, WatchSettings()) if t.kind is kind}
    assert len(meant) == TROUBLED[fate]
    assert meant <= shown


def test_recovered_parcels_go_on_and_stuck_ones_do_not() -> None:
    ends = {t.tracking_number: t.until for t in _of_kind(TroubleKind.NO_MOVEMENT)}
    for _, parcel in STORY.parcels:
        if parcel.fate is Fate.RECOVERED:
            assert ends[parcel.number] is not None
        if parcel.fate is Fate.STUCK:
            assert ends[parcel.number] is None


def test_a_parcel_that_waits_to_be_fetched_is_in_trouble_on_the_second_day() -> None:
    waited = {
        scan.at + timedelta(days=2)
        for _, parcel in STORY.parcels
        for scan, then in pairwise(parcel.scans)
        if scan.milestone is Milestone.READY_FOR_PICKUP and then.at > scan.at + timedelta(days=2)
    }
    found = _of_kind(TroubleKind.AWAITING_PICKUP)
    assert {trouble.due_at for trouble in found} == waited
    assert waited
    assert {trouble.cause for trouble in found} == {Cause.PICKUP}


def _of_kind(kind: TroubleKind, settings: WatchSettings | None = None) -> list[Trouble]:
    return [t for t in troubles(STORY, END, settings or WatchSettings()) if t.kind is kind]


def test_a_trouble_is_due_and_must_be_told_by_the_settings() -> None:
    stuck = next(t for t in _of_kind(TroubleKind.NO_MOVEMENT) if t.until is None)
    settings = WatchSettings()
    # Five working days from a Thursday noon in March on, without a holiday: a week.
    assert stuck.due_at == stuck.since + timedelta(days=7)
    before = troubles(STORY, stuck.due_at - timedelta(seconds=1), settings)
    assert not any(t.kind is stuck.kind and t.since == stuck.since for t in before)
    due = [t for t in troubles(STORY, stuck.due_at, settings) if t.since == stuck.since]
    assert [t.must_tell for t in due] == [False]
    told_by = stuck.due_at + settings.allowance
    assert [t.must_tell for t in troubles(STORY, told_by, settings) if t.since == stuck.since] == [
        True
    ]


def test_patient_settings_find_fewer_troubles() -> None:
    patient = WatchSettings(no_movement=7)
    assert len(_of_kind(TroubleKind.NO_MOVEMENT, patient)) < len(_of_kind(TroubleKind.NO_MOVEMENT))


def test_some_buyers_in_trouble_are_reached_by_mail_only() -> None:
    mail_only = {buyer.id for buyer in STORY.buyers if buyer.mail_only}
    assert sum(t.buyer_id in mail_only for t in troubles(STORY, END, WatchSettings())) >= 4


def test_order_ids_and_tracking_numbers_have_the_shapes_of_real_ones() -> None:
    for sale, parcel in STORY.parcels:
        assert re.fullmatch(r"\d{3}-\d{7}-\d{7}|\d{2}-\d{5}-\d{5}", sale.id)
        if parcel.number.endswith("CN"):
            assert int(parcel.number[10]) == s10_check_digit(parcel.number[2:10])
    assert s10_check_digit("47312482") == 9  # the weighted sum is 200, and 11 - 200 % 11 is 9


def test_some_scans_tell_no_offset_and_the_others_the_right_one() -> None:
    scans = [(sale, scan) for sale, parcel in STORY.parcels for scan in parcel.scans]
    assert {scan.offset_minutes is None for _, scan in scans} == {True, False}
    for _, scan in scans:
        if scan.offset_minutes is not None:
            utc = scan.local - timedelta(minutes=scan.offset_minutes)
            assert utc.replace(tzinfo=UTC) == scan.at


@pytest.mark.parametrize(("days", "orders"), [(19, 120), (30, 19)])
def test_a_world_too_small_for_its_story_is_refused(days: int, orders: int) -> None:
    with pytest.raises(ValueError, match="at least 20 days and 20 orders"):
        plan(1, START, days, orders)


# The API


def test_nothing_is_told_before_it_happens(clock: Clock, world: World) -> None:
    assert follow(world, "orders") == []
    clock.at = START + timedelta(days=5)
    assert follow(world, "orders")
    late = datetime.isoformat(clock.at + timedelta(seconds=1))
    for order in follow(world, "orders"):
        assert order["id"].startswith("00-00000") or order["placed_at"] < late


@pytest.mark.parametrize("feed", FEEDS)
def test_a_feed_resumes_from_every_number_without_loss(
    feed: str, clock: Clock, world: World
) -> None:
    clock.at = START + timedelta(days=6)
    early = follow(world, feed)
    clock.at = END
    whole = follow(world, feed)
    assert whole[: len(early)] == early
    assert [item["seq"] for item in whole] == list(range(1, len(whole) + 1))
    for since in range(0, len(whole) + 1, 5):
        page = ask(world, f"/{feed}?since={since}&limit=10")
        assert page["items"] == whole[since : since + 10]
        assert page["next"] == min(since + 10, len(whole))
        assert page["more"] is (since + 10 < len(whole))
    assert follow(world, feed, limit=13) == whole


def test_an_order_appears_again_with_its_new_status(clock: Clock, world: World) -> None:
    clock.at = END
    versions: dict[str, list[str]] = {}
    for order in follow(world, "orders"):
        versions.setdefault(order["id"], []).append(order["status"])
    assert ["awaiting_payment", "cancelled"] in versions.values()
    assert ["awaiting_payment", "paid", "sent", "received"] in versions.values()
    assert ["awaiting_payment", "paid", "partly_sent", "sent", "received"] in versions.values()


def test_one_message_is_edited_later(clock: Clock, world: World) -> None:
    clock.at = END
    texts: dict[str, list[str]] = {}
    for message in follow(world, "messages"):
        texts.setdefault(message["id"], []).append(message.get("text"))
    twice = [found for found in texts.values() if len(found) > 1]
    assert len(twice) == 1
    assert twice[0][0] != twice[0][1]


def test_a_wrong_token_and_a_wrong_query_are_refused(world: World) -> None:
    assert refusal(world, "/orders", token="other")[0] == 401
    assert refusal(world, "/orders?since=x")[0] == 422


def _sale_of(story: Story, *, mail_only: bool, away: bool = False):
    return next(
        sale
        for sale in story.sales
        if sale.parcels and sale.buyer.mail_only is mail_only and sale.buyer.away is away
    )


def _post(sale, **changed) -> dict:
    letter = {"key": "k1", "order_id": sale.id, "buyer_id": sale.buyer.id, "subject": "About it"}
    return {**letter, "text": f"See {sale.parcels[0].number}", "language": "en", **changed}


def test_a_posted_message_reaches_its_buyer_and_the_feed(clock: Clock, world: World) -> None:
    clock.at = END
    sale = _sale_of(STORY, mail_only=False)
    accepted = ask(world, "/messages", _post(sale))
    [received] = world.received
    assert (received.id, received.order_id, received.at) == (accepted["id"], sale.id, END)
    assert received.tracking_numbers == (sale.parcels[0].number,)
    last = follow(world, "messages")[-1]
    assert (last["id"], last["direction"]) == (accepted["id"], "outbound")
    assert ask(world, "/messages/sent?key=k1")["items"] == [accepted]
    assert ask(world, "/messages/sent?key=k2")["items"] == []


def test_what_is_posted_twice_arrives_twice(world: World) -> None:
    sale = _sale_of(STORY, mail_only=False)
    first, second = (ask(world, "/messages", _post(sale))["id"] for _ in range(2))
    assert first != second
    assert world.judge().duplicates == 1


def test_an_absent_buyer_answers_by_itself(clock: Clock, world: World) -> None:
    sale = _sale_of(STORY, mail_only=False, away=True)
    ask(world, "/messages", _post(sale))
    clock.at += timedelta(minutes=2)
    said = [message for message in follow(world, "messages") if message["automatic"]]
    assert [(message["direction"], message["order_id"]) for message in said] == [
        ("inbound", sale.id)
    ]


def test_messages_to_nobody_or_about_anothers_order_are_refused(world: World) -> None:
    sale, other = (sale for sale in STORY.sales[:2])
    assert sale.buyer != other.buyer
    assert refusal(world, "/messages", _post(sale, buyer_id="u_0"))[0] == 422
    assert refusal(world, "/messages", _post(sale, buyer_id=other.buyer.id))[0] == 422
    assert refusal(world, "/messages", {"text": "?"})[0] == 422
    assert world.received == []


def test_buyers_reached_by_mail_only_refuse_messages_with_the_reason(world: World) -> None:
    sale = _sale_of(STORY, mail_only=True)
    status, answer = refusal(world, "/messages", _post(sale))
    assert (status, "e-mail only" in answer["reason"]) == (403, True)
    assert ask(world, f"/buyers/{sale.buyer.id}")["accepts_messages"] is False
    assert world.received == []


def test_ordered_faults_apply_and_pass(world: World) -> None:
    world.fail(Fault.RATE_LIMITED, path="/orders", retry_after=3)
    with pytest.raises(HTTPError) as caught:
        ask(world, "/orders")
    with caught.value as error:
        assert (error.code, error.headers["retry-after"]) == (429, "3")
    assert ask(world, "/orders")["items"] == []


def test_background_faults_come_at_their_rate_and_lose_nothing(clock: Clock) -> None:
    with World(now=clock, start=START, fault_rate=0.3) as world:
        clock.at = END
        good = 0
        for _ in range(60):
            try:
                good += ask(world, "/shipments?limit=1")["next"] == 1
            except (OSError, ValueError):
                continue
        assert 25 <= good < 60


# Mail


def test_mails_come_when_they_are_written_with_the_order_in_the_subject(world: World) -> None:
    letters = world.mails_until(END)
    assert letters == sorted(letters)
    assert (
        world.mails_until(START + timedelta(days=5))
        == letters[: len(world.mails_until(START + timedelta(days=5)))]
    )
    about = Counter(
        _order_in_subject(data) in {sale.id for sale in STORY.sales} for _, data in letters
    )
    assert about[True] > 10
    for at, data in letters:
        mail = message_from_bytes(data, policy=default)
        assert mail["To"] == MAILBOX
        assert mail["Date"].datetime == at.replace(microsecond=0)
        assert mail.get_content().strip()


def _order_in_subject(data: bytes) -> str:
    found = re.search(r"\(([\d-]+)\)", message_from_bytes(data, policy=default)["Subject"])
    return found[1] if found else ""


def _mail(subject: str, text: str, to: str) -> bytes:
    return (
        f"From: {MAILBOX}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <1@shop>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    ).encode()


def test_a_mail_the_seller_sent_is_in_the_same_record_and_is_answered(world: World) -> None:
    sale = _sale_of(STORY, mail_only=True)
    number = sale.parcels[0].number
    before = len(world.mails_until(END))
    data = _mail(f"Your order {sale.id}", f"Parcel {number}", sale.buyer.email)
    world.mail_received(MAILBOX, [sale.buyer.email], data, START)
    [received] = world.received
    assert (received.buyer_id, received.order_id) == (sale.buyer.id, sale.id)
    assert (received.tracking_numbers, received.channel) == ((number,), "email")
    assert received.key == "<1@shop>"
    answers = [data for _, data in world.mails_until(END) if b"In-Reply-To: <1@shop>" in data]
    assert len(answers) == 1
    assert len(world.mails_until(END)) == before + 1


def test_the_list_of_mails_only_grows_at_its_end(world: World) -> None:
    before = world.mails_until(START + timedelta(days=9))
    buyer = next(buyer for buyer in STORY.buyers if buyer.mail_only and buyer.away)
    sent_at = START + timedelta(days=2)
    world.mail_received(MAILBOX, [buyer.email], _mail("Hello", "Text", buyer.email), sent_at)
    after = world.mails_until(START + timedelta(days=9))
    assert after[: len(before)] == before
    assert len(after) == len(before) + 2  # the automatic answer, and the buyer's own


def test_an_absent_buyer_answers_mail_automatically_but_no_automatic_mail(world: World) -> None:
    buyer = next(buyer for buyer in STORY.buyers if buyer.mail_only and buyer.away)
    data = _mail("Hello", "Text", buyer.email)
    world.mail_received(MAILBOX, [buyer.email], data, START)
    automatic = [d for _, d in world.mails_until(END) if b"Auto-Submitted: auto-replied" in d]
    assert len(automatic) == 1
    world.mail_received(MAILBOX, [buyer.email], b"Auto-Submitted: auto-generated\r\n" + data, START)
    again = [d for _, d in world.mails_until(END) if b"Auto-Submitted: auto-replied" in d]
    assert again == automatic


def test_a_mail_to_a_stranger_is_recorded_as_such(world: World) -> None:
    sale = _sale_of(STORY, mail_only=True)
    data = _mail(f"Your order {sale.id}", "Text", "else@mail.example")
    world.mail_received(MAILBOX, ["else@mail.example"], data, START)
    assert world.received[0].buyer_id is None
    assert world.judge().wrong_buyer == 1


# The judge


def _told(
    trouble: Trouble, at: datetime, *, key: str = "k1", language: str | None = None
) -> Received:
    """A good notice about `trouble`, received at `at`."""
    sale = next(sale for sale in STORY.sales if sale.id == trouble.order_id)
    parcel = next(p for p in sale.parcels if p.number == trouble.tracking_number)
    language = language or (sale.buyer.language if sale.buyer.language in WORDS else "en")
    seen = max((scan for scan in parcel.scans if scan.seen_at <= at), key=lambda scan: scan.at)
    words = WORDS[language]
    return Received(
        id=key,
        key=key,
        channel="marketplace",
        order_id=sale.id,
        buyer_id=sale.buyer.id,
        tracking_numbers=(parcel.number,),
        subject=f"Order {sale.id}: {trouble.cause}",
        text=(
            f"{words['where_reply']} {words['thanks']} {parcel.number}\n{seen.text}\n"
            f"https://tracking.example/{parcel.number}"
        ),
        language=language,
        at=at,
    )


def _noon(trouble: Trouble) -> datetime:
    """The first noon of the buyer's after `trouble` is due."""
    zone = ZoneInfo(next(b for b in STORY.buyers if b.id == trouble.buyer_id).city.zone)
    local = trouble.due_at.astimezone(zone)
    noon = local.replace(hour=12, minute=0)
    return (noon if noon > local else noon + timedelta(days=1)).astimezone(UTC)


def _judge(*received: Received, tolerance: Tolerance | None = None) -> Judgement:
    return Judge(STORY, WatchSettings(), tolerance or Tolerance()).judge(received)


def _faults(judgement: Judgement) -> dict[str, int]:
    counts = msgspec.structs.asdict(judgement)
    del counts["notices"], counts["faults"]
    return {name: count for name, count in counts.items() if count}


def _good(language: str = "de") -> tuple[Received, Trouble]:
    """A good notice to a reader of `language`, and what it is about."""
    readers = {buyer.id for buyer in STORY.buyers if buyer.language == language}
    trouble = next(t for t in troubles(STORY, END, WatchSettings()) if t.buyer_id in readers)
    return _told(trouble, _noon(trouble)), trouble


def test_good_notices_about_every_trouble_have_no_fault() -> None:
    firsts: dict[tuple, Trouble] = {}
    for trouble in troubles(STORY, END, WatchSettings()):
        firsts.setdefault((trouble.tracking_number, trouble.cause), trouble)
    notices = [_told(t, _noon(t), key=f"k{n}") for n, t in enumerate(firsts.values())]
    judgement = _judge(*notices)
    assert judgement.faults == ()
    assert judgement.notices == len(firsts)
    assert untold(STORY, notices, END, WatchSettings()) == []


def test_the_untold_are_found_one_by_one() -> None:
    missing = untold(STORY, [], END, WatchSettings())
    must = [t for t in troubles(STORY, END, WatchSettings()) if t.must_tell]
    assert missing == must
    told = _told(must[0], _noon(must[0]))
    left = untold(STORY, [told], END, WatchSettings())
    assert must[0] not in left
    assert len(left) < len(must)
    early = msgspec.structs.replace(told, at=START)
    assert must[0] in untold(STORY, [early], END, WatchSettings())


def test_telling_the_same_twice_is_a_duplicate() -> None:
    notice, _ = _good()
    again = msgspec.structs.replace(notice, id="other", key="other")
    assert _faults(_judge(notice, again)) == {"duplicates": 1}


def test_the_same_key_with_two_ids_is_a_duplicate() -> None:
    notice, _ = _good()
    again = msgspec.structs.replace(notice, id="other", subject="Another subject")
    assert _faults(_judge(notice, again)) == {"duplicates": 1}


def test_two_parcels_of_one_order_are_no_duplicate() -> None:
    sale = next(s for s in STORY.sales if len(s.parcels) == 2)
    one, two = (
        msgspec.structs.replace(
            _good()[0], id=p.number, key=p.number, order_id=sale.id, tracking_numbers=(p.number,)
        )
        for p in sale.parcels
    )
    assert _judge(one, two).duplicates == 0


@pytest.mark.parametrize("fact", ["number", "site", "event"])
def test_each_missing_fact_is_counted(fact: str) -> None:
    notice, trouble = _good()
    number = trouble.tracking_number
    _, event, site = notice.text.rsplit("\n", 2)
    lacking = {"number": number, "site": site, "event": event}[fact]
    text = notice.text.replace(lacking, "")
    numbers = (number,) if number in text else ()
    spoilt = msgspec.structs.replace(notice, text=text, tracking_numbers=numbers)
    assert _faults(_judge(spoilt)) == {"missing_facts": 1}


def test_an_older_event_is_not_the_latest_unless_the_tolerance_covers_it() -> None:
    notice, trouble = next(
        (_told(t, _noon(t)), t) for t in _of_kind(TroubleKind.ATTEMPT_FAILED) if t.until
    )
    parcel = next(p for _, p in STORY.parcels if p.number == trouble.tracking_number)
    onward = next(scan for scan in parcel.scans if scan.at == trouble.until)
    late = msgspec.structs.replace(notice, at=onward.seen_at + timedelta(minutes=5))
    assert _judge(late).missing_facts == 1
    assert _judge(late, tolerance=Tolerance(facts=timedelta(minutes=10))).missing_facts == 0


@pytest.mark.parametrize("site", ["17track.net", "www.dhl.de", "https://post.example/x"])
def test_a_site_may_be_named_without_a_link_but_a_mail_address_is_none(site: str) -> None:
    notice, trouble = _good()
    link = f"https://tracking.example/{trouble.tracking_number}"
    named = msgspec.structs.replace(notice, text=notice.text.replace(link, site))
    assert _judge(named).missing_facts == 0
    mailed = msgspec.structs.replace(notice, text=notice.text.replace(link, "me@post.de"))
    assert _judge(mailed).missing_facts == 1


def test_another_language_than_the_buyers_is_counted() -> None:
    _, trouble = _good("de")
    french = _told(trouble, _noon(trouble), language="fr")
    assert _faults(_judge(french)) == {"wrong_language": 1}
    undeclared = msgspec.structs.replace(french, language=None)
    assert _faults(_judge(undeclared)) == {"wrong_language": 1}
    mislabelled = msgspec.structs.replace(_good("de")[0], language="fr")
    assert _faults(_judge(mislabelled)) == {"wrong_language": 1}


@pytest.mark.parametrize("language", WORDS)
def test_every_language_is_told_from_the_others(language: str) -> None:
    words = WORDS[language]
    assert likely_languages(f"{words['where']} {words['where_reply']}") == {language}


def test_the_night_of_the_buyer_is_counted() -> None:
    notice, _ = _good()
    night = notice.at + timedelta(hours=11)
    seen = _told(_good()[1], night)
    assert _faults(_judge(seen)) == {"in_quiet_hours": 1}
    assert _faults(_judge(seen, tolerance=Tolerance(sending=timedelta(hours=2)))) == {
        "in_quiet_hours": 1
    }
    assert _faults(_judge(seen, tolerance=Tolerance(sending=timedelta(hours=3)))) == {}


def test_a_notice_to_another_buyer_is_counted() -> None:
    notice, _ = _good("de")
    neighbour = next(b for b in STORY.buyers if b.language == "de" and b.id != notice.buyer_id)
    assert _faults(_judge(msgspec.structs.replace(notice, buyer_id=neighbour.id))) == {
        "wrong_buyer": 1
    }


def test_a_notice_about_a_parcel_in_no_trouble_is_counted() -> None:
    notice, trouble = _good()
    early = _told(trouble, notice.at - timedelta(days=3))
    assert _faults(_judge(early)) == {"needless": 1}
