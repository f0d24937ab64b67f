"""Following parcels by number: what is looked at, what is put aside, what ends it."""

import pytest

from syncd.connector import AboutNumber, AuthFailed, Unavailable, follow_each, follow_several
from syncd.model import BadItem, ParcelRef

PARCELS = [ParcelRef(tracking_number=number) for number in ("A1", "B2", "C3", "D4")]
MANY = [ParcelRef(tracking_number=f"N{index}") for index in range(11)]
DOWN = Unavailable("HTTP 503")


class Carrier:
    """Answers each number from a script: bytes, None, or an error to raise; `b"ok"` by default."""

    def __init__(self, **script):
        self.script = {number: list(answers) for number, answers in script.items()}
        self.asked = []

    def ask(self, parcel):
        number = parcel.tracking_number
        self.asked.append(number)
        answers = self.script.get(number)
        answer = answers.pop(0) if answers else b"ok"
        if isinstance(answer, Exception):
            raise answer
        return answer


def read(parcel, raw):
    if raw == b"odd":
        raise ValueError("no status")
    return [BadItem(source_id=f"{parcel.tracking_number}-scan", reason="", raw=raw)]


def follow(carrier, parcels=PARCELS):
    """The numbers looked at (``?`` before unanswered ones), the ids of what came, what ended it."""
    looked, ids = [], []
    try:
        for batch in follow_each(parcels, carrier.ask, read, cursor={"kept": 1}):
            assert batch.cursor == {"kept": 1}
            looked += [*batch.looked, *(f"?{number}" for number in batch.unanswered)]
            ids += [item.source_id for item in batch.items]
    except (AuthFailed, Unavailable) as error:
        return looked, ids, error
    return looked, ids, None


def test_each_is_looked_at_news_or_not():
    looked, ids, error = follow(Carrier(B2=[None]))
    assert (looked, error) == (["A1", "B2", "C3", "D4"], None)
    assert ids == ["A1-scan", "C3-scan", "D4-scan"]


def test_an_unreadable_answer_is_kept_with_its_payload():
    (batch,) = follow_each(PARCELS[:1], Carrier(A1=[b"odd"]).ask, read)
    assert (batch.looked, batch.unanswered) == ((), ("A1",))
    assert batch.items == [BadItem(source_id="A1", reason="ValueError: no status", raw=b"odd")]


class Throttled(Unavailable):
    """Says by its class that it is not about a number."""


@pytest.mark.parametrize(
    "error", [AuthFailed("no"), Unavailable("slow down", retry_after=9), Throttled("slow down")]
)
def test_what_concerns_all_numbers_ends_it(error):
    carrier = Carrier(B2=[error])
    assert follow(carrier) == (["A1"], ["A1-scan"], error)
    assert carrier.asked == ["A1", "B2"]


def test_a_source_that_is_down_is_not_asked_for_every_number():
    carrier = Carrier(B2=[DOWN], C3=[DOWN])
    assert follow(carrier) == (["A1"], ["A1-scan"], DOWN)
    assert carrier.asked == ["A1", "B2", "C3"]


def test_one_failure_is_made_up_for_at_the_end():
    looked, ids, error = follow(Carrier(B2=[DOWN]))
    assert (looked, error) == (["A1", "C3", "D4", "B2"], None)
    assert ids[-1] == "B2-scan"


def test_a_number_that_always_fails_holds_up_nobody():
    looked, ids, error = follow(Carrier(A1=[DOWN, DOWN]))
    assert (looked, error) == (["B2", "C3", "D4", "?A1"], None)
    assert ids[-1] == "A1"


def test_a_limit_met_on_the_second_try_ends_it_without_a_look():
    busy = Unavailable("slow down", retry_after=9)
    looked, _, error = follow(Carrier(A1=[DOWN, busy]))
    assert (looked, error) == (["B2", "C3", "D4"], busy)


def test_a_failure_of_the_last_number_is_the_sources():
    carrier = Carrier(D4=[DOWN])
    assert follow(carrier)[2] is DOWN
    assert carrier.asked == ["A1", "B2", "C3", "D4"]


def test_a_number_that_is_not_known_yet_is_looked_at_without_news():
    assert follow(Carrier(B2=[AboutNumber()]))[:2] == (
        ["A1", "B2", "C3", "D4"],
        ["A1-scan", "C3-scan", "D4-scan"],
    )


def test_a_refused_number_is_told_in_the_carriers_words():
    (batch,) = follow_each(PARCELS[:1], Carrier(A1=[AboutNumber("no such form", b"{}")]).ask, read)
    assert (batch.looked, batch.unanswered) == ((), ("A1",))
    assert batch.items == [BadItem(source_id="A1", reason="no such form", raw=b"{}")]


def test_a_refusal_is_an_answer_of_a_source_that_works():
    looked, _, error = follow(Carrier(A1=[DOWN], B2=[AboutNumber("no")], C3=[DOWN]))
    assert (looked, error) == (["?B2", "D4", "A1", "C3"], None)


class Several:
    """A carrier that takes many numbers a call, and what it makes of some of them."""

    def __init__(self, *, refuses=(), fails_at=(), leaves_out=(), unknown=(), odd=()):
        self.refuses, self.fails_at, self.leaves_out = refuses, fails_at, leaves_out
        self.unknown, self.odd = unknown, odd
        self.calls = []

    def ask(self, parcels):
        numbers = [parcel.tracking_number for parcel in parcels]
        self.calls.append(numbers)
        if set(numbers) & set(self.refuses):
            raise AboutNumber("one of them is none", b"{}")
        if set(numbers) & set(self.fails_at):
            raise DOWN
        told = {number: b"ok" for number in numbers if number not in self.leaves_out}
        told |= dict.fromkeys(set(self.unknown) & set(told), None)
        return told | dict.fromkeys(set(self.odd) & set(told), b"odd")


def follow_many(carrier, parcels=MANY, size=4):
    batches = list(follow_several(parcels, carrier.ask, read, size=size, cursor={"kept": 1}))
    assert all(batch.cursor == {"kept": 1} for batch in batches)
    looked = [number for batch in batches for number in batch.looked]
    unanswered = [number for batch in batches for number in batch.unanswered]
    return looked, unanswered, [item for batch in batches for item in batch.items]


def names(parcels):
    return [parcel.tracking_number for parcel in parcels]


def test_so_many_are_asked_about_in_one_call():
    carrier = Several()
    looked, unanswered, items = follow_many(carrier)
    assert (looked, unanswered, len(items)) == (names(MANY), [], 11)
    assert [len(call) for call in carrier.calls] == [4, 4, 3]


def test_parcels_are_taken_as_they_are_needed():
    rest = iter(MANY)
    next(follow_several(rest, Several().ask, read, size=4))
    assert names(rest) == names(MANY[4:])


def test_what_is_left_out_is_unanswered_and_what_is_unknown_is_no_news():
    looked, unanswered, items = follow_many(
        Several(leaves_out=("N1",), unknown=("N2",), odd=("N3",)), MANY[:4]
    )
    assert (looked, unanswered) == (["N0", "N2"], ["N1", "N3"])
    assert [item.source_id for item in items] == ["N0-scan", "N3"]
    assert items[-1] == BadItem(source_id="N3", reason="ValueError: no status", raw=b"odd")


def test_a_number_for_which_all_are_refused_is_found_by_halves():
    carrier = Several(refuses=("N5",))
    looked, unanswered, items = follow_many(carrier, MANY[:8], size=8)
    assert (sorted(looked), unanswered) == (sorted({*names(MANY[:8])} - {"N5"}), ["N5"])
    assert BadItem(source_id="N5", reason="one of them is none", raw=b"{}") in items
    assert [len(call) for call in carrier.calls] == [8, 4, 4, 2, 1, 1, 2]


def test_a_number_at_which_all_fail_is_put_aside():
    carrier = Several(fails_at=("N1",))
    looked, unanswered, items = follow_many(carrier)
    assert (looked, unanswered) == ([each for each in names(MANY) if each != "N1"], ["N1"])
    assert items[-1].reason == "cannot be looked up: HTTP 503"
    assert [len(call) for call in carrier.calls] == [4, 1, 1, 1, 1, 4, 3, 1]


def test_a_source_that_is_down_is_asked_three_times_at_the_most():
    carrier = Several(fails_at=names(MANY))
    with pytest.raises(Unavailable):
        follow_many(carrier)
    assert carrier.calls == [names(MANY[:4]), ["N0"], ["N1"]]
