import pytest

from syncd.connector import unescape
from syncd.connector.scans import plain


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("R&D &amp; K&#228;se", "R&D & Käse"),
        ("&#0000000065;", "A"),
        (f"a&#{'9' * 5000};b", "a\ufffdb"),
        ("&#" + "9" * 5000, "\ufffd"),
    ],
)
def test_no_entity_stops_a_text_from_being_read(written, read):
    assert unescape(written) == read
    assert plain(f"<b>{written}</b>") == read
