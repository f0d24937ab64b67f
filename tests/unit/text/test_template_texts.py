"""Every notice that comes with syncd, in every language."""
# ruff: noqa: RUF001  the texts are in twelve languages

import re
from datetime import date
from itertools import pairwise

import pytest
from msgspec.structs import replace

from syncd.text.facts import NoticeFacts, optional
from syncd.text.limits import check_templates
from syncd.text.samples import ORDER_SAMPLE, SAMPLE, sample_facts
from syncd.text.short_forms import short_of
from syncd.text.template_file import read
from syncd.text.templates import BUILT_IN, Templates

LANGUAGES = ("de", "en", "es", "fr", "it", "ja", "pl", "pt", "pt-BR", "ru", "zh", "zh-Hant")
NAMES = (
    "arrived",
    "attempt_failed",
    "customs",
    "delay",
    "delay_update",
    "exception",
    "lost",
    "number_changed",
    "pickup",
    "returning",
    "shipped",
    "where_is_it",
)
ORDER_NAMES = ("order_late", "order_out_of_stock")
FACTS = replace(SAMPLE, **dict.fromkeys(optional(NoticeFacts)))
GREETING_OF_NOBODY = {
    "de": "Guten Tag,", "en": "Hello,", "es": "Hola:", "fr": "Bonjour,", "it": "Gentile cliente,",
    "ja": "お客様", "pl": "Dzień dobry,", "pt": "Olá!", "ru": "Здравствуйте!", "zh": "您好！",
    "pt-BR": "Olá!", "zh-Hant": "您好，",
}  # fmt: skip
NINE_DAYS_AGO = {
    "de": "vor 9 Tagen", "en": "9 days ago", "es": "hace 9 días", "fr": "il y a 9 jours",
    "it": "9 giorni fa", "ja": "9 日前", "pl": "9 dni temu", "pt": "há 9 dias",
    "ru": "9 дней назад", "zh": "9天前", "pt-BR": "há 9 dias", "zh-Hant": "9 天前",
}  # fmt: skip
NOVEMBER_3 = {
    "de": "3. November 2026", "en": "November 3, 2026", "es": "3 de noviembre de 2026",
    "fr": "3 novembre 2026", "it": "3 novembre 2026", "ja": "2026年11月3日",
    "pl": "3 listopada 2026", "pt": "3 de novembro de 2026", "ru": "3 ноября 2026 г.",
    "zh": "2026年11月3日", "pt-BR": "3 de novembro de 2026", "zh-Hant": "2026年11月3日",
}  # fmt: skip
EACH = [(name, language) for name in NAMES for language in LANGUAGES]
EACH_OF_AN_ORDER = [(name, language) for name in ORDER_NAMES for language in LANGUAGES]
EACH_SHORT = [(short_of(name), language) for name, language in EACH + EACH_OF_AN_ORDER]


@pytest.fixture(scope="module")
def templates():
    return Templates.load(BUILT_IN)  # proven like a user's


def every_way_through(templates, name, language):
    """Facts with each combination of those that the template may do without."""
    return sample_facts(read(templates.path(name, language), name, language).used)


def test_each_notice_is_there_in_each_language(templates):
    known = (*NAMES, *ORDER_NAMES)
    assert set(templates.names) == set(known)
    known += tuple(map(short_of, known))
    assert {name: templates.languages(name) for name in known} == dict.fromkeys(known, LANGUAGES)


@pytest.mark.parametrize(("name", "language"), EACH)
def test_it_tells_the_three_facts_whatever_else_is_known(templates, name, language):
    for facts in every_way_through(templates, name, language):
        text = templates.render(name, language, facts).text

        assert facts.tracking_number in text
        assert facts.tracking_site in text
        assert facts.latest_event in text
        assert NOVEMBER_3[language] in text
        assert facts.tracking_url is None or facts.tracking_url in text
        assert ("https://" in text) == (facts.tracking_url is not None)
        assert facts.order_id in text
        assert text.endswith(facts.shop_name)


@pytest.mark.parametrize(("name", "language"), EACH)
def test_it_reads_well_in_every_combination(templates, slips, name, language):
    for facts in every_way_through(templates, name, language):
        notice = templates.render(name, language, facts)

        assert not slips(notice.text)
        assert "\n" not in notice.subject
        assert facts.order_id in notice.subject
        assert len(notice.subject) <= 80
        # Greeting, what happened, the facts, what to do, farewell.
        assert notice.text.count("\n\n") == 4


@pytest.mark.parametrize(("name", "language"), EACH_OF_AN_ORDER)
def test_of_an_order_it_tells_which_and_reads_well_in_every_combination(
    templates, slips, name, language
):
    for facts in sample_facts(sample=ORDER_SAMPLE):
        notice = templates.render(name, language, facts)

        assert facts.order_id in notice.text
        assert facts.order_id in notice.subject
        assert facts.items is None or facts.items in notice.text
        assert notice.text.endswith(facts.shop_name)
        assert not slips(notice.text)
        assert "\n" not in notice.subject
        assert len(notice.subject) <= 80
        assert notice.text.count("\n\n") == 4
    nobody = templates.render(name, language, replace(ORDER_SAMPLE, buyer_name=None))
    assert nobody.text.split("\n", 1)[0] == GREETING_OF_NOBODY[language]


@pytest.mark.parametrize(("name", "language"), EACH)
def test_the_buyer_is_greeted_by_name_or_without(templates, name, language):
    nobody = templates.render(name, language, FACTS).text.split("\n", 1)[0]
    ann = templates.render(name, language, replace(FACTS, buyer_name="Ann Lee")).text

    assert nobody == GREETING_OF_NOBODY[language]
    assert "Ann Lee" in ann.split("\n", 1)[0]


@pytest.mark.parametrize(
    ("language", "day", "expected"),
    [
        ("fr", 1, "Livraison prévue : au plus tard le 1er novembre 2026"),
        ("fr", 11, "Livraison prévue : au plus tard le 11 novembre 2026"),
        ("pt", 1, "Entrega prevista: até 1 de novembro de 2026"),
        ("pt-BR", 1, "Entrega prevista: até 1º de novembro de 2026"),
        ("pt-BR", 11, "Entrega prevista: até 11 de novembro de 2026"),
        ("it", 8, "Consegna prevista al più tardi: 8 novembre 2026"),  # "entro il 8" is wrong
    ],
)
def test_days_that_grammar_treats_otherwise(templates, language, day, expected):
    facts = replace(FACTS, promised_by=date(2026, 11, day))
    assert expected in templates.render("delay", language, facts).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_dates_and_spans_are_in_the_language(templates, language):
    facts = replace(FACTS, days_silent=9, promised_by=date(2026, 11, 3))

    text = templates.render("delay", language, facts).text

    assert NINE_DAYS_AGO[language] in text
    assert text.count(NOVEMBER_3[language]) == 2


@pytest.mark.parametrize(("name", "language"), EACH + EACH_OF_AN_ORDER + EACH_SHORT)
def test_it_promises_no_money_and_advertises_nothing(name, language):
    words = r"refund|rembours|erstatt|reembols|rimbors|zwrot piem|возврат ден|返金|退款|coupon|%(?!\})|guarant|garant"
    source = (BUILT_IN / f"{name}.{language}.txt").read_text(encoding="utf-8")

    assert not re.search(words, re.sub(r"\{%.*?%\}", "", source), re.IGNORECASE)
    assert "<" not in source


@pytest.mark.parametrize("name", [*NAMES, *ORDER_NAMES, *map(short_of, NAMES + ORDER_NAMES)])
def test_brazil_and_taiwan_read_their_own_spelling_and_words(name):
    brazil, europe, taiwan, mainland = (
        (BUILT_IN / f"{name}.{tag}.txt").read_text(encoding="utf-8")
        for tag in ("pt-BR", "pt", "zh-Hant", "zh")
    )
    european = r"\bencomenda|\bconsigo\b|levanta|\bstock\b|\bartigos\b|até à|\blhe\b|-lhe\b"

    assert name.endswith(".short") or re.search(f"(?i:{european}|com os melhores)", europe)
    assert not re.search(f"(?i:{european}|com os melhores)", brazil)
    assert taiwan.encode("big5")  # which has no simplified characters
    assert mainland.encode("gb2312")  # and this no traditional ones
    assert not re.search("單號|發貨|信息|反饋|動態|異地|投遞|快遞|自提", taiwan)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notices_of_a_language_differ(templates, language):
    texts = sorted(templates.render(name, language, FACTS).text for name in NAMES)

    assert all(one != other for one, other in pairwise(texts))


@pytest.mark.parametrize(
    "platform",
    [
        "amazon", "ebay", "ozon", "allegro", "tiktokshop", "mercadolibre", "kaufland", "shopee",
        "yandex", "mail",
    ],
)  # fmt: skip
def test_they_fit_the_platforms_rules(templates, platform):
    assert len(templates.own) == 2 * len(EACH + EACH_OF_AN_ORDER)  # with their short forms
    assert check_templates(platform, templates, templates.own) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_facts_block_has_a_line_for_each_fact(templates, language):
    block = templates.render("delay", language, FACTS).text.split("\n\n")[2].split("\n")

    assert [fact in line for fact, line in zip(
        (FACTS.tracking_number, FACTS.tracking_site, FACTS.latest_event), block, strict=True
    )] == [True] * 3  # fmt: skip
