"""What signing by hand reads, prints and refuses."""

import io
from types import SimpleNamespace

import msgspec
import pytest

from syncd.http.by_hand import as_written, sign_by_hand


@pytest.fixture
def given(monkeypatch):
    def give(text):
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text)))

    return give


def test_the_signature_alone_is_printed(given, capsys):
    given(b"abc")
    assert sign_by_hand("syncd_shop.signing", None, lambda text: text.hex(), ["--json"]) == 0
    assert capsys.readouterr() == ("616263\n", "")


def test_what_is_wrong_is_told_and_ends_with_2(given, capsys):
    given(b"[1]")
    decode = msgspec.json.Decoder(str).decode
    assert sign_by_hand("syncd_shop.signing", None, decode, ["--json"]) == 2
    assert capsys.readouterr() == ("", "error: Expected `str`, got `array`\n")


def test_parameters_are_signed_as_they_are_written():
    raws = msgspec.json.decode(
        b'{"a": 1.50, "b": "1\\u0032", "c": true, "d": null, "e": ""}', type=dict[str, msgspec.Raw]
    )
    expected = [("a", "1.50"), ("b", "12"), ("c", "true"), ("e", "")]
    assert as_written(raws, "write it as a text") == expected


@pytest.mark.parametrize("raw", [b"{}", b"[1]"])
def test_an_object_is_no_parameter(raw):
    with pytest.raises(ValueError, match=r"^parameter 'a' is neither .*; write it as a text$"):
        as_written({"a": msgspec.Raw(raw)}, "write it as a text")
