"""Every connector that is declared keeps to what its platform publishes, and so does its fake."""

import pytest

from tests.contract.conftest import ALL
from tests.contract.front import Front
from tests.contract.judging import calls, violations


@pytest.mark.parametrize("contract", ALL, ids=lambda contract: contract.name)
def test_requests_and_answers_are_as_published(contract):
    if contract.missing:
        pytest.skip(contract.missing)
    with Front(contract) as front:
        contract.play(front)
    assert list(dict.fromkeys(violations(contract, front.exchanges))) == []
    assert calls(front.exchanges) == contract.calls
