"""The mails of the benchmark: real ones replicated where they are at hand, else made up."""

import base64
import random
from itertools import cycle, islice
from pathlib import Path

REAL = Path(__file__).parents[3] / "shared" / "data" / "email"
# As large as real mail is on the average: bigger test mails would measure the disk.
MAX_BYTES = 100_000


def mails(count):
    """`count` mails with Message-IDs and order numbers of their own, and where they are from."""
    originals, origin = _real(), f"real mails of {REAL}"
    if not originals:
        originals, origin = _made_up(), "made-up mails"
    return [_own(raw, number) for number, raw in enumerate(islice(cycle(originals), count))], origin


def _real():
    if not REAL.is_dir():
        return []
    raws = [path.read_bytes() for path in sorted(REAL.rglob("*")) if path.is_file()]
    return [raw for raw in raws if len(raw) < MAX_BYTES and _has_header(raw)]


def _has_header(raw):
    lines = raw[:2000].replace(b"\r\n", b"\n").split(b"\n")
    return b":" in lines[0] and lines[0][:1].isalpha() and b"\nfrom:" in raw.lower()


def _own(raw, number):
    order = f"{number % 900 + 100}-{number:07d}-{number * 7 % 10**7:07d}"
    return f"Message-ID: <{number}@bench.example>\nSubject: Order {order}\n".encode() + raw


def _made_up():
    chance = random.Random(7)
    words = [
        "parcel",
        "order",
        "where",
        "late",
        "days",
        "tracking",
        "number",
        "since",
        "please",
        "answer",
        "the",
        "of",
        "and",
        "not",
    ]
    return [_made(chance, words, number) for number in range(300)]


def _made(chance, words, number):
    text = "\n".join(" ".join(chance.choices(words, k=12)) for _ in range(chance.randint(3, 60)))
    head = f"From: Ann <buyer{number}@mail.example>\nTo: shop@shop.example\nDate: Mon, 02 Mar 2026 08:00:00 +0000\n"
    if number % 3:
        return f"{head}Content-Type: text/plain; charset=utf-8\n\nGrüße\n{text}\n".encode()
    photo = base64.encodebytes(chance.randbytes(6_000)).decode()
    return (
        f"{head}Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>{text}</p>\n"
        f"--b\nContent-Type: image/jpeg; name=a.jpg\nContent-Transfer-Encoding: base64\n\n{photo}--b--\n"
    ).encode()
