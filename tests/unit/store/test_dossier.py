"""Everything about one parcel, and the parcels at risk, as the store reads them."""

from datetime import timedelta

import msgspec
import pytest

from syncd import clock
from syncd.model import (
    EXTENSION,
    Cause,
    Draft,
    Finding,
    Milestone,
    NewNotice,
    OrderStatus,
    OutboxState,
    Reason,
    Receipt,
    Severity,
)


@pytest.fixture
def shipment_id(store, select):
    def of(source_id="p1"):
        (row,) = select(store, f"SELECT id FROM shipments WHERE source_id = '{source_id}'")
        return row["id"]

    return of


@pytest.fixture
def find(store, make, shipment_id):
    """Open a finding of a parcel."""

    def found(source_id="p1", kind="no_movement", severity=Severity.TELL, since=-7):
        finding = Finding(
            kind=kind, cause=Cause.DELAY, fingerprint=f"{kind}:{source_id}:{since}",
            since=make.at(since), evidence="no scan for 7 days", severity=severity,
        )  # fmt: skip
        with store.watch.batch(clock.now(), 10) as tx:
            tx.open([(shipment_id(source_id), finding)])

    return found


@pytest.fixture
def close_first(store, select):
    def closed():
        (first, *_) = select(store, "SELECT id FROM findings ORDER BY id")
        with store.watch.batch(clock.now(), 10) as tx:
            tx.close([first["id"]])

    return closed


class TestDossier:
    def test_the_parcel_its_scans_and_its_next_look(self, store, source, make):
        source.bring(make.order(promise=3), make.shipment())
        hold = make.event(
            -2, Milestone.CUSTOMS_HOLD, utc_offset_minutes=None, location="Leipzig", country="DE",
            reason=Reason.DOCUMENTS,
        )  # fmt: skip
        source.bring(hold, make.event(-4, utc_offset_minutes=60), stream="tracking")
        with store.watch.batch(clock.now(), 10) as tx:
            tx.plan({tx.parcels[0].shipment_id: make.at(1)})

        (found,) = store.dossiers.of(" tn1 ")
        assert (found.tracking_number, found.account, found.country) == ("TN1", "shop", "DE")
        assert found.order_known
        assert (found.due_at, found.parcel.deliver_by) == (make.at(1), make.at(3))
        first, last = found.scans
        assert (first.utc_offset, first.milestone) == (timedelta(hours=1), Milestone.IN_TRANSIT)
        assert (last.utc_offset, last.place, last.reason) == (None, "Leipzig, DE", Reason.DOCUMENTS)
        assert last.local == make.at(-2).replace(tzinfo=None)

    def test_findings_open_and_over_and_what_the_buyer_got(
        self, store, source, make, find, close_first, shipment_id, time
    ):
        source.bring(make.order(), make.shipment())
        find()
        time(timedelta(hours=1))
        close_first()
        find(kind="promise_passed")
        notice = NewNotice(
            key="k", account_id=source.id, recipient=make.buyer, language="de", cause="delay",
            not_before=clock.now(), state=OutboxState.HELD, template="delay",
            shipment_id=shipment_id(),
        )  # fmt: skip
        store.outbox.queue(notice, clock.now())

        (found,) = store.dossiers.of("TN1")
        assert [(each.kind, each.closed_at) for each in found.findings] == [
            ("no_movement", clock.now()),
            ("promise_passed", None),
        ]
        (kept,) = found.notices
        assert (kept.state, kept.title, kept.told_at) == (OutboxState.HELD, "delay", None)

    def test_a_number_given_out_twice_is_two_parcels_the_later_first(self, store, source, make):
        source.bring(
            make.shipment("p1", shipped_at=make.at(-200)), make.shipment("p2", order="other")
        )
        found = store.dossiers.of("TN1")
        assert [each.parcel.source_id for each in found] == ["p2", "p1"]
        assert not found[0].order_known

    def test_scans_without_a_shipment(self, store, source, make):
        source.bring(make.event(-1, number="XX9"), stream="tracking")
        (found,) = store.dossiers.of("XX9")
        assert (found.parcel, len(found.scans)) == (None, 1)

    def test_who_looks_it_up(self, store, source, make):
        store.follows.declare({source.id: None}, make.at())
        source.bring(make.shipment())
        (found,) = store.dossiers.of("TN1")
        assert [each.account for each in found.followers] == [None]
        store.follows.route(lambda _: [source.id], make.at())
        store.follows.look_now(["TN1"], make.at(1))
        (found,) = store.dossiers.of("TN1")
        (follower,) = found.followers
        assert (follower.account, follower.looked_at) == ("shop", None)
        assert (follower.next_look_at, follower.asked_at) == (make.at(1), make.at(1))

    def test_nothing_of_that_number(self, store, source):
        assert store.dossiers.of("TN1") == []

    @pytest.mark.parametrize(
        "stored", ["RR123456785DE", "rr 123 456 785 de", "RR\u200b123456785DE"]
    )
    @pytest.mark.parametrize("typed", ["RR123456785DE", "RR-123456785-DE", " rr 123456785 de"])
    def test_a_number_is_found_however_it_is_spelt(self, store, source, make, stored, typed):
        source.bring(make.shipment("p1", stored), make.event(-1, number=stored))
        (found,) = store.dossiers.of(typed)
        assert (found.tracking_number, len(found.scans)) == (stored, 1)

    def test_numbers_to_complete(self, store, source, make):
        source.bring(
            make.shipment(), make.shipment("p2", "TN2", "o2"), make.shipment("p3", "T%1", "o3")
        )
        assert store.dossiers.numbers("TN", 9) == [("TN1", "12-00001-00001"), ("TN2", "o2")]
        assert store.dossiers.numbers("T%", 9) == [("T%1", "o3")]
        assert len(store.dossiers.numbers("", 2)) == 2


class TestBoard:
    @pytest.fixture
    def three(self, source, make):
        for number in (1, 2, 3):
            order = f"o{number}"
            source.bring(
                make.order(order, promise=number), make.shipment(f"p{number}", f"TN{number}", order)
            )

    def test_only_parcels_with_an_open_finding(self, store, three, find, make):
        find("p2")
        find("p2", "promise_passed", since=-9)
        (risk,) = store.board.at_risk()
        assert (risk.subject.tracking_number, risk.account, risk.country) == ("TN2", "shop", "DE")
        assert [each.kind for each in risk.findings] == ["promise_passed", "no_movement"]
        assert [each.subject.tracking_number for each in store.board.in_time(9)] == ["TN1", "TN3"]
        assert len(store.board.in_time(1)) == 1

    def test_what_is_over_is_not_at_risk_and_what_has_ended_may_be(
        self, store, three, find, close_first, source, make
    ):
        find("p1")
        find("p2", "returning")
        close_first()
        for number, end in (("TN2", Milestone.RETURNED), ("TN3", Milestone.DELIVERED)):
            source.bring(make.event(-1, end, number=number), stream="tracking")
        assert [risk.subject.tracking_number for risk in store.board.at_risk()] == ["TN2"]
        assert [risk.subject.tracking_number for risk in store.board.in_time(9)] == ["TN1"]

    def test_of_one_account(self, store, three, find, source_of):
        source_of(store, "other")
        find("p1")
        assert len(store.board.at_risk("shop")) == 1
        assert store.board.at_risk("other") == []
        assert store.board.in_time(9, "other") == []

    def test_when_the_buyer_was_told(self, store, three, find, source, make, shipment_id):
        find("p1")
        notice = NewNotice(
            key="k", account_id=source.id, recipient=make.buyer, language="de",
            not_before=clock.now(), state=OutboxState.PENDING, shipment_id=shipment_id(),
            text="Hallo",
        )  # fmt: skip
        request = msgspec.structs.replace(notice, key="e", purpose=EXTENSION)
        store.outbox.queue(request, clock.now())
        (row,) = store.outbox.rows()
        receipt = Receipt(source_id="m8", accepted_at=make.at(2))
        store.outbox.sent(row, receipt, Draft(text="", buyer=make.buyer))
        store.outbox.queue(notice, clock.now())
        parcels = [risk.subject for risk in store.board.at_risk()]
        assert store.board.told(parcels) == {}
        row, _ = store.outbox.rows()
        draft = Draft(text="Hallo", buyer=make.buyer)
        store.outbox.sent(row, Receipt(source_id="m9", accepted_at=make.at(1)), draft)
        assert store.board.told(parcels) == {parcels[0].name: make.at(1)}

    @pytest.fixture
    def waiting(self, source, store, make):
        """Two orders without a parcel, the first late to be sent, and one that was called off."""
        for name, promise in (("w1", 2), ("w2", 1)):
            source.bring(make.order(name, promise=promise, status=OrderStatus.UNSHIPPED))
        source.bring(make.order("w3", promise=1, status=OrderStatus.CANCELLED))
        late = Finding(
            kind="late_dispatch", cause=Cause.DISPATCH, fingerprint="late", since=make.at(-1),
            evidence="not sent", severity=Severity.ACT,
        )  # fmt: skip
        with store.waiting.batch(clock.now(), 10) as tx:
            (order,) = (one for one in tx.orders if one.order_id == "w1")
            tx.open([(order.order_number, late)])
        return order

    def test_orders_without_a_parcel_are_on_it_too(self, store, three, waiting, find):
        find("p1")
        found = {risk.subject.order_id: risk for risk in store.board.at_risk()}
        assert found.keys() == {"o1", "w1"}
        order = found["w1"]
        assert (order.account, order.country, order.findings[0].kind) == (
            "shop", "DE", "late_dispatch",
        )  # fmt: skip
        assert order.subject.deliver_by == waiting.deliver_by
        assert [one.subject.order_id for one in store.board.in_time(9)] == ["w2", "o2", "o3"]
        assert [one.subject.order_id for one in store.board.in_time(1)] == ["w2"]

    def test_an_orders_finding_is_no_parcels_of_the_same_number(self, store, three, waiting, find):
        find("p1")
        for risk in store.board.at_risk():
            assert [one.kind for one in risk.findings] == [
                "no_movement" if risk.subject.order_id == "o1" else "late_dispatch"
            ]

    def test_when_the_buyer_of_an_order_was_told(self, store, source, waiting, make):
        notice = NewNotice(
            key="k", account_id=source.id, recipient=make.buyer, language="de", text="Hallo",
            not_before=clock.now(), order_number=waiting.order_number, order_id="w1",
        )  # fmt: skip
        store.outbox.queue(notice, clock.now())
        (row,) = store.outbox.rows()
        draft = Draft(text="Hallo", buyer=make.buyer)
        store.outbox.sent(row, Receipt(source_id="m9", accepted_at=make.at(1)), draft)
        (risk,) = store.board.at_risk()
        assert store.board.told([risk.subject]) == {risk.subject.name: make.at(1)}
