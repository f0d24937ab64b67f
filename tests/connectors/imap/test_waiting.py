import threading
import time

import pytest

from syncd.connector import Unavailable
from syncd.testing.mailbox import Stage
from tests.connectors.imap.conftest import mail, read_all


def _later(seconds, act):
    timer = threading.Timer(seconds, act)
    timer.start()
    return timer


def test_new_mail_wakes(box, shop):
    assert not shop.wait("messages", 0.05)  # the folder is open from here on
    timer = _later(0.2, lambda: box.deliver(mail()))
    began = time.monotonic()
    assert shop.wait("messages", 10)
    assert time.monotonic() - began < 5
    timer.join()


def test_no_news_takes_its_time_and_no_more(box, shop):
    began = time.monotonic()
    assert not shop.wait("messages", 0.3)
    assert 0.25 < time.monotonic() - began < 3


def test_mail_that_comes_between_two_waits_is_told(box, shop):
    assert not shop.wait("messages", 0.05)
    box.deliver(mail())
    assert shop.wait("messages", 5)


def test_reading_goes_on_beside_waiting(box, shop):
    waiting = threading.Thread(target=shop.wait, args=("messages", 1))
    waiting.start()
    box.deliver(mail(), folder="Sent")
    assert len(read_all(shop)[0]) == 1
    waiting.join()


def test_idle_is_begun_anew_before_the_server_tires_of_it(box, shop, monkeypatch):
    monkeypatch.setattr("syncd_imap.idle.REISSUE_SECONDS", 0.1)
    assert not shop.wait("messages", 0.05)
    timer = _later(0.5, lambda: box.deliver(mail()))
    assert shop.wait("messages", 5)
    timer.join()


@pytest.mark.parametrize("reply", [None, "* BYE too long"])
def test_a_line_that_ends_in_idle_is_told_at_once(box, shop, reply):
    box.fail(Stage.IDLING, reply)
    began = time.monotonic()
    with pytest.raises(Unavailable):
        shop.wait("messages", 30)
    assert time.monotonic() - began < 5
    assert not shop.wait("messages", 0.05)


def test_still_here_is_no_news(box, shop):
    box.fail(Stage.IDLING, "* OK Still here")
    assert not shop.wait("messages", 0.2)


def test_closing_wakes_who_waits(box, shop):
    raised = []

    def wait():
        try:
            shop.wait("messages", 30)
        except Unavailable as error:
            raised.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.3)
    shop.close()
    waiting.join(5)
    assert not waiting.is_alive()
    assert len(raised) == 1
