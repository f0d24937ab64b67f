"""Every connector that is declared keeps to what its platform publishes, and so does its fake."""

import pytest

from syncd import clock
from tests.contract.conftest import ALL
from tests.contract.front import Front
from tests.contract.judging import calls, violations


@pytest.mark.parametrize("contract", ALL, ids=lambda contract: contract.name)
def test_requests_and_answers_are_as_published(contract, monkeypatch):
    if contract.missing:
        pytest.skip(contract.missing)
    monkeypatch.setattr(clock, "sleep", lambda _: None)  # for one's turn in a budget
    with Front(contract) as front:
        contract.play(front)
    assert list(dict.fromkeys(violations(contract, front.exchanges))) == []
    assert calls(front.exchanges) == contract.calls
