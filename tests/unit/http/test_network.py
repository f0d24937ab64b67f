"""A poll that waits for a server lets others compute meanwhile, and has its turn again with the
answer."""

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpcore
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from syncd import turns
from syncd.connector import Unavailable
from syncd.http import HttpClient, network, wire
from syncd.testing.server import Answer, FakeServer, route

LONG = 30.0


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", LONG)


class Shop(FakeServer):
    """Notes whether a poll of its own would get its turn while one waits for the answer."""

    def __init__(self):
        super().__init__()
        self.free = []

    @route("GET", "/thing")
    def thing(self, request):
        with turns.sharing():
            self.free.append(turns.take())
        return Answer.json({"name": "lamp"})


def taken():
    with turns.sharing():
        return turns.take()


def is_free(monkeypatch, seconds=0.05):
    """Whether another thread would get its turn now."""
    with monkeypatch.context() as hurried, ThreadPoolExecutor(1) as pool:
        hurried.setattr(turns, "PATIENCE_SECONDS", seconds)
        return pool.submit(taken).result(LONG)


def test_who_waits_for_an_answer_ends_the_turn_and_has_another_with_it(monkeypatch):
    monkeypatch.setattr(network, "_NEAR_SECONDS", 0)
    with Shop() as shop, turns.sharing():
        client = HttpClient(shop.url)
        for _ in range(3):
            client.get("/thing")
            assert not is_free(monkeypatch)
            turns.end()
        client.close()
    assert shop.free == [True, True, True]


def test_who_cannot_connect_waits_in_nobodys_turn(monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = HttpClient(f"http://127.0.0.1:{unused.getsockname()[1]}")
        with turns.sharing():
            turns.take()
            with pytest.raises(Unavailable, match="cannot connect to"):
                client.post("/thing", None)  # which is not tried again
            assert is_free(monkeypatch)
        client.close()


def test_a_connection_that_takes_too_long_has_changed_nothing(monkeypatch):
    client = HttpClient("http://127.0.0.1:1")

    def late(_):
        raise httpx.ConnectTimeout("timed out")

    monkeypatch.setattr(client._wire, "send", late)
    with pytest.raises(Unavailable, match="cannot connect to"):
        client.post("/thing", None)
    client.close()


@pytest.fixture
def ends(monkeypatch):
    """Counts how often a turn was ended."""
    found = []
    monkeypatch.setattr(turns, "end", lambda: found.append(1))
    return found


@pytest.fixture
def stream():
    """What a server says, and the stream that it is read from."""
    here, there = socket.socketpair()
    with here, there:
        yield there, network._Stream(_Own(here))


class _Own(httpcore.NetworkStream):
    def __init__(self, sock):
        self._sock = sock

    def read(self, max_bytes, timeout=None):
        return self._sock.recv(max_bytes)

    def get_extra_info(self, info):
        return self._sock if info == "socket" else None


def test_what_is_there_already_is_read_in_ones_turn(stream, ends):
    there, read_from = stream
    there.sendall(b"lamp")
    assert read_from.read(100) == b"lamp"
    assert ends == []


def test_a_near_server_is_waited_for_in_ones_turn(stream, ends, monkeypatch):
    monkeypatch.setattr(network, "_NEAR_SECONDS", LONG)
    there, read_from = stream
    with ThreadPoolExecutor(1) as pool:
        for expected in ([1], [1]):  # at first nobody knows how near it is
            said = pool.submit(read_from.read, 100)
            with pytest.raises(TimeoutError):
                said.result(0.05)
            there.sendall(b"lamp")
            assert said.result(LONG) == b"lamp"
            assert ends == expected


def test_a_server_that_has_become_slow_is_not(stream, ends, monkeypatch):
    monkeypatch.setattr(network, "_NEAR_SECONDS", 0.01)
    there, read_from = stream
    read_from._is_near = True
    with ThreadPoolExecutor(1) as pool:
        for expected in ([1], [1, 1]):
            said = pool.submit(read_from.read, 100)
            with pytest.raises(TimeoutError):
                said.result(0.1)
            there.sendall(b"lamp")
            assert said.result(LONG) == b"lamp"
            assert ends == expected
            assert not read_from._is_near


@pytest.fixture
def certificate(tmp_path):
    """A certificate of 127.0.0.1's own, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, *form)
    )
    return path


@pytest.fixture
def secure(certificate):
    """A server that speaks TLS: answers one request on each connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(listening):
        with listening.accept()[0] as raw, context.wrap_socket(raw, server_side=True) as sock:
            sock.recv(65536)
            sock.sendall(b'HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"name":"lamp"}')

    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:
        done = pool.submit(serve, listening)
        yield f"https://localhost:{listening.getsockname()[1]}", done


def test_tls_is_spoken_and_certificates_are_looked_at(secure, certificate, monkeypatch):
    url, done = secure
    trusting = ssl.create_default_context(cafile=certificate)
    monkeypatch.setattr(wire, "tls", lambda: trusting)
    client = HttpClient(url)
    assert client.get("/thing").json(dict[str, str]) == {"name": "lamp"}
    client.close()
    done.result(LONG)


def test_a_server_that_nobody_vouches_for_is_told_nothing(secure):
    url, done = secure
    client = HttpClient(url)
    with pytest.raises(Unavailable, match="certificate"):
        client.post("/thing", {"secret": 1})
    client.close()
    with pytest.raises(ssl.SSLError):
        done.result(LONG)
