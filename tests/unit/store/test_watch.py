"""Parcels fall due, are judged once, and what was found opens, closes and opens again."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from syncd.model import Cause, Direction, Finding, Party

ORDER = "12-00001-00001"


@pytest.fixture
def round_at(store, make):
    """Open one watch round at a day."""
    return lambda day=0.0, limit=10: store.watch.batch(make.at(day), limit)


def finding(make, day=-7, kind="no_movement", evidence="no scan for 7 days"):
    return Finding(
        kind=kind, cause=Cause.DELAY, fingerprint=f"{kind}:p1:{day}", since=make.at(day),
        evidence=evidence, figures={"days_silent": 7},
    )  # fmt: skip


class TestDue:
    def test_a_new_shipment_is_due_at_once_with_all_facts(self, source, make, round_at):
        source.bring(make.order(promise=3), make.shipment(origin_country="CN"), make.event(-1))

        with round_at() as tx:
            (parcel,) = tx.parcels
        assert (parcel.source_id, parcel.order_id, parcel.tracking_number) == ("p1", ORDER, "TN1")
        assert (parcel.deliver_by, parcel.shipped_at) == (make.at(3), make.at(-15))
        assert (parcel.origin_country, parcel.destination_country) == ("CN", "DE")
        assert parcel.state.last_movement_at == make.at(-1)

    def test_it_is_due_again_when_it_was_planned(self, source, make, round_at, store):
        source.bring(make.shipment())
        with round_at() as tx:
            tx.plan({tx.parcels[0].shipment_id: make.at(5)})

        with round_at(4.99) as tx:
            assert tx.parcels == []
        with round_at(5) as tx:
            assert len(tx.parcels) == 1

    def test_planned_for_never_it_is_not_due_without_news(self, source, make, round_at, store):
        source.bring(make.shipment())
        with round_at() as tx:
            tx.plan({tx.parcels[0].shipment_id: None})

        source.bring(make.order(promise=3))
        with round_at() as tx:
            assert len(tx.parcels) == 1

    def test_a_round_goes_on_where_the_one_before_ended(self, source, make, store):
        source.bring(*(make.shipment(f"p{n}", f"TN{n}") for n in range(4)))
        with store.watch.batch(make.at(), 10) as tx:
            late, *others = tx.numbers
            tx.plan({number: make.at(day) for day, number in enumerate(others, 1)})
            tx.plan({late: make.at(2)})

        with store.watch.batch(make.at(3), 1) as tx:
            assert (tx.numbers, tx.until) == ([others[0]], make.at(1))
        with store.watch.batch(make.at(3), 10, since=make.at(2)) as tx:
            assert set(tx.numbers) == {late, *others[1:]}
            assert tx.until == make.at(3)

    def test_what_fell_due_before_1970_is_judged_too(self, source, make, round_at):
        source.bring(make.shipment())
        with round_at() as tx:
            (number,) = tx.numbers
            tx.plan({number: datetime(1950, 1, 1, tzinfo=UTC)})

        with round_at() as tx:
            assert tx.numbers == [number]

    def test_the_longest_due_are_judged_first_up_to_the_limit(self, source, make, round_at):
        source.bring(*(make.shipment(f"p{n}", f"TN{n}") for n in range(3)))
        with round_at() as tx:
            for parcel, day in zip(tx.parcels, (3, 1, 2), strict=True):
                tx.plan({parcel.shipment_id: make.at(day)})

        with round_at(9, limit=2) as tx:
            assert [parcel.source_id for parcel in tx.parcels] == ["p1", "p2"]

    def test_a_crash_inside_a_round_undoes_plan_and_findings(self, source, make, round_at, store):
        source.bring(make.shipment())

        def crash():
            with round_at() as tx:
                number = tx.parcels[0].shipment_id
                tx.plan({number: None})
                tx.open([(number, finding(make))])
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            crash()

        assert store.look.open_findings() == {}
        with round_at() as tx:
            assert len(tx.parcels) == 1

    def test_two_rounds_at_once_never_judge_the_same_parcel(self, source, make, round_at):
        source.bring(*(make.shipment(f"p{n}", f"TN{n}") for n in range(4)))
        seen, inside = [], threading.Event()

        def other():
            with round_at(limit=4) as tx:
                seen.extend(parcel.shipment_id for parcel in tx.parcels)
                tx.plan(dict.fromkeys(seen))
            inside.set()

        thread = threading.Thread(target=other)
        with round_at(limit=2) as tx:
            thread.start()
            inside.wait(0.3)  # PostgreSQL skips what is locked; SQLite waits for this round's end
            mine = {parcel.shipment_id for parcel in tx.parcels}
            tx.plan(dict.fromkeys(mine))
        thread.join()

        assert len(mine) == 2
        assert mine.isdisjoint(seen)
        assert len(mine | set(seen)) == 4

    def test_news_that_comes_while_it_is_judged_has_it_judged_again(self, source, make, round_at):
        source.bring(make.shipment(), make.event(-3))
        told = threading.Event()

        def news():
            source.bring(make.event(-1))
            told.set()

        thread = threading.Thread(target=news)
        with round_at() as tx:
            thread.start()
            assert not told.wait(0.2), "it is stored once the round has ended"
            assert tx.parcels[0].state.last_movement_at == make.at(-3)
            tx.plan({tx.parcels[0].shipment_id: None})
        thread.join()

        with round_at() as tx:
            assert [parcel.state.last_movement_at for parcel in tx.parcels] == [make.at(-1)]


class TestFindings:
    def open(self, round_at, make, day=0.0, **fields):
        with round_at(day) as tx:
            number = tx.parcels[0].shipment_id
            tx.open([(number, finding(make, **fields))])
            return number

    def test_an_open_finding_is_known_with_its_parcel(self, source, make, round_at, store, select):
        source.bring(make.shipment())
        number = self.open(round_at, make)

        with round_at() as tx:
            assert list(tx.open_findings()[number]) == ["no_movement:p1:-7"]
        assert store.look.open_findings() == {"no_movement": 1}
        (row,) = select(store, "SELECT cause, evidence, figures FROM findings")
        assert tuple(row.values()) == ("delay", "no scan for 7 days", '{"days_silent":7}')

    def test_closed_it_is_over_and_opened_again_it_is_the_same_one(
        self, source, make, round_at, store
    ):
        source.bring(make.shipment())
        number = self.open(round_at, make)
        with round_at(1) as tx:
            tx.close(tx.open_findings()[number].values())
        assert store.look.open_findings() == {}
        with round_at(1) as tx:
            assert tx.open_findings() == {}

        self.open(round_at, make, day=2)
        assert store.look.open_findings() == {"no_movement": 1}
        assert store.look.counts()["findings"] == 1

    def test_stating_it_again_takes_the_newer_evidence(self, source, make, round_at, store, select):
        source.bring(make.shipment())
        self.open(round_at, make)
        self.open(round_at, make, evidence="no scan for 9 days")

        assert select(store, "SELECT evidence FROM findings") == [
            {"evidence": "no scan for 9 days"}
        ]


class TestAddressees:
    def addressee(self, round_at):
        with round_at() as tx:
            return next(iter(tx.addressees(tx.parcels).values()), None)

    def test_the_buyer_comes_from_the_order(self, source, make, round_at):
        source.bring(make.order(language="fr", site="EBAY_FR"), make.shipment())

        found = self.addressee(round_at)
        assert (found.buyer, found.language, found.site) == (make.buyer, "fr", "EBAY_FR")
        assert (found.country, found.conversation_id) == ("DE", None)

    def test_a_parcel_without_a_known_order_has_nobody(self, source, make, round_at):
        source.bring(make.shipment())
        assert self.addressee(round_at) is None

    def test_the_conversation_spoken_in_last_is_the_one(self, source, make, round_at, store):
        source.bring(make.order(), make.shipment())
        source.bring(make.message("1", thread_id="a", order_ids=(ORDER,)))
        source.bring(make.message("2", 2, thread_id="b", order_ids=(ORDER,)))
        source.bring(make.message("3", 1, thread_id="a", direction=Direction.OUTBOUND))
        latest = store.look.conversations()[0]

        found = self.addressee(round_at)
        assert (found.conversation_id, found.conversation_account_id) == (latest["id"], source.id)

    def test_a_strangers_conversation_about_the_order_is_not(self, source, make, round_at):
        mallory = Party(id="mallory")
        source.bring(make.order(), make.shipment())
        source.bring(make.message("1", 5, thread_id="x", buyer=mallory, order_ids=(ORDER,)))
        assert self.addressee(round_at).conversation_id is None

        source.bring(make.message("2", thread_id="a", order_ids=(ORDER,)))
        assert self.addressee(round_at).conversation_id is not None


def test_a_thousand_parcels_are_planned_in_one_go(source, make, round_at):
    source.bring(*(make.shipment(f"p{n}", f"TN{n}") for n in range(1000)))
    with round_at(limit=2000) as tx:
        assert len(tx.parcels) == 1000
        tx.plan({parcel.shipment_id: make.at() + timedelta(days=1) for parcel in tx.parcels})
    with round_at() as tx:
        assert tx.parcels == []
