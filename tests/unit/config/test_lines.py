import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.config.fields import toml, toml_key
from syncd.config.lines import locate

TEXT = """\
# a = 1
top = 1
"quo.ted" . 'x y' = 2

[store] # [not.this]
url = "a # b"
text = \"\"\"
password = 1
\\\"\"\" still""\"\"\"
raw = '''
[log]
'''
list = [
  1, # one
  { a = 1, b.c = [ 2 ] },

  "x]",
]
inline = { password = { env = "X" }, n = 1979-05-27 07:32:00 }
[accounts . "ebay-de"]
[[playbooks]]
when = ["a",
        "b"]
[playbooks.more]
x = 1
[[playbooks]]
[[playbooks.deep]]
[[playbooks.deep]]
y = '\\'
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("quo.ted",), 3),
        (("quo.ted", "x y"), 3),
        (("store",), 5),
        (("store", "url"), 6),
        (("store", "text"), 7),
        (("store", "raw"), 10),
        (("store", "list"), 13),
        (("store", "list", 0), 14),
        (("store", "list", 1), 15),
        (("store", "list", 1, "b", "c", 0), 15),
        (("store", "list", 2), 17),
        (("store", "inline", "password", "env"), 19),
        (("store", "inline", "n"), 19),
        (("accounts",), 20),
        (("accounts", "ebay-de"), 20),
        (("playbooks", 0), 21),
        (("playbooks", 0, "when", 1), 23),
        (("playbooks", 0, "more", "x"), 25),
        (("playbooks", 1), 26),
        (("playbooks", 1, "deep", 0), 27),
        (("playbooks", 1, "deep", 1, "y"), 29),
    ],
)
def test_where_each_key_stands(path: tuple[str | int, ...], line: int) -> None:
    assert locate(TEXT)[path] == line


@pytest.mark.parametrize("absent", [("a",), ("store", "password"), ("log",)])
def test_comments_and_strings_hold_no_keys(absent: tuple[str, ...]) -> None:
    assert absent not in locate(TEXT)


def test_every_path_exists_in_what_tomllib_reads() -> None:
    data = tomllib.loads(TEXT)
    assert set(locate(TEXT)) == set(paths(data))


def test_lines_end_in_any_way() -> None:
    assert locate('a = 1\r\n[b]\r\nc = """\r\n"""\r\nd = 1')[("b", "d")] == 5


def paths(data: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    below = data.items() if isinstance(data, dict) else enumerate(data)
    found = []
    for key, value in below:
        found.append((*above, key))
        if isinstance(value, dict | list):
            found.extend(paths(value, (*above, key)))
    return found


VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | st.text(max_size=8) | st.floats(allow_nan=False, width=16),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=5))
def test_any_document_is_located_wholly_and_by_line(data: dict[str, Any]) -> None:
    text = "\n".join(f"{toml_key(key)} = {toml(value)}" for key, value in data.items())
    assert tomllib.loads(text) == data
    lines = locate(text)
    assert set(lines) == set(paths(data))
    assert [lines[(key,)] for key in data] == list(range(1, len(data) + 1))
