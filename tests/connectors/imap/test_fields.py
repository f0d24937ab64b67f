import random
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime, formataddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd_imap.fields import Mailbox, mailboxes, message_ids, moment, own_id, readable


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
        (b"=?UTF-8?Q?Gr=C3=BC=C3=9Fe_an?= alle", "Grüße an alle"),
        (b"=?utf-8?Q?a?=\n =?utf-8?Q?b?= c", "ab c"),
        (b"=?utf-8?B?w?= =?utf-8?B?7w?=", "ï"),
        (b"=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü"),
        (b"=?iso-2022-jp?B?GyRCQnBHWxsoQg==?=", "宅配"),
        (b"=?gb2312?B?1tDOxA==?=", "中文"),
        (b"=?iso-8859-1?Q?10_=80?=", "10 €"),
        (b"=?iso-8859-1?Q?Gr\xfc\xdfe_=80?=", "Grüße €"),
        ("=?iso-8859-1?Q?Grüße_宅配?=".encode(), "Grüße 宅配"),
        ("=?utf-8?Q?Grüße_宅配?=".encode(), "Grüße 宅配"),
        (b"=?no-such-charset?Q?Gr=FC=DFe?=", "Grüße"),
        (b"=?utf-8*de?Q?Hallo?=", "Hallo"),
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("cp1252"), "Grüße"),
        (b"a\n\tb", "a b"),
        (b"=?utf-8?X?what?=", "=?utf-8?X?what?="),
        (b"nul\x00 =?utf-7?Q?+2AA-?=", "nul ?"),
    ],
)
def test_text(value, text):
    assert readable(value) == text


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"a@b.example", [Mailbox("a@b.example")]),
        (b"Ann <A@B.example>", [Mailbox("a@b.example", "Ann")]),
        (b'"Buyer, Ann" <a@b.example>', [Mailbox("a@b.example", "Buyer, Ann")]),
        (b"a@b.example (Ann)", [Mailbox("a@b.example", "Ann")]),
        (b"a@b.example, <c@d.example>", [Mailbox("a@b.example"), Mailbox("c@d.example")]),
        (b"Team: a@b.example, c@d.example;", [Mailbox("a@b.example"), Mailbox("c@d.example")]),
        (b"undisclosed-recipients:;", []),
        (
            b"=?utf-8?Q?=3Cevil=40x.example=3E?= <a@b.example>",
            [Mailbox("a@b.example", "<evil@x.example>")],
        ),
        (b'"shop@shop.example" <a@b.example>', [Mailbox("a@b.example", "shop@shop.example")]),
        (b"=?utf-8?B?QW5uLCBC?= <a@b.example>", [Mailbox("a@b.example", "Ann, B")]),
        (b"", []),
        (b"<>", []),
        (b"nobody", []),
    ],
)
def test_addresses(value, found):
    assert mailboxes(value) == found


def test_message_ids():
    assert message_ids(b"<a@x>\n <b@y> <a@x>") == ["a@x", "b@y"]
    assert message_ids(b"<a\n b@x>") == ["ab@x"]
    assert message_ids(b"a@x b@y") == ["a@x", "b@y"]
    assert own_id(b"no brackets") == "nobrackets"
    assert own_id(b"") is None


def test_dates():
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert moment(b"Mon, 02 Mar 2026 13:00:00 +0100 (CET)") == noon
    assert moment(b"2 Mar 2026 12:00 -0000") == noon
    assert moment(b"Mon, 99 Mar 2026 13:00:00 +0100") is None
    assert moment(b"Fri, 31 Dec 9999 23:59:59 -2359") is None
    assert moment(b"yesterday") is None


@given(st.binary(max_size=300))
def test_nothing_in_a_field_fails_or_is_unfit_for_a_database(value):
    for said in (readable(value), *(one.name or "" for one in mailboxes(value))):
        assert "\x00" not in said
        assert said.encode().decode() == said
    assert all(one.email.count("@") == 1 for one in mailboxes(value))
    assert all("<" not in one and " " not in one for one in message_ids(value))
    assert moment(value) is None or moment(value).tzinfo is UTC


_printed = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)


@given(_printed)
def test_what_the_standard_library_encodes_is_read(said):
    assert readable(Header(said, "utf-8").encode().encode()) == said


@given(_printed.filter(lambda name: name == name.strip(" '\"\\") and "\\" not in name))
def test_a_name_never_changes_the_address(name):
    [one] = mailboxes(formataddr((name, "a@b.example")).encode())
    assert one.email == "a@b.example"
    assert one.name == name[:200]


@pytest.mark.parametrize("name", [":", "a:b", "x:", "; y"])
def test_a_quoted_colon_is_no_groups(name):
    [one] = mailboxes(formataddr((name, "a@b.example")).encode())
    assert one.name == name


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_dates_as_the_standard_library_writes_them(naive):
    said = naive.replace(tzinfo=UTC, microsecond=0)
    assert moment(format_datetime(said).encode()) == said


@pytest.mark.parametrize(
    "value",
    [
        b"(" * 9_000,
        b'"' * 9_000,
        b'"\\' * 4_500,
        b"@" + b"a" * 9_000,
        b"a" * 9_000,
        b"=?" * 4_500,
        b"<a" * 4_500,
        b"a@" * 4_500,
        b'"' + b'\\"' * 5_000,
        b'"\t\\' * 3_300,
        b"\x1c" * 9_000,
    ],
)
def test_hostile_fields_take_no_time(cpu_seconds, value):
    assert cpu_seconds(lambda: (mailboxes(value), readable(value), message_ids(value))) < 0.2


ENDLESS = "".join(random.Random(7).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9_000))


@pytest.mark.parametrize("letter", ["", "я", "\U0001f4e6"])
@pytest.mark.parametrize("shape", ["{}@x.example", "<{}@x.example>", "{}", "<{}>", "a@{}"])
def test_no_id_or_address_is_too_long_for_an_index(shape, letter):
    """PostgreSQL's hold 2,700 bytes: one mail with more would hold up its mailbox for ever."""
    value = shape.format(letter * 990 + ENDLESS).encode()
    short = shape.format(letter * 990).encode()
    found = [*message_ids(value), own_id(value) or "", *message_ids(short), own_id(short) or ""]
    for field in (value, short, b"x <" + value.strip(b"<>") + b">"):
        found += [mailbox.email for mailbox in mailboxes(field)]
    assert max(len(one.encode()) for one in found) <= 2_000
