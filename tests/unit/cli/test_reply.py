"""The ready reply to a buyer who asks where a parcel is."""

import pytest

from syncd.model import Milestone, Reason

ORDER = "12-00001-00001"


def test_it_has_the_three_facts_in_the_buyers_language(syncd, kept, source_of, make):
    source = source_of(kept, platform="sandbox")
    source.bring(make.order(), make.shipment(), make.event(-1, text="Sorted in Leipzig"))

    ended = syncd("show", ORDER, "--reply", "--json")
    (reply,) = ended.json
    assert (ended.code, reply["language"], reply["account"]) == (0, "de", "shop")
    assert (reply["order"], reply["tracking_number"], reply["problem"]) == (ORDER, "TN1", None)
    for fact in ("TN1", "Sorted in Leipzig", "Sendungsverfolgung: "):
        assert fact in reply["text"]

    shown = syncd("show", "TN1", "--reply").out
    assert reply["text"].splitlines()[-1] in shown
    assert reply["subject"] in shown
    assert "--reply" in syncd("show", ORDER).out


def test_without_a_scan_it_says_why_there_is_none(syncd, kept, source_of, make):
    source_of(kept, platform="sandbox").bring(make.order(), make.shipment())

    ended = syncd("show", ORDER, "--reply")
    assert "no reply: no tracking number or no tracking event is known yet" in ended.out


def test_a_parcel_whose_order_is_unknown_has_nobody_to_write_to(syncd, kept, source_of, make):
    source_of(kept, platform="sandbox").bring(make.shipment(), make.event(-1))

    (reply,) = syncd("show", "TN1", "--reply", "--json").json
    assert (reply["text"], reply["problem"]) == (None, "its order is not known yet")


def test_it_queues_nothing(syncd, kept, source_of, make):
    source = source_of(kept, platform="sandbox")
    source.bring(make.order(), make.shipment(), make.event(-1))
    syncd("show", ORDER, "--reply")

    assert kept.outbox.rows() == []


def test_where_there_is_no_parcel(syncd, kept, source_of, make):
    source_of(kept, platform="sandbox").bring(make.order())

    assert syncd("show", ORDER, "--reply").out == "there is no parcel to write about\n"
    assert syncd("show", ORDER, "--reply", "--json").json == []


def test_it_does_not_need_the_key_of_the_logins(syncd, shop_config, kept, source_of, make):
    shop_config.write_text(
        shop_config.read_text().replace("[store]", '[store]\nkey = { credential = "syncd-key" }')
    )
    source = source_of(kept, platform="sandbox")
    source.bring(make.order(), make.shipment(), make.event(-1))

    assert syncd("show", ORDER, "--reply", "--json").json[0]["problem"] is None
    assert "syncd-key" in syncd("poll", "shop").err


@pytest.mark.parametrize(
    "scan",
    [
        {"milestone": Milestone.RETURNING},
        {"milestone": Milestone.EXCEPTION, "reason": Reason.LOST},
        {"milestone": Milestone.IN_TRANSIT, "reason": Reason.DAMAGED},
    ],
)
def test_it_names_no_day_for_a_parcel_that_does_not_come(syncd, kept, source_of, make, scan):
    source = source_of(kept, platform="sandbox")
    source.bring(make.order(promise=2), make.shipment(), make.event(-1), make.event(-0.5, **scan))
    (reply,) = syncd("show", ORDER, "--reply", "--json").json
    assert reply["problem"] is None
    assert "Geplante Zustellung" not in reply["text"]


def test_it_names_no_day_that_is_over_and_promises_no_watch_over_what_arrived(
    syncd, kept, source_of, make
):
    source = source_of(kept, platform="sandbox")
    source.bring(make.order(promise=2), make.shipment(), make.event(-1))
    (reply,) = syncd("show", ORDER, "--reply", "--json").json
    assert "Geplante Zustellung: bis 12. März 2026" in reply["text"]
    assert "Wir behalten die Sendung im Auge" in reply["text"]

    source.bring(make.order(promise=-2), stream="orders")
    (reply,) = syncd("show", ORDER, "--reply", "--json").json
    assert "Geplante Zustellung" not in reply["text"]
    assert "Wir behalten die Sendung im Auge" in reply["text"]

    source.bring(make.order(promise=2), make.event(-0.5, Milestone.DELIVERED), stream="orders")
    (reply,) = syncd("show", ORDER, "--reply", "--json").json
    assert "Geplante Zustellung" not in reply["text"]
    assert "im Auge" not in reply["text"]
    assert "Wenn Sie es nicht finden" in reply["text"]

    source.bring(make.event(-0.4, Milestone.UNKNOWN, text="Survey sent"))  # it has arrived still
    (reply,) = syncd("show", ORDER, "--reply", "--json").json
    assert "Survey sent" in reply["text"]
    assert "Geplante Zustellung" not in reply["text"]
    assert "Wenn Sie es nicht finden" in reply["text"]
