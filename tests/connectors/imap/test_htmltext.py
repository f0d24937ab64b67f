import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd_imap.htmltext import to_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>One</p><p>Two<br>Three</p>", "One\n\nTwo\nThree"),
        ("a &amp; b &lt;c&gt; &nbsp; d", "a & b <c> d"),
        ("<script>alert(1)</script>Hi<style>p{}</style>", "Hi"),
        ("<div>Yes</div><blockquote><div>No?</div></blockquote>", "Yes\n> No?"),
        ("<table><tr><td>A</td><td>B</td></tr><tr><td>C</td></tr></table>", "A B\nC"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("a<!-- hidden -->b", "ab"),
        ("a<!-- never closed <p>b</p>", "a"),
        ("<SCRIPT>never closed <p>b", ""),
        ("<o:p>Word</o:p>", "Word"),
        (f"<p>a&#{'9' * 5_000};b</p>", "a\ufffdb"),
        ("", ""),
    ],
)
def test_text(source, text):
    assert to_text(source) == text


@given(st.text(st.sampled_from("<>!-/ab=\"' &;\n"), max_size=60))
def test_never_fails(source):
    assert isinstance(to_text(source), str)


@pytest.mark.parametrize(
    "piece", ["<", "<a", "<!--", "<script>", "<b>", "&#", "</", "<blockquote>", "<a <"]
)
def test_hostile_pages_take_no_time(cpu_seconds, piece):
    assert cpu_seconds(lambda: to_text(piece * (1_000_000 // len(piece)))) < 3
