"""Which language is chosen, and what stands in for it."""

import pytest

from syncd.text.languages import chain, choose, normalise, of_country


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ("pt_br", "pt-BR"),
        ("DE", "de"),
        ("zh_hans_cn.UTF-8", "zh-Hans-CN"),
        ("es-419", "es-419"),
        ("iw", "he"),
        ("no_NO", "nb-NO"),
        (" fr ", "fr"),
        ("", None),
        (None, None),
        ("klingon", None),
        ("xx", None),
        ("../../etc", None),
        ("en'; --", None),
    ],
)
def test_tags_are_brought_to_their_usual_spelling(said, tag):
    assert normalise(said) == tag


@pytest.mark.parametrize(
    ("language", "default", "tried"),
    [
        ("pt-BR", "de", ("pt-BR", "pt", "de", "en")),
        ("zh_Hant_TW", "en", ("zh-Hant-TW", "zh-Hant", "zh", "en")),
        ("en-GB", "en", ("en-GB", "en")),
        ("zh_TW", "en", ("zh-TW", "zh-Hant", "zh", "en")),
        ("zh-HK", "en", ("zh-HK", "zh-Hant", "zh", "en")),
        ("zh-CN", "en", ("zh-CN", "zh", "en")),
        ("zh-Hans-TW", "en", ("zh-Hans-TW", "zh-Hans", "zh", "en")),
        ("es-419", "en", ("es-419", "es", "en")),
        ("nonsense", "pt-BR", ("pt-BR", "pt", "en")),
    ],
)
def test_the_chain_goes_from_the_wanted_language_to_english(language, default, tried):
    assert chain(language, default) == tried


def test_better_evidence_wins():
    everything = {"buyer": "fr", "conversation": "it", "site": "EBAY_DE", "country": "ES"}
    order = []
    for key in ("buyer", "conversation", "site", "country"):
        order.append(choose(**everything))
        del everything[key]

    assert [*order, choose(**everything)] == ["fr", "it", "de", "es", "en"]


@pytest.mark.parametrize(
    ("evidence", "language"),
    [
        ({"buyer": "pt", "country": "BR"}, "pt-BR"),
        ({"conversation": "zh", "country": "TW"}, "zh-Hant"),
        ({"buyer": "pt", "site": "MLB"}, "pt-BR"),
        ({"buyer": "pt", "country": "PT"}, "pt"),
        ({"buyer": "pt-PT", "country": "BR"}, "pt-PT"),
        ({"buyer": "zh-Hans", "country": "HK"}, "zh-Hans"),
        ({"buyer": "en", "country": "BR"}, "en"),
    ],
)
def test_the_place_says_which_portuguese_or_chinese_it_is(evidence, language):
    assert choose(**evidence) == language


def test_what_is_no_language_is_passed_over():
    assert choose(buyer="??", conversation="xx", site="somewhere", country="JP") == "ja"


@pytest.mark.parametrize(
    ("site", "language"),
    [
        ("EBAY_DE", "de"),
        ("EBAY_GB", "en"),
        ("EBAY_MOTORS_US", "en"),
        ("EBAY_CH", "de"),
        ("EBAY-FRBE", "fr"),
        ("EBAY_NLBE", "nl"),
        ("amazon.co.jp", "ja"),
        ("www.amazon.com", "en"),
        ("amazon.co.uk", "en"),
        ("Amazon.com.br", "pt-BR"),
        ("amazon.com.mx", "es"),
        ("A1PA6795UKMFR9", "de"),
        ("MLB", "pt-BR"),
        ("MLM", "es"),
        ("allegro.pl", "pl"),
        ("kaufland.de", "de"),
        ("ozon.ru", "ru"),
        ("shopee.tw", "zh-Hant"),
    ],
)
def test_a_site_tells_its_language(site, language):
    assert choose(site=site) == language


@pytest.mark.parametrize(
    ("country", "language"),
    [("AT", "de"), ("BR", "pt-BR"), ("PT", "pt"), ("BE", "nl"), ("IN", "en"), ("KZ", "ru"),
     ("TW", "zh-Hant"), ("HK", "zh-Hant"), ("cn", "zh"), ("MX", "es"), ("ZZ", None), ("", None)],
)  # fmt: skip
def test_a_country_tells_its_language(country, language):
    assert of_country(country) == language
