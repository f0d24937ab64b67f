"""What the tests of several troubles share."""

import pytest

from syncd import watch
from syncd.outbox import Sender


@pytest.fixture
def tell(world):
    """Judge and send; returns the texts that have gone out so far."""

    def run():
        watch.run(world.runtime)
        Sender(world.runtime).run()
        return [draft.text for _, draft in world.connectors["shop"].drafts]

    return run
