"""What stands in for payloads that no parser understands."""

from datetime import UTC, datetime

import msgspec
import pytest

from syncd.connector import describe_by, mended, parse_each
from syncd.model import BadItem, Party, Review


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"id": "A", "order_id": "B"}', "B"),
        (b'{"id": "A", "order_id": null}', "A"),
        (b'{"id": "A", "order_id": ""}', "A"),
        (b'{"id": 0}', "0"),
        (b'{"id": "A", "text": "half an emoji \xf0\x9f"}', "A"),
    ],
)
def test_the_first_id_counts(raw, expected):
    assert describe_by("order_id", "id")(raw) == (expected, raw)


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b'{"id": true}', b'{"id": {}}', b'{"id": ' + b"[" * 100_000]
)
def test_what_has_none_goes_by_a_digest(raw):
    describe = describe_by("id")
    name, payload = describe(raw)
    assert payload == raw
    assert len(name) == 24
    assert describe(raw) == (name, raw) != describe(raw + b" ")


@pytest.mark.parametrize(
    ("raw", "whole"),
    [
        (rb'"a\ud83d"', r'"a\ufffd"'),
        (rb'"\uDE00\ud83d\uDE00"', r'"\ufffd\ud83d\uDE00"'),
        (rb'"\ud83d\ud83d\uDE00"', r'"\ufffd\ud83d\uDE00"'),
        (rb'"\\ud83d \u00e9"', r'"\\ud83d \u00e9"'),
        (b'"a\xf0\x9f"', '"a\ufffd"'),
    ],
)
def test_half_characters_are_mended_and_nothing_else(raw, whole):
    assert mended(raw).decode() == whole
    msgspec.json.decode(mended(raw))


@pytest.mark.parametrize("half", [rb"\ud83d", b"\xf0\x9f"])
def test_an_emoji_that_was_cut_in_two_costs_no_item(half):
    def review(raw):
        text = msgspec.json.decode(raw, type=dict[str, str])["text"]
        return Review(
            source_id="1",
            written_at=datetime(2026, 3, 1, tzinfo=UTC),
            buyer=Party(),
            text=text,
            raw=raw,
        )

    raw = b'{"text": "Nice %b"}' % half
    [item] = parse_each([raw], review, describe_by("id"))
    assert (item.text, item.raw) == ("Nice \ufffd", raw)
    [bad] = parse_each([raw[:-2]], review, describe_by("id"))
    assert isinstance(bad, BadItem)
