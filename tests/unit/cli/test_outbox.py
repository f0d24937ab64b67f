"""The outbox verbs: what waits is seen, approved, cancelled, sent again - and never by halves."""

from datetime import timedelta

import pytest

from syncd import clock
from syncd.cli import exits, outbox
from syncd.cli.output import printable
from syncd.model import Draft, MessageKind, NewNotice, OutboxState, Receipt
from syncd.outbox import Sender

ORDER = "12-00001-00001"


@pytest.fixture
def queue(kept, filled, make):
    """Queue a row about the order's parcel; gives its number."""

    def add(state=OutboxState.HELD, **fields):
        number = len(kept.outbox.rows()) + 1
        fields = {"template": "delay", "shipment_id": 1, "order_id": ORDER, **fields}
        notice = NewNotice(
            key=f"k{number}", account_id=filled.id, recipient=make.buyer, language="de",
            not_before=clock.now(), state=state, **fields,
        )  # fmt: skip
        kept.outbox.queue(notice, clock.now())
        return number

    return add


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv("NO_SUCH_TOKEN", "t")


def states(kept):
    return [row.state for row in reversed(kept.outbox.rows())]


def test_the_list_has_what_is_not_settled(syncd, queue):
    for state in (OutboxState.HELD, OutboxState.SENT, OutboxState.PERSON):
        queue(state, reason=f"because \x1b[5m{state}")
    assert [row["id"] for row in syncd("outbox", "--json").json] == [3, 1]
    assert [row["id"] for row in syncd("outbox", "--state", "sent", "--json").json] == [2]
    listed = syncd("outbox").out
    assert "because held" in listed
    assert "\x1b" not in listed
    assert syncd("outbox", "--state", "failed").err == "nothing to list\n"
    assert syncd("outbox", "--state", "lost").code == exits.USAGE


def test_where_all_is_settled_it_says_what_there_is(syncd, queue):
    assert syncd("outbox").err == "nothing to list\n"
    queue(OutboxState.SENT)
    assert syncd("outbox").err.endswith("all is settled: 1 sent; --state sent lists those\n")


@pytest.mark.parametrize("verb", ["show", "approve", "cancel", "retry", "arrived"])
def test_a_number_that_no_row_can_have_is_a_usage_error(syncd, queue, verb):
    for number in (2**63 - 1, 2**63, 10**40, 0):
        ended = syncd("outbox", verb, number)
        assert ended.code == exits.USAGE
        assert "Error: " in ended.err


def test_on_a_terminal_ids_stay_whole(syncd, queue, monkeypatch):
    queue(reason="promised by 2026-03-08, not delivered two days later, nor scanned since")
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "70")
    lines = printable(syncd("outbox").out).splitlines()
    assert ORDER in lines[3]
    assert "…" not in "".join(lines)
    assert max(len(line.rstrip()) for line in lines) <= 70


def test_a_limit_says_that_there_are_more(syncd, queue):
    queue()
    queue()
    ended = syncd("outbox", "--limit", 1)
    assert ended.err == "there are more: --limit 2 lists up to 2\n"
    assert len(syncd("outbox", "--limit", 1, "--json").json) == 1
    assert syncd("outbox", "--limit", 10**30).code == exits.USAGE


def test_a_row_is_shown_as_it_would_go_out(syncd, queue):
    queue()
    shown = syncd("outbox", "show", 1)
    assert shown.code == exits.OK
    assert "Sendungsnummer: TN1" in shown.out
    as_json = syncd("outbox", "show", 1, "--json").json
    assert (as_json["state"], as_json["to"], as_json["problem"]) == ("held", "Ann", None)
    assert "TN1" in as_json["text"]


def test_a_row_is_shown_as_it_went_out(syncd, queue, kept):
    queue(OutboxState.PENDING, text="As it \x1b[7m\u202ewas", subject="S")
    (row,) = kept.outbox.rows()
    (draft,) = [Receipt(source_id="m9", accepted_at=clock.now())]
    kept.outbox.sent(row, draft, row)
    shown = syncd("outbox", "show", 1)
    assert "As it was" in shown.out
    assert "2026-03-10 12:00 UTC  sent  m9" in shown.out
    text = syncd.config.read_text()
    syncd.config.write_text(text[: text.index("[accounts.shop]")])
    assert syncd("outbox", "show", 1, "--json").json["problem"] is None


def test_a_row_that_cannot_be_written_tells_why(syncd, queue):
    queue(template=None)
    shown = syncd("outbox", "show", 1)
    assert "names neither a text nor a parcel" in shown.out
    refused = syncd("outbox", "approve", 1, "--json")
    assert (refused.code, refused.json[0]["state"]) == (exits.FOUND_WRONG, "held")
    assert "names neither a text" in refused.json[0]["problem"]


def test_a_row_of_an_account_that_was_removed(syncd, queue):
    queue()
    text = syncd.config.read_text()
    syncd.config.write_text(text[: text.index("[accounts.shop]")])
    assert "account shop cannot send it: it is not in the config" in syncd("outbox", "show", 1).out
    assert syncd("outbox", "approve", 1).code == exits.FOUND_WRONG
    assert syncd("outbox", "cancel", 1).code == exits.OK


def test_approving_freezes_the_text_that_was_seen(syncd, queue, kept, filled, make):
    queue()
    seen = syncd("outbox", "show", 1, "--json").json["text"]
    done = syncd("outbox", "approve", 1, 1)
    assert (done.code, done.out) == (exits.OK, "1: held -> pending\n")
    assert '"tracking_number":"TN1"' in kept.outbox.approval(kept.outbox.rows()[0])
    filled.bring(make.event(-1, text="Something new"), stream="tracking")
    (row,) = kept.outbox.rows()
    assert row.text == seen
    again = syncd("outbox", "approve", 1)
    assert (again.code, again.out, again.err) == (1, "", "1: is pending, not held\n")


def test_what_is_decided_is_kept_with_the_name(syncd, queue, select, kept, monkeypatch):
    monkeypatch.setenv("LOGNAME", "eve")
    queue()
    syncd("outbox", "cancel", 1)
    (trace,) = select(kept, "SELECT actor, action, subject FROM audit")
    assert tuple(trace.values()) == ("eve", "outbox.cancelled", "outbox:1")


@pytest.mark.parametrize("before", [OutboxState.HELD, OutboxState.PENDING, OutboxState.PERSON])
def test_cancelled_is_for_good(syncd, queue, kept, before):
    queue(before)
    assert syncd("outbox", "cancel", 1).code == exits.OK
    assert states(kept) == [OutboxState.CANCELLED]
    assert syncd("outbox", "retry", 1).code == exits.FOUND_WRONG
    assert syncd("outbox", "approve", 1).code == exits.FOUND_WRONG


def test_what_another_cancels_while_it_is_approved_stays_cancelled(syncd, queue, kept, monkeypatch):
    queue()
    queue()
    real = outbox._composed

    def meanwhile(opened, row):
        if row.id == 2:  # somebody else cancels both while the second text is written
            for number in (1, 2):
                now = clock.now()
                kept.outbox.decide(number, OutboxState.CANCELLED, actor="ann", now=now)
        return real(opened, row)

    monkeypatch.setattr(outbox, "_composed", meanwhile)
    done = syncd("outbox", "approve", 1, 2)
    assert (done.code, done.out) == (exits.FOUND_WRONG, "1: held -> pending\n")
    assert done.err == "2: is cancelled by now, nothing was done\n"
    assert states(kept) == [OutboxState.CANCELLED] * 2


@pytest.mark.parametrize("before", [OutboxState.SENT, OutboxState.IN_FLIGHT, OutboxState.OBSOLETE])
def test_what_went_out_is_not_cancelled(syncd, queue, kept, before):
    queue(before)
    done = syncd("outbox", "cancel", 1)
    assert (done.code, done.out) == (exits.FOUND_WRONG, "")
    assert f"1: is {before}, nothing was done" in done.err
    assert states(kept) == [before]


def test_what_failed_is_written_anew_and_sent_again(syncd, queue, kept):
    queue(OutboxState.FAILED, text="old news", subject="old")
    assert syncd("outbox", "retry", 1).out == "1: failed -> pending\n"
    (row,) = kept.outbox.rows()
    assert (row.text, row.subject) == (None, None)


def test_a_text_of_a_person_stays_when_it_is_sent_again(syncd, queue, kept):
    queue(OutboxState.FAILED, text="by hand", template=None, purpose="reply")
    syncd("outbox", "retry", 1)
    assert kept.outbox.rows()[0].text == "by hand"


def test_what_may_have_arrived_is_not_sent_twice_by_accident(syncd, queue, kept, select):
    queue(OutboxState.PERSON, reason="may have arrived already: timed out")
    with kept.database.write() as connection:
        connection.exec_driver_sql("UPDATE outbox SET attempts = 1")
    refused = syncd("outbox", "retry", 1)
    assert (refused.code, states(kept)) == (exits.FOUND_WRONG, [OutboxState.PERSON])
    assert "may have reached the buyer" in refused.err
    assert "--yes sends it" in refused.err
    assert syncd("outbox", "retry", 1, "--yes").code == exits.OK
    assert states(kept) == [OutboxState.PENDING]


def test_what_came_back_may_be_sent_again_without_asking(syncd, queue, kept, filled, make):
    queue(OutboxState.PENDING, purpose="reply")
    (row,) = kept.outbox.claim("me", now=clock.now(), lease=timedelta(minutes=1), limit=1)
    draft = Draft(text="It is late", buyer=make.buyer)
    assert kept.outbox.mark_in_flight(
        row, draft, owner="me", now=clock.now(), lease=timedelta(minutes=1)
    )
    kept.outbox.sent(row, Receipt(source_id="m@x#1", accepted_at=clock.now()), draft)
    bounce = {"kind": MessageKind.BOUNCE, "references": ("m@x",), "text": "550 no such user"}
    filled.bring(make.message("b1", **bounce))
    assert "the mail came back: 550 no such user" in syncd("outbox").out
    assert syncd("outbox", "retry", 1).out == "1: person -> pending\n"


def test_a_person_can_note_that_it_arrived(syncd, queue, kept):
    queue(OutboxState.PERSON)
    queue(OutboxState.HELD)
    done = syncd("outbox", "arrived", 1, 2, "--json")
    assert done.code == exits.FOUND_WRONG
    assert [one["problem"] for one in done.json] == [None, "is held, nothing was done"]
    assert states(kept) == [OutboxState.SENT, OutboxState.HELD]


def test_a_task_is_not_a_message_to_send(syncd, queue):
    queue(OutboxState.PERSON, purpose="task")
    assert "is a task for a person" in syncd("outbox", "retry", 1).err


def test_a_task_that_is_done_is_closed(syncd, queue, kept):
    queue(OutboxState.PERSON, purpose="task", reason="lost")
    assert "when it is done: `syncd outbox arrived 1`" in syncd("outbox", "show", 1).out
    assert "waits for a person, not held" in syncd("outbox", "approve", 1).err
    assert "task         1 is for a person to do: lost" in syncd("show", ORDER).out
    assert syncd("outbox", "arrived", 1).out == "1: person -> sent\n"
    assert "when it is done" not in syncd("outbox", "show", 1).out
    assert "task         1 is done: lost" in syncd("show", ORDER).out
    assert "Task 1 for staff since 2026-03-10 12:00 UTC, done: lost." in syncd("explain", "TN1").out


@pytest.mark.parametrize("verb", ["show", "approve", "cancel", "retry", "arrived"])
def test_an_unknown_row_is_64_and_nothing_is_done_before(syncd, queue, kept, verb):
    queue()
    ids = ["77"] if verb == "show" else ["1", "77"]
    wrong = syncd("outbox", verb, *ids)
    assert (wrong.code, wrong.out) == (exits.USAGE, "")
    assert "the outbox has no row 77; `syncd outbox` lists" in wrong.err
    assert states(kept) == [OutboxState.HELD]


def test_an_approved_row_goes_out_with_the_next_turn(syncd, world, make, source_of, templates):
    world.playbook(when=("no_movement",), approval=True)
    connector = world.connectors["shop"]
    world.store.outbox.queue(
        NewNotice(
            key="k", account_id=world.account().id, recipient=make.buyer, language="de",
            not_before=clock.now(), state=OutboxState.HELD, purpose="reply", text="Hallo",
        ),
        clock.now(),
    )  # fmt: skip
    Sender(world.runtime).run()
    assert connector.drafts == []
    assert syncd("outbox", "approve", 1).code == exits.OK
    Sender(world.runtime).run()
    ((_, draft),) = connector.drafts
    assert draft.text == "Hallo"
