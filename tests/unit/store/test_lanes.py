"""Counting parcels by carrier and route, in both databases."""

from datetime import timedelta

from syncd.model import Cause, Finding, Milestone, NewNotice, OutboxState, Party

DHL, GLS = ("DHL", "", "DE"), ("GLS", "", "DE")


def finding(make, name):
    return Finding(kind="no_movement", cause=Cause.DELAY, fingerprint=name, since=make.at(-8),
                   evidence="no scan")  # fmt: skip


def test_what_is_late_and_under_way_by_lane(store, source, make):
    source.bring(make.order(), *(make.shipment(f"p{n}", f"TN{n}") for n in range(3)),
                 make.shipment("p8", "TN8", carrier="GLS"),
                 make.event(-1, Milestone.DELIVERED, number="TN2"))  # fmt: skip
    with store.watch.batch(make.at(), 10) as tx:
        late = [(p.shipment_id, finding(make, p.source_id)) for p in tx.parcels
                if p.source_id in {"p0", "p8"}]  # fmt: skip
        tx.open(late)

        assert tx.lanes.under_way() == {DHL: 2, GLS: 1}
        assert tx.lanes.newly_late(["no_movement"], make.at(-1)) == {DHL: 1, GLS: 1}
        assert tx.lanes.newly_late(["promise_passed"], make.at(-1)) == {}
        assert tx.lanes.newly_late(["no_movement"], make.at(1)) == {}


def test_messages_of_a_lane_are_held_and_no_others(store, source, make):
    source.bring(make.order(), make.shipment(), make.shipment("p8", "TN8", carrier="GLS"))
    with store.watch.batch(make.at(), 10) as tx:
        for parcel in tx.parcels:
            fields = {"account_id": source.id, "recipient": Party(), "language": "en",
                      "not_before": make.at(1), "shipment_id": parcel.shipment_id}  # fmt: skip
            tx.queue([NewNotice(key=f"{parcel.carrier}-delay", cause="delay", **fields),
                      NewNotice(key=f"{parcel.carrier}-other", cause="customs", **fields)])  # fmt: skip
        tx.lanes.hold([DHL], "an outage")

    held = {row.key: row.reason for row in store.outbox.rows(states=[OutboxState.HELD])}
    assert held == {"DHL-delay": "an outage"}


def test_an_open_finding_of_a_lane_is_found_by_it(store, source, make):
    source.bring(make.order(), make.shipment())
    figures = {"carrier": "DHL", "origin": "", "destination": "DE"}
    outage = Finding(kind="carrier_outage", cause=Cause.DELAY, fingerprint="f", since=make.at(),
                     evidence="many", figures=figures)  # fmt: skip
    with store.watch.batch(make.at() + timedelta(seconds=1), 10) as tx:
        tx.open([(None, outage)])
        ((lane, number),) = tx.lanes.open_findings("carrier_outage").items()
        assert lane == DHL
        tx.close([number])
        assert tx.lanes.open_findings("carrier_outage") == {}
