"""One tracking number, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model.numbers import normalise


@pytest.mark.parametrize(
    "written",
    [
        "RB123456785GB",
        "rb123456785gb",
        "RB 123 456 785 GB",
        " RB-123.456.785-GB\u00a0",
        "RB\u2011123456785\u2013GB",
        "RB\u202f123\u2009456785GB",
        "RB\u200b123\u200c456\u200d785GB\ufeff",
        "\u202aRB123456785GB\u202c",
        "\u200eRB12\u00ad3456785GB\u200f",
        "RB123456785GB".translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
        "RB\u3000123\uff0d456ー785\u2212GB",
        "RB123456785GB".translate({0x30 + digit: 0x660 + digit for digit in range(10)}),
        "RB\t123456785\r\nGB",
    ],
)
def test_every_spelling_is_one_number(written):
    assert normalise(written) == "RB123456785GB"


@pytest.mark.parametrize("number", ["1Z999AA10123456784", "JD01/460", "N/A", "4711*12", "Łód1"])
def test_what_else_stands_in_a_number_stays(number):
    assert normalise(number) == number.upper()


@given(st.text(max_size=30))
def test_what_is_compared_already_stays_as_it_is(text):
    assert normalise(normalise(text)) == normalise(text)
