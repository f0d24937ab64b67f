"""Notices on platforms that take few characters: the short form, then a shorter event."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from syncd.model.lengths import text_length
from syncd.text.facts import NoticeFacts, OrderNoticeFacts, kind_of
from syncd.text.foreign import shortened
from syncd.text.limits import check, check_templates, links_allowed, platforms, rules
from syncd.text.samples import ORDER_SAMPLE, SAMPLE, sample_facts, sample_of
from syncd.text.short_forms import short_of
from syncd.text.template_file import read
from syncd.text.templates import TemplateProblems, Templates

# As long as they come: USPS' number with a destination, a row of the table of sites cut at 80, an
# order of Ozon's, a September day.
LAST = date(2026, 9, 30)
LONGEST = replace(
    SAMPLE,
    order_id="12345678-0123-456789",
    tracking_number="4201234592612345678901234567890123",
    tracking_site="International Express Parcel and Logistics Company of the European Union, Zagreb",
    latest_event="Delivery could not be completed because nobody was there to sign for it " * 4,
    latest_event_at=datetime.fromisoformat("2026-09-30T23:30"),
    shop_name="The Official International Flagship Store of Lamp & Light, Shenzhen",
    buyer_name="Maximiliana Guadalupe Fernández de la Vega y Montenegro",
    tracking_url="https://www.parcels.example/" + "track/" * 30,
    carrier="International Express Parcel and Logistics Company",
    latest_event_place="International Mail Processing Centre Frankfurt am Main Niederrad",
    days_silent=22,
    **dict.fromkeys(("promised_by", "expected_by", "pickup_by"), LAST),
)
LONGEST_ORDER = replace(
    ORDER_SAMPLE,
    **{name: getattr(LONGEST, name) for name in ("order_id", "shop_name", "buyer_name")},
    items="Large table lamp with a shade of hand-blown green glass, " * 6,
    **dict.fromkeys(("promised_by", "ship_by"), LAST),
)
BUILT_IN = Templates.load()
EACH = [(name, language) for name in BUILT_IN.names for language in BUILT_IN.languages(name)]
LIMITED = [(name, rules(name).longest) for name in platforms() if rules(name).longest]
OWN = "Subject: x\n\n{{ tracking_number }} {{ tracking_site }} {{ latest_event }}"


def facts_for(platform, name):
    facts = LONGEST if kind_of(name) is NoticeFacts else LONGEST_ORDER
    linked = facts is LONGEST_ORDER or links_allowed(platform)
    return facts if linked else replace(facts, tracking_url=None)


@pytest.mark.parametrize(("platform", "longest"), LIMITED)
def test_each_notice_fits_each_platform_with_the_longest_facts(platform, longest):
    for name, language in EACH:
        facts = facts_for(platform, name)
        notice = BUILT_IN.render(name, language, facts, longest)

        assert check(platform, notice) == [], (name, language)
        assert notice.language == language
        assert facts.order_id in notice.text
        if isinstance(facts, NoticeFacts):
            assert facts.tracking_number in notice.text
            assert facts.tracking_site in notice.text
            assert facts.tracking_url is None or facts.tracking_url in notice.text
            assert "Delivery could not" in notice.text


words = st.text("abcdefghij klmnopqrst uvwxyz ÄÖÜßéñçžж字荷📦🎁", min_size=1).filter(str.strip)


@given(
    st.sampled_from(EACH),
    st.sampled_from([longest for _, longest in LIMITED]),
    st.builds(
        replace,
        st.sampled_from(list(sample_facts(frozenset({"buyer_name", "carrier", "pickup_by"})))),
        tracking_number=st.text("ABCDEFGHIJ0123456789", min_size=8, max_size=34),
        latest_event=words,
        shop_name=words,
        buyer_name=words,
    ),
    words,
)
def test_whatever_is_said_the_text_fits_and_tells_the_three_facts(notice, longest, facts, items):
    name, language = notice
    if kind_of(name) is OrderNoticeFacts:
        facts = replace(sample_of(name), items=items)
    written = BUILT_IN.render(name, language, facts, longest)
    whole = BUILT_IN.render(name, language, facts)

    assert text_length(written.text) <= longest
    assert written == whole or text_length(whole.text) > longest
    if isinstance(facts, NoticeFacts):
        assert facts.tracking_number in written.text
        assert facts.tracking_site in written.text


@pytest.mark.parametrize(("name", "language"), EACH)
def test_a_short_form_reads_well_and_says_what_the_whole_one_is_about(slips, name, language):
    short = short_of(name)
    used = read(BUILT_IN.path(short, language), short, language).used
    for facts in sample_facts(used, sample_of(name)):
        notice, whole = (BUILT_IN.render(it, language, facts) for it in (short, name))

        assert notice.subject == whole.subject
        assert notice.text.count(facts.order_id) == 1
        assert len(notice.text) < len(whole.text)
        assert not slips(notice.text)
        assert notice.text.count("\n\n") in (1, 2)  # what happened, the facts, what to do


def test_the_whole_text_goes_out_wherever_it_fits():
    facts = replace(LONGEST, tracking_url=None)
    whole = BUILT_IN.render("delay", "en", facts)

    assert BUILT_IN.render("delay", "en", facts, len(whole.text)) == whole
    assert BUILT_IN.render("delay", "en", facts, len(whole.text) - 1).text.startswith(
        f"Hello, we are sorry: the parcel for your order {facts.order_id} is taking longer"
    )


def test_the_event_is_cut_between_words_only_where_the_short_form_is_too_long():
    facts = replace(LONGEST, latest_event="Delivery could not be completed, nobody was there")
    short = BUILT_IN.render("delay.short", "en", facts).text

    assert BUILT_IN.render("delay", "en", facts, len(short)).text == short
    assert BUILT_IN.render("delay", "en", facts, len(short) - 1).text == short.replace(
        "nobody was there", "nobody was…"
    )
    # So little of it would say nothing: what is too long even so is for a person.
    assert BUILT_IN.render("delay", "en", facts, len(short) - 30).text == short


@pytest.mark.parametrize(
    ("text", "longest", "kept"),
    [
        ("Sorted in Leipzig", 17, "Sorted in Leipzig"),
        ("Sorted in Leipzig", 16, "Sorted in…"),
        ("Sorted in Leipzig", 10, "Sorted in…"),
        ("Sorted in Leipzig", 9, "Sorted…"),
        ("深圳 快件已到达分拣中心等待转运", 10, "深圳 快件已到达分…"),  # which has no blanks
    ],
)
def test_words_are_cut_between_two_of_them(text, longest, kept):
    assert shortened(text, longest) == kept


def test_an_orders_items_are_cut():
    text = BUILT_IN.render("order_out_of_stock", "en", LONGEST_ORDER, 250).text

    assert len(text) <= 250
    assert "Missing: Large table lamp with a" in text
    assert "…\n" in text


def test_a_users_own_text_is_not_replaced_by_a_shipped_short_form(folder_with):
    templates = Templates.load(folder_with(delay__en=OWN + "x" * 400))

    assert templates.render("delay", "en", LONGEST, 350).text.endswith("x" * 400)
    assert not templates.has_short("delay", "en")
    (problem,) = check_templates("mercadolibre", templates, [("delay", "en")])
    assert (problem.file.name, problem.line) == ("delay.en.txt", 1)
    assert problem.fix.startswith("shorten it, write delay.short.en.txt beside it, or let")


def test_the_event_in_a_users_own_text_is_cut(folder_with):
    templates = Templates.load(folder_with(delay__en=OWN + "x" * 100))
    text = templates.render("delay", "en", LONGEST, 350).text

    assert 300 < len(text) <= 350
    assert LONGEST.tracking_number in text


@pytest.mark.parametrize("whole", [{"delay__en": OWN + "x" * 400}, {}])
def test_a_users_own_short_form_goes_before_a_shipped_one(folder_with, whole):
    folder = folder_with(delay__short__en=OWN.replace("\n\n", "\n\nIn short: "), **whole)
    templates = Templates.load(folder)

    assert templates.render("delay", "en", LONGEST, 350).text.startswith("In short: 4201234592")
    assert not templates.render("delay", "en", LONGEST).text.startswith("In short")
    assert templates.render("delay", "de", LONGEST, 350).text.startswith("Guten Tag, es tut")
    assert check_templates("mercadolibre", templates, sorted(templates.own)) == []


@pytest.mark.parametrize(
    ("mine", "wanted", "said"),
    [
        ("pt", "pt-BR", "mine"),  # what a seller wrote goes before what syncd has
        ("pt-BR", "pt", "shipped"),
        ("zh", "zh-TW", "mine"),
        ("zh-TW", "zh-HK", "shipped"),
        ("de", "en", "shipped"),
        ("en", "ko", "mine"),  # who reads English, as there is nothing in Korean
    ],
)
def test_a_short_form_is_in_the_language_of_the_whole_text(folder_with, mine, wanted, said):
    text = OWN.replace("\n\n", "\n\nmine ")
    templates = Templates.load(folder_with(**{f"delay__short__{mine}": text}))
    written = templates.render("delay", wanted, LONGEST, 350).text

    assert ("mine" if written.startswith("mine") else "shipped") == said


def test_a_mistake_in_a_short_form_is_told_with_file_and_line(folder_with, tmp_path):
    folder = folder_with(
        delay__short__en=OWN + "\n{{ tracking_numer }}",
        lost__short__de="Subject: x\n\n{{ tracking_number }}",
        vip__short__en=OWN,
        delay__short__ko=OWN,
    )
    with pytest.raises(TemplateProblems) as caught:
        Templates.load(folder)

    told = [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]
    assert [it.split("; ")[0] for it in told] == [
        "delay.short.en.txt:4: there is no fact 'tracking_numer'",
        "delay.short.ko.txt:1: it is the short form of 'delay', which does not exist in 'ko'",
        "lost.short.de.txt:1: the notice does not tell latest_event",
        "lost.short.de.txt:1: the notice does not tell tracking_site",
        "vip.short.en.txt:1: it is the short form of 'vip', which does not exist in 'en'",
    ]
    assert told[4].endswith("; add vip.en.txt, or correct the name")


def test_a_short_form_that_is_too_long_is_told_before_anything_is_sent(folder_with, tmp_path):
    templates = Templates.load(folder_with(delay__short__en=OWN + "x" * 300))
    (problem,) = check_templates("mercadolibre", templates, [("delay.short", "en")])

    assert str(problem) == (
        f"{tmp_path}/delay.short.en.txt:1: on mercadolibre: the text has 355 characters, 350 are "
        "allowed; shorten it, or let the playbook of that account name another template"
    )
