"""What buyers, shops and carriers wrote, made fit to be said: on one line, without links."""

import pytest

from syncd.text.foreign import plain_words


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Colis livr&eacute; &amp; sign&eacute;", "Colis livré & signé"),
        ("Bureau de poste de l&#39;Ouest", "Bureau de poste de l'Ouest"),
        ("Zugestellt&#x2F;abgeholt&nbsp;heute", "Zugestellt/abgeholt heute"),
        ("Marks&Spencer; R&D", "Marks&Spencer; R&D"),
        ("Left &lt;Hub 5&gt;", "Left <Hub 5>"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("&#0;&#x110000;&nosuch;", "\ufffd\ufffd&nosuch;"),
    ],
)
def test_html_entities_are_decoded_once(said, meant):
    assert plain_words(said) == meant


@pytest.mark.parametrize(
    "said",
    [
        "Pay at https&colon;&sol;&sol;evil.example&sol;pay now",
        "Pay at &#104;ttps://evil.example/pay now",
        "Pay at www&period;evil.example now",
        "Pay at a&commat;evil.example now",
        "Pay at www&#46;evil.example now",
        "Pay at ww&shy;w.evil.exa&#x200b;mple now",
    ],
)
def test_what_is_a_link_when_it_is_decoded_is_left_out(said):
    assert plain_words(said) == "Pay at now"


def test_decoded_lines_and_directions_cannot_be_forged():
    assert plain_words("Left&#10;Number: 1&NewLine;&#x202e;txt&Tab;end") == "Left Number: 1 txt end"
