"""What Allegro's error answers mean, and what is said of them."""

import pytest

from syncd.connector import AuthFailed, Rejected
from syncd.http import Reply
from syncd.testing.allegro import FORMS
from syncd_allegro.client import judge

FAULT = (
    b'{"errors":[{"code":"VALIDATION_ERROR","message":"size must be between 1 and 2000","details":'
    b'null,"path":"text","userMessage":"The text is too long","metadata":{}},{"code":"OTHER"}]}'
)


def reply(status, content=FAULT):
    return Reply(status=status, headers={}, content=content)


@pytest.mark.parametrize("status", [400, 404, 406, 409, 413, 415, 422])
def test_what_is_refused_for_good_is_told_in_allegros_words(status):
    error = judge(reply(status))
    assert isinstance(error, Rejected)
    assert str(error) == (
        "Allegro refuses: VALIDATION_ERROR at text: size must be between 1 and 2000 / "
        "The text is too long; OTHER: "
    )


@pytest.mark.parametrize("status", [200, 201, 408, 425, 429, 500, 503])
def test_the_common_rules_know_the_rest(status):
    assert judge(reply(status)) is None


@pytest.mark.parametrize("status", [401, 403])
def test_a_login_without_the_right_names_the_fix(status):
    error = judge(
        reply(status, b'{"errors":[{"code":"AccessDenied","message":"Access is denied"}]}')
    )
    assert isinstance(error, AuthFailed)
    assert "AccessDenied: Access is denied" in str(error)
    assert "syncd connect" in str(error)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no reason given"),
        (b"<html>gone", "<html>gone"),
        (b'{"errors":[]}', "no reason given"),
    ],
)
def test_answers_in_another_shape(content, said):
    assert said in str(judge(reply(404, content)))


def test_a_missing_right_stops_the_account_that_reads(allegro, connector, read):
    allegro.denied.add(FORMS)
    with pytest.raises(AuthFailed, match="give the app all rights"):
        read(connector, "orders")
