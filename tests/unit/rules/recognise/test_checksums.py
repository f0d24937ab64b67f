"""Check characters, against numbers published as examples and by their mathematical promises."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.rules.recognise import recognise
from syncd.rules.recognise.table import formats, s10

CHECKED = [each for each, _ in formats() if each.check] + [s10()]
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Weights that share a factor with the modulus, and remainders that share a character, let some
# single mistakes through; these rules let through none.
SEES_EVERY_DIGIT = {("mod10", (3, 1)), ("luhn", ()), ("mod37_36", ())}


@pytest.mark.parametrize(
    ("id_", "number"),
    [
        ("s10", "LX473124829DE"),  # the UPU's own example serial
        ("dhl-de-sscc", "00340433836442636597"),
        ("dhl-de-identcode", "201298452277"),
        ("hermes-de-14", "09133131530724"),
        ("la-poste-13", "6A15602676300"),
        ("yamato-12", "123456789013"),
        ("sf-13", "SF6043310798724"),
        ("nz-post-sscc", "00794210320413344113"),
        ("postnord-sscc", "00373400306297064918"),
        ("chronopost-j", "XW435801688JB"),
        ("yanwen-yp", "UG336196744YP"),
        ("bring-17", "73325389904349843"),
        ("luhn", "79927398713"),
    ],
)
def test_published_examples_pass(id_, number):
    if id_ == "luhn":  # ISO 7812's, which no carrier gives out
        check = next(each.check for each in CHECKED if each.check.by == "luhn")
        assert check.character(number[:-1]) == number[-1]
        return
    format_ = next(each for each in CHECKED if each.id == id_)
    assert format_.fits(number) is True


def numbers_of(format_):
    """Numbers of a format's shape, with the right check character put in."""

    def repaired(number):
        match = re.fullmatch(format_.pattern, number)
        at = match.start("check")
        right = format_.check.character(format_.before + match["serial"])
        return number[:at] + right + number[at + 1 :]

    shape = re.compile(format_.pattern.replace("[A-Z]{2}[A-Z]{2}", "[A-Z]{2}GB"))
    return (
        st.from_regex(shape, fullmatch=True)
        .map(repaired)
        .filter(lambda number: re.fullmatch(format_.pattern, number) is not None)
    )


@pytest.mark.parametrize("format_", CHECKED, ids=lambda each: each.id)
@settings(max_examples=20)
@given(data=st.data())
def test_only_one_check_character_is_right(format_, data):
    number = data.draw(numbers_of(format_))
    assert format_.fits(number) is True
    at = re.fullmatch(format_.pattern, number).start("check")
    for other in set(ALPHABET) - {number[at]}:
        assert not format_.fits(number[:at] + other + number[at + 1 :])


@pytest.mark.parametrize(
    "format_",
    [each for each in CHECKED if (each.check.by, each.check.weights) in SEES_EVERY_DIGIT],
    ids=lambda each: each.id,
)
@settings(max_examples=20)
@given(data=st.data())
def test_no_single_wrong_digit_gets_through(format_, data):
    number = data.draw(numbers_of(format_))
    start, end = re.fullmatch(format_.pattern, number).span("serial")
    at = data.draw(st.integers(start, end - 1))
    other = data.draw(st.sampled_from([each for each in "0123456789" if each != number[at]]))
    if number[at].isdigit():
        assert not format_.fits(number[:at] + other + number[at + 1 :])


@pytest.mark.parametrize(
    "format_", [each for each in CHECKED if each.id != "s10"], ids=lambda f: f.id
)
@settings(max_examples=20)
@given(data=st.data())
def test_a_wrong_check_digit_makes_no_candidate_of_the_format(format_, data):
    number = data.draw(numbers_of(format_))
    at = re.fullmatch(format_.pattern, number).start("check")
    wrong = data.draw(st.sampled_from([each for each in "0123456789" if each != number[at]]))
    number = number[:at] + wrong + number[at + 1 :]
    assert format_.id not in {
        each.format for each in recognise(number, country="DE", labelled=True)
    }
