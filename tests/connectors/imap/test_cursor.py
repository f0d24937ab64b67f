import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd_imap.cursor import MAX_BYTES, MAX_MAILS, Mark, chunks, cursor_of, first_uid, marks_of
from syncd_imap.responses import Listed, folder_name, folders, listed, literals, uid_set

START = datetime(2026, 1, 1, tzinfo=UTC)


def _mails(specs):
    return [
        Listed(uid, size, START + timedelta(minutes=at)) for uid, (size, at) in enumerate(specs, 1)
    ]


_specs = st.lists(st.tuples(st.integers(0, 6_000_000), st.integers(0, 50)), max_size=30)


@given(_specs, _specs)
def test_every_mail_is_in_one_chunk_and_no_chunk_is_too_large(inbox, sent):
    listings = {"INBOX": _mails(inbox), "Sent": _mails(sent)}
    marks = {"INBOX": Mark(7, 1), "Sent": Mark(8, 1)}
    done = []
    for chunk in chunks(listings, marks, max_mail_bytes=5_000_000):
        weights = [m.size for mails in chunk.mails.values() for m in mails if m.size <= 5_000_000]
        assert sum(weights) <= MAX_BYTES
        assert sum(map(len, chunk.mails.values())) <= MAX_MAILS
        for name, mails in chunk.mails.items():
            done += [(name, mail.uid) for mail in mails]
        # Whatever has been fetched lies below the marks, and nothing else does.
        below = {
            (n, m.uid) for n, ms in listings.items() for m in ms if m.uid < chunk.marks[n].uidnext
        }
        assert below == set(done)
    assert len(done) == len(set(done)) == len(inbox) + len(sent)


def test_folders_are_read_side_by_side_in_time():
    listings = {"INBOX": _mails([(1, 0), (1, 2)]), "Sent": _mails([(1, 1), (1, 3)])}
    marks = {"INBOX": Mark(7, 1), "Sent": Mark(8, 1)}
    big = [chunk.mails for chunk in chunks(listings, marks, max_mail_bytes=0)]
    assert [{name: len(mails) for name, mails in one.items()} for one in big] == [
        {"INBOX": 2, "Sent": 2}
    ]


def test_cursors_survive_json_and_new_numbering_begins_anew():
    marks = {"INBOX": Mark(7, 12)}
    assert marks_of(json.loads(json.dumps(cursor_of(marks)))) == marks
    assert marks_of({}) == {}
    assert first_uid(marks["INBOX"], 7) == 12
    assert first_uid(marks["INBOX"], 8) == 1
    assert first_uid(None, 8) == 1


@given(st.sets(st.integers(1, 200)), st.sets(st.integers(1, 200)))
def test_uid_sets_name_the_wanted_and_no_other(wanted, others):
    existing = sorted(wanted | others)
    named = set()
    for piece in filter(None, uid_set(wanted, existing).split(",")):
        low, _, high = piece.partition(":")
        named |= set(range(int(low), int(high or low) + 1))
    assert named & set(existing) == wanted


def test_uid_sets_are_short():
    assert uid_set(range(2, 2_000, 2), list(range(2, 2_000, 2))) == "2:1998"


def test_listings():
    answer = [
        b'1 (UID 7 FLAGS (\\Seen) INTERNALDATE " 2-Mar-2026 10:00:00 +0200" RFC822.SIZE 99)',
        b"2 (FLAGS (\\Seen))",
        b'3 (UID 6 FLAGS (\\Draft) RFC822.SIZE 1 X-GM-THRID 12 INTERNALDATE "garbage")',
        None,
    ]
    one, two = listed(answer)
    assert (one.uid, one.draft, one.thread_id) == (6, True, "12")
    assert (two.uid, two.size, two.arrived) == (7, 99, datetime(2026, 3, 2, 8, tzinfo=UTC))


@pytest.mark.parametrize(
    "said",
    ["02-Mar-2026 10:00:00 +9999", "01-Jan-0001 00:00:00 +2300", "31-Dec-9999 23:00:00 -0200"],
)
def test_a_mail_whose_arrival_is_no_time_is_listed_all_the_same(said):
    [one] = listed([f'1 (UID 7 INTERNALDATE "{said}" RFC822.SIZE 99)'.encode()])
    assert (one.uid, one.size) == (7, 99)


def test_literals():
    answer = [
        (b"1 (UID 7 BODY[] {3}", b"abc"),
        b")",
        (b"2 (BODY[] {1}", b"d"),
        b" UID 8)",
        b'3 (UID 9 BODY[] "")',
        b"4 (UID 10 BODY[] NIL)",
        b"5 (UID 11 FLAGS ())",
    ]
    assert literals(answer) == {7: b"abc", 8: b"d", 9: b""}


def test_folder_lists():
    answer = [
        b'(\\HasNoChildren \\Sent) "/" "Sent Items"',
        b'(\\Noselect) "/" "[Gmail]"',
        b"(\\HasNoChildren) NIL INBOX",
        (b'() "/" {5}', b'a"b\\c'),
        b"",
        b'() "\\"" "with \\"quotes\\""',
    ]
    assert [one.name for one in folders(answer)] == [
        "Sent Items",
        "INBOX",
        'a"b\\c',
        'with "quotes"',
    ]
    assert "\\sent" in folders(answer)[0].uses


def test_folder_names():
    assert folder_name("Entwürfe & Co") == "Entw&APw-rfe &- Co"
    assert folder_name("台北") == "&U,BTFw-"
