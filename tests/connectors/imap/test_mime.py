"""The reader of parts against the standard library's, and against what it must withstand."""

import email
import tracemalloc
from email.policy import compat32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd_imap.mime import MAX_DEPTH, MAX_FIELDS, MAX_PARTS, read

# Where the two differ for good reason; see the test.
TOLERATED = 0.02


def _ours(raw):
    return [(part.media_type, part.content().strip()) for part in read(raw).leaves()]


def _theirs(raw):
    whole = email.message_from_bytes(raw.replace(b"\r\n", b"\n"), policy=compat32)
    leaves = []

    def walk(part, default):
        kind = part.get_content_type() if part["content-type"] else default
        # The standard library goes into attached mails; here one is a file.
        if part.is_multipart() and kind.startswith("multipart/"):
            inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
            for child in part.get_payload():
                walk(child, inner)
        elif not part.is_multipart():
            leaves.append((kind, part.get_payload(decode=True).strip()))
        else:
            leaves.append((kind, None))

    walk(whole, "text/plain")
    return leaves


def _agree(raw):
    ours, theirs = _ours(raw), _theirs(raw)
    return len(ours) == len(theirs) and all(
        one[0] == other[0] and (other[1] is None or one[1] == other[1])
        for one, other in zip(ours, theirs, strict=True)
    )


def test_it_reads_the_parts_that_the_standard_library_reads(real_mails):
    raws = [path.read_bytes() for path in real_mails]
    mails = [raw for raw in raws if raw[:200].count(b":") > 1 and b"\nfrom:" in raw.lower()]
    agreed = sum(map(_agree, mails))
    assert len(mails) > 1_000
    assert agreed / len(mails) > 1 - TOLERATED


NESTED = b"""From: a@b.example
Content-Type: multipart/mixed; boundary="out"

preamble
--out
Content-Type: multipart/alternative; boundary=outer

--outer
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=
=C3=9Fe
--outer
Content-Type: text/html

<p>Hi</p>
--outer--
--out
Content-Type: application/pdf; name="a.pdf"
Content-Transfer-Encoding: base64

JVBE
Rg==
--out--
epilogue
"""


def test_nested_parts():
    assert _ours(NESTED) == [
        ("text/plain", "Grüße".encode()),
        ("text/html", b"<p>Hi</p>"),
        ("application/pdf", b"%PDF"),
    ]
    assert _ours(NESTED.replace(b"\n", b"\r\n")) == _ours(NESTED)


def test_a_missing_end_keeps_what_is_there():
    cut = NESTED[: NESTED.index(b"Rg==")]
    assert [kind for kind, _ in _ours(cut)] == ["text/plain", "text/html", "application/pdf"]


def test_long_parameters():
    mail = read(b'Content-Type: x/y; name*0*=utf-8\'\'R%C3%BC; name*1=ck.pdf; plain="a;b\\"c"\n\n')
    assert mail.parameters == {"name": "Rück.pdf", "plain": 'a;b"c'}


def test_broken_base64_gives_what_can_be_read():
    raw = b"Content-Transfer-Encoding: base64\n\nSGVs\nbG8h!!! IQ"
    assert read(raw).content() == b"Hello!!"


@given(st.binary(max_size=400))
def test_bytes_never_fail(raw):
    assert sum(1 for _ in read(raw).leaves()) >= 1


@given(
    st.lists(
        st.sampled_from(
            [b"--x", b"--x--", b"\n", b"a: b", b"Content-Type: multipart/mixed; boundary=x", b" "]
        )
    )
)
def test_boundaries_in_any_order_never_fail(lines):
    raw = b"Content-Type: multipart/mixed; boundary=x\n\n" + b"\n".join(lines)
    assert all(isinstance(part.content(), bytes) for part in read(raw).leaves())


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n" * 200_000,
        b"".join(
            b"Content-Type: multipart/mixed; boundary=x%d\n\n--x%d\n" % (n, n) for n in range(5_000)
        ),
        b"a" * 2_000_000,
        b"a:" + b"\n " * 1_000_000,
        b"a: b\n" * 100_000,
    ],
)
def test_hostile_mails_take_no_time(cpu_seconds, raw):
    leaves = []
    assert cpu_seconds(lambda: leaves.extend(read(raw).leaves())) < 2
    assert len(leaves) <= MAX_PARTS


def test_a_mail_of_nothing_but_fields_takes_little_memory():
    raw = b"Subject: x\n" + b"A:b\n" * 500_000 + b"\n" + b"--x\n" + b"A:b\n" * 500_000 + b"\nHello"
    tracemalloc.start()
    mail = read(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (mail.first("subject"), len(mail.fields)) == (b"x", MAX_FIELDS)
    assert mail.body.startswith(b"--x\n")
    assert peak < 2 * len(raw)


def test_a_deeply_nested_mail_is_not_copied_for_each_level():
    heads = (
        b"Content-Type: multipart/mixed; boundary=x%d\n\n--x%d\n" % (n, n) for n in range(MAX_DEPTH)
    )
    raw = b"".join(heads) + b"\n" + b"a" * 5_000_000
    tracemalloc.start()
    [leaf] = read(raw).leaves()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(leaf.body) == 5_000_000
    assert peak < 3 * len(raw)
