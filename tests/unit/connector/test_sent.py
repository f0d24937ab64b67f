"""Finding one's own text among what was written."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from syncd.connector import (
    NotPermitted,
    OutcomeUnknown,
    Rejected,
    Unavailable,
    find_text,
    only_messages,
    require,
    same_text,
    settling,
)
from syncd.model import BadItem, Direction, Draft, Message, Party, Verdict

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


def test_a_message_that_was_another_draft_is_not_this_one_too() -> None:
    messages = [written(DRAFT.text, 1), written(DRAFT.text, 2)]
    found = find_text(messages, replace(DRAFT, taken=(messages[0].source_id,)))
    assert found is not None
    assert found.source_id == messages[1].source_id
    ids = tuple(message.source_id for message in messages)
    assert find_text(messages, replace(DRAFT, taken=ids)) is None


def test_a_platforms_clock_may_be_a_little_behind() -> None:
    assert find_text([written(DRAFT.text, -1)], DRAFT) is not None


def test_a_draft_without_its_time_cannot_be_told_from_an_older_one() -> None:
    with pytest.raises(OutcomeUnknown, match="when it was decided"):
        find_text([], Draft(text="x", buyer=Party()))


def test_what_is_not_allowed_is_rejected_with_its_reason():
    require(Verdict.yes())
    with pytest.raises(Rejected, match=r"^too long$"):
        require(Verdict.never("too long"))


@pytest.mark.parametrize(
    "error",
    [Rejected("no such order"), NotPermitted("no", "such order"), ValueError("no such order")],
)
def test_what_may_not_be_read_settles_nothing(error):
    with (
        pytest.raises(OutcomeUnknown, match=r"^the order cannot be read: no:? such order$"),
        settling("the order", ValueError),
    ):
        raise error


@pytest.mark.parametrize("error", [Unavailable("later"), ValueError("no such order")])
def test_other_errors_stay_what_they_are(error):
    with pytest.raises(type(error), match=str(error)), settling("the order"):
        raise error


def test_an_unreadable_message_could_be_the_one():
    one = written("It is late.", 1)
    assert only_messages(iter([one])) == [one]
    bad = BadItem(source_id="1", reason="odd", raw=b"{")
    with pytest.raises(OutcomeUnknown, match="holds messages that cannot be understood"):
        only_messages([one, bad])
