"""The daemon as a process over five marketplaces: what reached whom, by the fakes' own records."""

import json
import re
import subprocess
import time
from contextlib import ExitStack, closing
from pprint import pformat

import pytest
from click.testing import CliRunner
from marketplaces import (
    ALIEXPRESS,
    ALLEGRO,
    AMAZON,
    EBAY,
    LAST_SCAN,
    LATE,
    MAILBOX,
    REFUSED,
    SHOPS,
    TIKTOK,
    Marketplaces,
)
from traps import Daemon, syncd

from syncd.cli import cli
from syncd.store import Store
from syncd.testing.server import Fault

PATIENCE_SECONDS = 40.0
SETTLED = {"sent", "person"}
LOST = {ALLEGRO, EBAY, TIKTOK}
"""The accounts whose first message arrives without a word back."""
ROWS = 8
"""A notice about each late order, of which Amazon has two, an extension and a review request."""


@pytest.fixture
def open_(tmp_path):
    """Opens the shops and gives them with a daemon that is not started yet."""
    with ExitStack() as stack:

        def start(**settings):
            shops = Marketplaces(stack, tmp_path, **settings)
            read(shops)
            daemon = Daemon(shops.config, tmp_path / "log")
            stack.callback(daemon.close)
            return shops, daemon

        yield start


def read(shops):
    """All orders and parcels, before the daemon starts.

    Else it depends on whose poll is the first whether a notice waits for a look at its parcel.
    """
    for account in (*SHOPS, "tracking"):
        done = CliRunner().invoke(cli, ["--config", str(shops.config), "poll", account])
        assert done.exit_code == 0, done.output


def verb(shops, *arguments):
    """What a verb of the command line tells; it has to end well."""
    done = subprocess.run(
        [*syncd(shops.config), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def until(true, what):
    """Wait for a condition; `what` tells how things stand when it never comes."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"it never came to that: {pformat(what(), width=160)}")
        time.sleep(0.05)


def rows(shops):
    """The outbox: (account, purpose, order) -> state and reason."""
    with closing(Store(shops.url)) as store, store.database.read() as connection:
        found = connection.exec_driver_sql(
            "SELECT a.name, o.purpose, coalesce(s.order_source_id, o.order_id), o.state, o.reason "
            "FROM outbox o JOIN accounts a ON a.id = o.account_id "
            "LEFT JOIN shipments s ON s.id = o.shipment_id"
        )
        return {tuple(row[:3]): tuple(row[3:]) for row in found}


def settled(shops, *, lost=frozenset()):
    """Whether all is done that was to be done; the messages of `lost` are still to be asked for."""
    now = rows(shops)
    return len(now) == ROWS and all(
        state == "in_flight" if account in lost else state in SETTLED
        for (account, *_), (state, _) in now.items()
    )


def polled_again(shops, times=2):
    """Whether each shop was asked so often after now; a function."""
    before = {fake: len(fake.requests) for fake in shops.fakes if fake is not shops.track}
    return lambda: all(len(fake.requests) >= many + times for fake, many in before.items())


def assert_told(text, account, *words, site):
    """The three facts, in the buyer's language."""
    assert LATE[account] in text
    assert re.search(rf"^[^\n:]+: {site}\b", text, re.MULTILINE), text
    assert LAST_SCAN in text
    for word in words:
        assert word in text, text


def assert_no_link(text):
    assert not re.search(r"https?:|www\.", text), text


def assert_each_reached_once(shops):
    """What the platforms themselves have on record."""
    (allegro,) = shops.allegro.shop.sent
    assert (allegro.buyer, allegro.order_id) == ("ann", shops.late[ALLEGRO])
    assert_told(allegro.text, ALLEGRO, "Numer przesyłki", site="InPost")
    assert_no_link(allegro.text)
    (tiktok,) = shops.tiktok.sent
    assert tiktok.buyer == shops.tiktok.shop.orders[shops.late[TIKTOK]]["user_id"]
    assert_told(tiktok.text, TIKTOK, "Tracking number", site="Royal Mail")
    assert_no_link(tiktok.text)
    (ebay,) = shops.ebay.sent
    assert ebay.buyer == "ann"
    assert_told(ebay.text, EBAY, "Sendungsnummer", "https://www.dhl.de/", site="DHL")
    (amazon,) = shops.amazon.shop.sent
    assert (amazon.order, amazon.action) == (shops.late[AMAZON], "unexpectedProblem")
    assert_told(amazon.text, AMAZON, "Sendungsnummer", site="DHL")
    assert_no_link(amazon.text)
    assert shops.amazon.shop.asked == [shops.arrived[AMAZON]]
    assert shops.aliexpress.shop.extended == [(shops.late[ALIEXPRESS], 10)]
    assert shops.aliexpress.sent == []


def test_each_buyer_is_told_once_over_a_kill_and_lost_answers(open_):
    shops, daemon = open_()
    shops.ebay.fail(Fault.LOST_ANSWER, path="/send_message$")
    shops.tiktok.fail(Fault.LOST_ANSWER, path="/conversations/[^/]+/messages$", method="POST")
    shops.allegro.fail(Fault.LOST_ANSWER, path="^/messaging/messages$", method="POST")
    daemon.start()
    until(lambda: settled(shops, lost=LOST), lambda: rows(shops))
    daemon.kill()
    assert settled(shops, lost=LOST)
    daemon.start()
    assert_the_verbs_tell_it(shops)
    until(lambda: settled(shops), lambda: rows(shops))
    until(polled_again(shops), lambda: list(daemon.entries()))
    assert daemon.stop() == 0
    assert daemon.events("found sent") == len(LOST)
    assert_each_reached_once(shops)
    left = {key: reason for key, (state, reason) in rows(shops).items() if state == "person"}
    assert set(left) == {
        (AMAZON, "notice", shops.refused), (ALIEXPRESS, "notice", shops.late[ALIEXPRESS]),
    }  # fmt: skip
    assert "offers nothing" in left[AMAZON, "notice", shops.refused]
    assert "writes_mail_by" in left[ALIEXPRESS, "notice", shops.late[ALIEXPRESS]]
    assert [entry for entry in daemon.entries() if entry.get("level") == "error"] == []


def assert_the_verbs_tell_it(shops):
    """What the seller sees, beside the running daemon."""
    checked = verb(shops, "check-config", "--online")
    assert [
        re.search(rf"^{name} .* yes$", checked, re.MULTILINE) is not None for name in SHOPS
    ] == [True] * 5
    able = {row["account"]: row["can"] for row in json.loads(verb(shops, "capabilities", "--json"))}
    assert {name for name in SHOPS if able[name]["start_conversation"]} == {ALLEGRO, TIKTOK, EBAY}
    assert [name for name in SHOPS if able[name]["notify_templated"]] == [AMAZON]
    assert [name for name in SHOPS if able[name]["request_review"]] == [AMAZON]
    assert [name for name in SHOPS if able[name]["extend_promise"]] == [ALIEXPRESS]
    stands = json.loads(verb(shops, "status", "--json"))
    assert {row["account"]: row["state"] for row in stands["accounts"]} == dict.fromkeys(
        (*SHOPS, "tracking"), "ok"
    )
    shown = verb(shops, "show", shops.late[ALIEXPRESS])
    assert f"{LATE[ALIEXPRESS]} · China Post" in shown
    assert "not told" in shown
    assert "more time" in shown


def test_what_amazon_does_not_offer_goes_by_the_mail_account(open_):
    shops, daemon = open_(mail=True)
    daemon.start()
    until(lambda: settled(shops), lambda: rows(shops))
    until(polled_again(shops), lambda: list(daemon.entries()))
    assert daemon.stop() == 0
    (mail,) = shops.box.sent
    assert (mail.sender, mail.recipients) == (MAILBOX, ("beax7k2@marketplace.amazon.de",))
    text = mail.data.decode()
    assert REFUSED in text
    assert LAST_SCAN in text
    assert_no_link(text)
    assert_each_reached_once(shops)
    (left,) = [key for key, (state, _) in rows(shops).items() if state == "person"]
    assert left == (ALIEXPRESS, "notice", shops.late[ALIEXPRESS])
