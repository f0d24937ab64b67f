"""Every connector that is declared keeps to what its platform publishes, and so does its fake."""

import inspect
from functools import wraps

import pytest

from syncd import clock
from tests.contract.conftest import ALL
from tests.contract.front import Front
from tests.contract.judging import calls, violations


def watched(client, monkeypatch):
    """The public methods of a class; each leaves the set when it is called."""
    untried = set()
    for name, method in inspect.getmembers(client, inspect.isfunction):
        if not name.startswith("_"):
            untried.add(name)
            monkeypatch.setattr(client, name, crossed_out(name, method, untried))
    return untried


def crossed_out(name, method, untried):
    @wraps(method)
    def call(*arguments, **more):
        untried.discard(name)
        return method(*arguments, **more)

    return call


@pytest.mark.parametrize("contract", ALL, ids=lambda contract: contract.name)
def test_requests_and_answers_are_as_published(contract, monkeypatch):
    if contract.missing:
        pytest.skip(contract.missing)
    monkeypatch.setattr(clock, "sleep", lambda _: None)  # for one's turn in a budget
    untried = watched(contract.client, monkeypatch)
    with Front(contract) as front:
        contract.play(front)
    assert untried == set()
    assert list(dict.fromkeys(violations(contract, front.exchanges))) == []
    assert calls(front.exchanges) == contract.calls
