"""What stands in for payloads that no parser understands."""

import pytest

from syncd.connector import describe_by


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
