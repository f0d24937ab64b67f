"""What is done now and then: the outbox's gauges, and the store's own upkeep."""

from datetime import timedelta

from syncd import metrics
from syncd.model import NewNotice
from syncd.scheduler.upkeep import housekeeping


def test_the_oldest_that_is_due_is_shown_and_the_store_tidies_up(world, make, time, monkeypatch):
    tidied = []
    monkeypatch.setattr(world.store.database, "tidy", lambda: tidied.append(True))
    letter = NewNotice(
        key="reply-1", account_id=world.account().id, recipient=make.buyer, language="en",
        purpose="reply", text="It is here", not_before=make.at(1),
    )  # fmt: skip
    world.store.outbox.queue(letter, make.at())
    shown = []
    for _ in range(2):
        housekeeping(world.runtime)
        values = ("syncd_outbox_oldest_seconds", {}), ("syncd_outbox_depth", {"state": "pending"})
        shown.append([metrics.REGISTRY.get_sample_value(*value) for value in values])
        time(timedelta(days=1, seconds=7))
    assert shown == [[0, 1], [7, 1]]
    assert tidied == [True, True]
