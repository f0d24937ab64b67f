"""The push listener over real sockets: what is taken, what is refused, what takes too long."""

import socket
import time as real
from contextlib import ExitStack, closing
from http.client import HTTPConnection

import pytest

from syncd.connector import Wake
from syncd.daemon.listening import AddressTaken
from syncd.daemon.receiver import AT_ONCE, MAX_BODY, receive_pushes
from syncd.scheduler import Received

READ_SECONDS = 0.4


class Judge:
    """Remembers what it was handed, and says what it was told to."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.handed = []
        self.answer = Received("woke")

    def __call__(self, account, push):
        self.handed.append((account, push))
        return self.answer


@pytest.fixture(scope="module")
def listening():
    """One listener for all tests, which takes half a second to close, and who judges for it."""
    judge = Judge()
    with receive_pushes(("127.0.0.1", 0), judge, read_seconds=READ_SECONDS) as listener:
        yield listener.address, judge


@pytest.fixture
def address(listening):
    return listening[0]


@pytest.fixture
def judge(listening):
    listening[1].reset()
    return listening[1]


def ask(address, method="POST", path="/push/shop", body=b"{}", headers=None):
    with closing(HTTPConnection(*address, timeout=5)) as client:
        client.request(method, path, body, headers or {})
        answer = client.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read()


def send_raw(address, data):
    """What comes back for bytes that are sent as they are."""
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(data)
        return read_all(client)


def read_all(client):
    parts = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_a_push_is_handed_on_as_it_came(address, judge):
    body = b'{"odd":\xff}'
    assert (
        ask(address, path="/push/shop-de?a=1&b=%20", body=body, headers={"X-Sign": "s"})[0] == 200
    )
    ((account, push),) = judge.handed
    assert (account, push.body, push.method) == ("shop-de", body, "POST")
    assert push.headers["x-sign"] == "s"
    assert push.query == {"a": "1", "b": " "}


def test_of_a_header_sent_twice_the_first_counts(address, judge):
    send_raw(address, b"POST /push/a HTTP/1.1\r\nSign: 1\r\nsign: 2\r\nContent-Length: 0\r\n\r\n")
    assert judge.handed[0][1].headers["sign"] == "1"


@pytest.mark.parametrize(
    ("result", "status"),
    [("woke", 200), ("repeated", 200), ("stale", 401), ("forged", 401), ("unknown", 404),
     ("failed", 500)],
)  # fmt: skip
def test_the_answer_says_what_became_of_it_and_nothing_else(address, judge, result, status):
    judge.answer = Received(result)
    answer = ask(address)
    assert (answer[0], answer[2]) == (status, b"")


def test_a_platform_that_makes_sure_of_the_address_gets_its_answer(address, judge):
    judge.answer = Received("woke", Wake(answer=b'{"challengeResponse":"1f"}'))
    answer = ask(address, "GET", "/push/shop?challenge_code=7", None)
    assert answer == (200, "application/json", b'{"challengeResponse":"1f"}')
    (_, push), *_ = judge.handed
    assert (push.method, push.body, push.query) == ("GET", b"", {"challenge_code": "7"})


@pytest.mark.parametrize("path", ["/", "/push/", "/push/a/b", "/push/A", "/push/..%2f", "/metrics"])
def test_other_pages_are_not_there(address, judge, path):
    assert ask(address, path=path)[0] == 404
    assert judge.handed == []


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: %d\r\n" % (MAX_BODY + 1), b"413"),
        (b"Content-Length: 99999999999999999999\r\n", b"411"),
        (b"Content-Length: -1\r\n", b"411"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", b"411"),
        (b"", b"411"),
    ],
)
def test_what_is_too_large_or_of_no_known_size_is_refused_unread(address, judge, head, status):
    answer = send_raw(address, b"POST /push/shop HTTP/1.1\r\n" + head + b"\r\n")
    assert answer.split()[1] == status
    assert judge.handed == []


def test_the_largest_that_is_allowed_is_taken(address, judge):
    assert ask(address, body=b"x" * MAX_BODY)[0] == 200
    assert len(judge.handed[0][1].body) == MAX_BODY


def test_a_body_that_ends_too_soon_is_refused(address, judge):
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(b"POST /push/shop HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")
        client.shutdown(socket.SHUT_WR)
        assert read_all(client).split()[1] == b"400"
    assert judge.handed == []


def dribble(client):
    for _ in range(100):
        client.sendall(b"a")
        real.sleep(0.05)


def test_a_client_that_dribbles_is_hung_up_on_in_time(address, judge):
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(b"POST /push/shop HTTP/1.1\r\nContent-Length: 1000\r\n\r\n")
        began = real.monotonic()
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            dribble(client)
        assert READ_SECONDS / 2 < real.monotonic() - began < 3
    assert judge.handed == []


def test_a_client_that_says_nothing_is_hung_up_on(address):
    with socket.create_connection(address, timeout=5) as client:
        assert read_all(client) == b""


def test_so_many_at_once_and_no_more(address, judge):
    with ExitStack() as open_ones:
        for _ in range(AT_ONCE):
            open_ones.enter_context(socket.create_connection(address, timeout=5))
        with socket.create_connection(address, timeout=5) as one_more:
            began = real.monotonic()
            assert read_all(one_more) == b""
            assert real.monotonic() - began < READ_SECONDS
    end = real.monotonic() + 5
    while real.monotonic() < end:  # their places are free again
        try:
            assert ask(address)[0] == 200
            break
        except OSError:
            real.sleep(0.05)
    assert judge.handed


def test_a_taken_address_names_its_setting(address, judge):
    with pytest.raises(AddressTaken, match=r"for pushes: .*listen in \[push\]"):
        receive_pushes(address, judge)
