"""Mails that came back: whose conversation they stand in, and what becomes of syncd's own."""

from datetime import timedelta

import pytest

from syncd import clock
from syncd.model import Direction, Draft, MessageKind, NewNotice, OutboxState, Party, Receipt

ANN, BOB = Party(email="ann@example.org", name="Ann"), Party(email="bob@example.org")
OURS = "syncd.1@shop.example"
REPORT = "It could not be delivered.\n\nAction: {}\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1\n  no such user"


@pytest.fixture
def bounce(make):
    def made(source_id, buyer, day=1, action="failed", **fields):
        fields = {"subject": "Undelivered Mail Returned to Sender", **fields}
        return make.message(
            source_id,
            day,
            buyer=buyer,
            kind=MessageKind.BOUNCE,
            text=REPORT.format(action),
            **fields,
        )

    return made


@pytest.fixture
def told(store, source):
    """A notice to Ann that counts as sent; its row as it stands by then."""
    notice = NewNotice(
        key="k", account_id=source.id, recipient=ANN, language="en", order_id="o1",
        not_before=clock.now(),
    )  # fmt: skip
    store.outbox.queue(notice, clock.now())
    receipt = Receipt(source_id=f"{OURS}#0a1b", accepted_at=clock.now())
    store.outbox.sent(store.outbox.rows()[0], receipt, Draft(text="It is late", buyer=ANN))
    return lambda: store.outbox.rows()[0]


@pytest.fixture
def copy(make):
    """What lies in Sent of it."""
    return make.message(
        f"{OURS}#0a1b", 0, buyer=ANN, direction=Direction.OUTBOUND, kind=MessageKind.OWN,
        message_id=OURS, subject="Your parcel",
    )  # fmt: skip


def test_they_stand_with_what_was_written_to_their_buyers(store, source, make, bounce, select):
    for name, buyer in (("ann", ANN), ("bob", BOB)):
        sent = {"direction": Direction.OUTBOUND, "message_id": f"{name}@shop", "subject": name}
        source.bring(make.message(name, 0, buyer=buyer, **sent))
    nobody = Party(name="Mail Delivery System")
    source.bring(
        bounce("b1", BOB, references=("bob@shop",)),
        bounce("b2", nobody, references=("ann@shop",)),
        bounce("b3", ANN),
        bounce("b4", nobody),
        bounce("b5", nobody),
    )
    talks: dict[int, list[str]] = {}
    wanted = "SELECT source_id, conversation_id FROM messages ORDER BY source_id"
    for row in select(store, wanted):
        talks.setdefault(row["conversation_id"], []).append(row["source_id"])
    assert sorted(talks.values()) == [["ann", "b2", "b3"], ["b1", "bob"], ["b4"], ["b5"]]


@pytest.mark.parametrize("in_sent", [True, False], ids=["read back", "not read back"])
def test_a_notice_that_came_back_is_left_to_a_person(store, source, told, copy, bounce, in_sent):
    source.bring(*[copy] * in_sent)
    source.bring(bounce("b1", ANN, references=("earlier@x", OURS)))
    assert told().state is OutboxState.PERSON
    assert told().reason == "the mail came back: 550 5.1.1 no such user"
    [attempt] = store.look.attempts(told().id)
    assert attempt["outcome"] == "bounced"
    found = store.look.subject("o1", "order")["timeline"] if in_sent else []
    said = [(one["kind"], one["who"]) for one in found]
    assert said == [("bounced", "syncd by shop"), ("message", "the mail system to shop")] * in_sent


@pytest.mark.parametrize(
    ("day", "action", "references"),
    [(1, "delayed", (OURS,)), (1, "failed", (OURS, "another@x")), (40, "failed", (OURS,))],
    ids=["late", "another's", "too late"],
)
def test_other_reports_leave_a_notice_as_sent(source, told, bounce, day, action, references):
    source.bring(bounce("b1", ANN, day, action, references=references))
    assert told().state is OutboxState.SENT


def test_one_that_was_sent_again_stays_so_when_all_is_read_anew(store, source, told, bounce):
    report = bounce("b1", ANN, references=(OURS,))
    source.bring(report)
    again = Receipt(source_id=f"{OURS}#0a1b", accepted_at=clock.now() + timedelta(days=2))
    store.outbox.sent(told(), again, Draft(text="It is late", buyer=ANN))
    source.bring(report)
    assert told().state is OutboxState.SENT
