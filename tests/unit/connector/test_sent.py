"""Finding one's own text among what was written."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.connector import OutcomeUnknown, find_text, same_text
from syncd.model import Direction, Draft, Message, Party

DECIDED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DRAFT = Draft(text="It is late.\nSorry!", buyer=Party(id="ann"), created_at=DECIDED)


def written(text: str, minutes: float, direction: Direction = Direction.OUTBOUND) -> Message:
    return Message(
        source_id=f"{text}@{minutes}",
        sent_at=DECIDED + timedelta(minutes=minutes),
        direction=direction,
        buyer=DRAFT.buyer,
        text=text,
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It is late.\nSorry!", " It is late.  Sorry! "),
        ("Käse", "Ka\u0308se"),
        ("your dog's", "your dog&#39;s"),
        ("a & b", "a &amp; b"),
    ],
)
def test_what_platforms_change_in_a_text_makes_no_other_text(one: str, other: str) -> None:
    assert same_text(one, other)


def test_another_word_makes_another_text() -> None:
    assert not same_text("It is late.", "It is later.")


def test_the_first_of_the_same_texts_is_the_draft() -> None:
    found = find_text([written(DRAFT.text, 9), written(DRAFT.text, 1)], DRAFT)
    assert found is not None
    assert found.accepted_at == DECIDED + timedelta(minutes=1)


@pytest.mark.parametrize(
    "other",
    [
        written(DRAFT.text, -3),
        written(DRAFT.text, 1, Direction.INBOUND),
        written("It came.", 1),
    ],
)
def test_older_texts_other_texts_and_the_buyers_are_not_it(other: Message) -> None:
    assert find_text([other], DRAFT) is None


def test_a_platforms_clock_may_be_a_little_behind() -> None:
    assert find_text([written(DRAFT.text, -1)], DRAFT) is not None


def test_a_draft_without_its_time_cannot_be_told_from_an_older_one() -> None:
    with pytest.raises(OutcomeUnknown, match="when it was decided"):
        find_text([], Draft(text="x", buyer=Party()))
