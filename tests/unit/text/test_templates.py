"""Loading, proving and filling in templates: also broken and hostile ones."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from syncd.text.facts import NoticeFacts, optional
from syncd.text.samples import SAMPLE
from syncd.text.templates import BUILT_IN, TemplateError, TemplateProblems, Templates

FACTS = replace(
    SAMPLE,
    **dict.fromkeys(optional(NoticeFacts)),
    tracking_site="Royal Mail",
    latest_event="Arrived at Heathrow",
    shop_name="Lamp & Light",
)
GOOD = """Subject: About {{ order_id }}

{% if buyer_name %}Hello {{ buyer_name }},{% else %}Hello,{% endif %}
{{ tracking_number }} at {{ tracking_site }}: {{ latest_event }}
"""


@pytest.fixture(scope="module")
def templates():
    return Templates.load()


@pytest.fixture
def problems_of(folder_with):
    def found(text, name="mine__en"):
        with pytest.raises(TemplateProblems) as caught:
            Templates.load(folder_with(**{name: text}))
        return caught.value.problems

    return found


def test_a_notice_is_filled_in_whole(templates):
    notice = templates.render("delay", "en", replace(FACTS, buyer_name="Ann", days_silent=9))

    assert notice.subject == "Your order 25-01234-56789 is taking longer than planned"
    assert notice.text == (
        "Hello Ann,\n\n"
        "We are sorry: the parcel for your order 25-01234-56789 is taking longer than planned, and "
        "we wanted you to hear it from us first. It was last scanned 9 days ago.\n\n"
        "Tracking number: LX123456785CN\n"
        "Tracking site: Royal Mail\n"
        "Latest event: November 3, 2026: Arrived at Heathrow\n\n"
        "We are keeping an eye on it. If you have a question, or if the parcel has arrived in the "
        "meantime, just reply to this message.\n\n"
        "Kind regards\nLamp & Light"
    )


def test_the_site_is_named_without_a_link_where_links_are_forbidden(templates):
    linked = replace(FACTS, tracking_url="https://track.example/LX123456785CN")

    assert "https://track.example/LX" in templates.render("delay", "en", linked).text
    assert "http" not in templates.render("delay", "en", FACTS).text


def test_an_aware_time_is_shown_as_it_is_and_not_moved_to_another_zone(templates):
    late = replace(FACTS, latest_event_at=datetime(2026, 11, 3, 23, 30, tzinfo=UTC))

    assert "3. November 2026" in templates.render("delay", "de", late).text


@pytest.mark.parametrize(
    ("wanted", "used"),
    [
        ("pt-BR", "pt-BR"), ("pt_br", "pt-BR"), ("pt-PT", "pt"), ("zh-Hant-TW", "zh-Hant"),
        ("zh_HK", "zh-Hant"), ("zh-CN", "zh"), ("ko", "en"), ("gibberish!", "en"),
    ],
)  # fmt: skip
def test_the_nearest_language_stands_in(templates, wanted, used):
    assert templates.render("delay", wanted, FACTS).language == used
    assert templates.language_for("delay", wanted) == used


def test_the_default_language_stands_in_before_english():
    assert Templates.load(default_language="de").render("delay", "ko", FACTS).language == "de"


def test_ops_files_replace_and_add(folder_with):
    folder = folder_with(
        delay__en=GOOD.replace("About", "Late:"),
        thanks__en=GOOD,
        **{"delay__pt-BR": GOOD.replace("Hello", "Oi")},
    )

    templates = Templates.load(folder)

    assert templates.render("delay", "en", FACTS).subject == "Late: 25-01234-56789"
    assert templates.render("delay", "pt-br", FACTS).text.startswith("Oi,")
    assert templates.render("delay", "de", FACTS).text.startswith("Guten Tag")
    assert "thanks" in templates.names
    assert "pt-BR" in templates.languages("delay")


@pytest.mark.parametrize(
    ("own", "wanted", "used"),
    [
        (["pt"], "pt-BR", "pt"),  # what a seller wrote goes before what syncd has
        (["zh"], "zh-TW", "zh"),
        (["pt", "pt-BR"], "pt-BR", "pt-BR"),
        (["pt-BR"], "pt", "pt"),
        (["de"], "pt-BR", "pt-BR"),  # it is no text for everybody
        (["en"], "zh-Hant", "zh-Hant"),
    ],
)
def test_a_users_text_in_the_wider_language_goes_before_a_built_in_in_the_exact_one(
    folder_with, own, wanted, used
):
    mine = folder_with(**{f"delay__{language}": GOOD for language in own})
    templates = Templates.load(mine, default_language="de")

    assert templates.language_for("delay", wanted) == used
    assert templates.render("delay", wanted, FACTS).language == used
    assert templates.render("customs", wanted, FACTS).language == wanted.replace("TW", "Hant")


def test_a_template_about_an_order_takes_no_parcels_facts(templates):
    with pytest.raises(TemplateError, match="order_late, language de: it is about an order"):
        templates.render("order_late", "de", FACTS)


def test_an_unknown_template_is_an_error_that_names_the_known_ones(templates):
    with pytest.raises(TemplateError, match=r"template dealy.*delay") as caught:
        templates.render("dealy", "en", FACTS)

    assert caught.value.variable is None


@pytest.mark.parametrize("name", ["tracking_number", "tracking_site", "latest_event", "order_id"])
@pytest.mark.parametrize("empty", ["", " \n", "\u202e"])
def test_an_empty_fact_is_an_error_and_no_half_filled_notice(templates, name, empty):
    with pytest.raises(TemplateError, match=rf"template delay, language fr.*{name}") as caught:
        templates.render("delay", "fr", replace(FACTS, **{name: empty}))

    assert (caught.value.variable, caught.value.language) == (name, "fr")


def test_an_event_that_is_only_a_link_is_an_error(templates):
    with pytest.raises(TemplateError, match="latest_event"):
        templates.render("delay", "en", replace(FACTS, latest_event="https://evil.example/pay"))


def test_an_error_that_only_certain_values_cause_names_file_line_and_language(folder_with):
    # No sample has three silent days, so the mistake passes the proof.
    risky = GOOD + "{% if days_silent and days_silent == 3 %}{{ 1 / (days_silent - 3) }}{% endif %}"
    templates = Templates.load(folder_with(mine__en=risky))

    with pytest.raises(TemplateError, match=r"template mine, language en.*mine\.en\.txt:5"):
        templates.render("mine", "en", replace(FACTS, days_silent=3))


HOSTILE = [
    "{{ 7 * 7 }}",
    "{% for x in range(9) %}x{% endfor %}",
    "{{ ''.__class__.__mro__ }}",
    "{{ tracking_number }}{# hidden #}",
    "%s {0} ${x} <b>&</b>",
]


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("fact", ["buyer_name", "latest_event", "latest_event_place", "carrier"])
def test_values_are_words_and_never_templates(templates, words, fact):
    notice = templates.render("exception", "en", replace(FACTS, **{fact: words}))

    assert fact == "latest_event_place" or words in notice.text
    assert "49" not in notice.text


def test_a_value_cannot_forge_lines_or_hide_its_direction(templates):
    name = "Ann\r\nTracking number: FAKE\u2028x\u202etxt\x00"
    notice = templates.render("delay", "en", replace(FACTS, buyer_name=name))

    assert notice.text.startswith("Hello Ann Tracking number: FAKE xtxt,\n\n")
    assert "FAKE" not in notice.text.split("\n\n", 1)[1]


def test_a_subject_stays_on_one_line(folder_with):
    templates = Templates.load(folder_with(mine__en=GOOD))

    notice = templates.render("mine", "en", replace(FACTS, order_id="1\r\nBcc: all@example.com"))

    assert notice.subject == "About 1 Bcc: all@example.com"


def test_links_and_addresses_in_foreign_words_are_left_out(templates):
    facts = replace(
        FACTS,
        buyer_name="Win at www.evil.example",
        latest_event="Pay duty at https://evil.example/x or a@evil.example now",
        latest_event_place="evil.example/y Leipzig",
        tracking_url="javascript:alert(1)",
    )

    text = templates.render("delay", "en", facts).text

    assert "evil" not in text
    assert "javascript" not in text
    assert text.startswith("Hello,")
    assert "Leipzig: Pay duty at or now" in text


def test_a_site_is_named_and_not_linked(templates):
    facts = replace(FACTS, tracking_site="Evil Post https://evil.example/x")

    assert "Tracking site: Evil Post\n" in templates.render("delay", "en", facts).text


def test_long_foreign_words_are_shortened_but_numbers_are_not(templates):
    facts = replace(FACTS, latest_event="word " * 2000, tracking_number="9" * 90)

    text = templates.render("delay", "en", facts).text

    assert "9" * 90 in text
    assert "word…" in text
    assert len(text) < 1000


BEHIND = {
    "a misspelt fact":
        ("{{ tracking_numer }}",
         5, "there is no fact 'tracking_numer'", "did you mean 'tracking_number'?"),
    "a misspelt fact in a branch that no sample takes":
        ("{% if order_id == 'x' %}\n\n{{ shopname }}{% endif %}",
         7, "there is no fact 'shopname'", "did you mean 'shop_name'?"),
    "a misspelt filter":
        ("\n{% if order_id == 'x' %}{{ latest_event_at | dya }}{% endif %}",
         6, "there is no filter 'dya'", "did you mean 'day'?"),
    "an optional fact without a guard":
        ("{{ carrier }}", 5, "'carrier' is undefined", "{% if … %}"),
    "an optional date without a guard":
        ("{{ promised_by | day }}", 5, "'promised_by' is undefined", "{% if … %}"),
    "an optional number compared without a guard":
        ("{% if days_silent > 3 %}!{% endif %}", 5, "'days_silent' is undefined", "{% if … %}"),
    "an open branch": ("{% if carrier %}", 5, "Unexpected end of template", "docs"),
    "an unclosed expression": ("{{ order_id", 5, "unexpected end of template", "docs"),
    "a wrong filter for a fact":
        ("{{ order_id | day }}",
         5, "the filter 'day' needs a date, not '25-01234-56789'", "correct"),
    "a filter that counts something else":
        ("{{ order_id | days_ago }}", 5, "need a whole number", "correct"),
    "another file": ("{% include 'delay.en.txt' %}", 5, "another file", "copy"),
    "a look behind the scenes":
        ("{{ order_id.__class__ }}", 5, "access to attribute '__class__'", "correct"),
    "a sum without end": ("{{ 9 ** 9 ** 9 ** 9 }}", 5, "cannot compute with **", "correct"),
    "a text that fills the memory":
        ("{{ 'x' * 999999999999 }}", 5, "cannot compute with *", "correct"),
    "a width that fills the memory":
        ("{{ '%999999999999d' % 1 }}", 5, "cannot compute with %", "correct"),
    "what calls itself":
        ("{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}", 5, "recursion", "correct"),
    "brackets without end":
        ("{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}", 1, "nested too deeply", "simpler"),
}  # fmt: skip
"""What is wrong behind a good text: with its line, what is told, and the fix."""
BROKEN = {mistake: (GOOD + text, *told) for mistake, (text, *told) in BEHIND.items()} | {
    "an optional fact in the subject":
        (GOOD.replace("About", "{{ buyer_name }}"), 1, "'buyer_name' is undefined", "{% if … %}"),
    "a fact that only some buyers get":
        (GOOD.replace("{{ latest_event }}", "{% if carrier %}{{ latest_event }}{% endif %}"),
         3, "without latest_event", "outside {% if %}"),
    "a fact that is changed":
        (GOOD.replace("{{ tracking_number }}", "{{ tracking_number | lower }}"),
         3, "without tracking_number", "unchanged"),
    "a fact that is not told":
        (GOOD.replace("{{ tracking_site }}", "the site"),
         1, "does not tell tracking_site", "put {{ tracking_site }} into it"),
    "no subject": ("Hello\n\n{{ order_id }}", 1, "first line is not the subject", "Subject: "),
    "an empty subject": ("Subject: \n\nHello", 1, "first line is not the subject", "Subject: "),
    "a subject that can vanish":
        (GOOD.replace("About {{ order_id }}", "{% if carrier %}x{% endif %}"),
         1, "subject can come out empty", "outside {% if %}"),
    "no empty line": ("Subject: x\nHello\n\nyou", 2, "no empty line", "one empty line"),
    "no text": ("Subject: x\n\n \n", 2, "no empty line and text", "one empty line"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", BROKEN)
def test_a_broken_template_is_refused_with_its_line_and_the_fix(problems_of, tmp_path, mistake):
    text, line, message, fix = BROKEN[mistake]

    found = problems_of(text)

    assert [(it.file, it.line) for it in found] == [(tmp_path / "mine.en.txt", line)]
    assert message in found[0].message
    assert fix in found[0].fix
    assert str(found[0]).startswith(f"{tmp_path}/mine.en.txt:{line}: ")


def test_all_problems_are_told_at_once(folder_with, tmp_path):
    folder_with(mine__en=GOOD + "{{ a }}\n{{ b }}", other__en="no subject")
    (tmp_path / "Delay.EN.txt").write_text(GOOD)
    (tmp_path / "delay.klingon.txt").write_text(GOOD)
    (tmp_path / "latin.en.txt").write_bytes(GOOD.replace("Hello", "Grüße").encode("latin-1"))

    with pytest.raises(TemplateProblems) as caught:
        Templates.load(tmp_path)

    told = [(it.file.name, it.line) for it in caught.value.problems]
    assert told == [
        ("Delay.EN.txt", 1),
        ("delay.klingon.txt", 1),
        ("latin.en.txt", 1),
        ("mine.en.txt", 5),
        ("mine.en.txt", 6),
        ("other.en.txt", 1),
    ]
    assert str(caught.value).count("\n") == 5


def test_a_template_without_a_last_resort_is_refused(problems_of, tmp_path):
    (problem,) = problems_of(GOOD, name="mine__ja")

    assert problem.message == "'mine' does not exist in 'en'"
    assert Templates.load(tmp_path, default_language="ja").languages("mine") == ("ja",)


def test_of_two_last_resorts_both_are_named(tmp_path):
    (tmp_path / "mine.ja.txt").write_text(GOOD)
    with pytest.raises(TemplateProblems, match="'mine' does not exist in 'de' nor 'en'"):
        Templates.load(tmp_path, default_language="de")


def test_a_folder_that_is_not_there_is_a_problem(tmp_path):
    with pytest.raises(TemplateProblems, match="no such folder"):
        Templates.load(tmp_path / "missing")


def test_only_a_line_of_nothing_but_tags_vanishes(folder_with):
    text = GOOD + (
        "one{% if carrier %} two{% endif %}\n"
        "{% if promised_by %}\n"
        "by {{ promised_by | day }}\n"
        "{% endif %}\n"
        "\n\n\n"
        "end  of{% if carrier %} x{% endif %}\n"
    )
    templates = Templates.load(folder_with(mine__en=text))

    plain = templates.render("mine", "en", FACTS).text
    full = replace(FACTS, carrier="DHL", promised_by=date(2026, 12, 1))

    assert plain.endswith("Arrived at Heathrow\none\n\nend of")
    assert templates.render("mine", "en", full).text.endswith(
        "one two\nby December 1, 2026\n\nend of x"
    )


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_read(tmp_path):
    (tmp_path / "mine.en.txt").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())

    assert Templates.load(tmp_path).render("mine", "en", FACTS).text == (
        "Hello,\nLX123456785CN at Royal Mail: Arrived at Heathrow"
    )


def test_the_built_in_folder_holds_nothing_but_templates():
    assert {path.suffix for path in BUILT_IN.iterdir()} == {".txt"}
