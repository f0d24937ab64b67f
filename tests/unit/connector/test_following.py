"""Following parcels one call each: what is looked at, what is put aside, what ends it."""

import pytest

from syncd.connector import AuthFailed, Unavailable, follow_each
from syncd.model import BadItem, ParcelRef

PARCELS = [ParcelRef(tracking_number=number) for number in ("A1", "B2", "C3", "D4")]
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
    """The numbers looked at (``?`` before those unanswered), the ids of what came, what ended it."""
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


@pytest.mark.parametrize("error", [AuthFailed("no"), Unavailable("slow down", retry_after=9)])
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
