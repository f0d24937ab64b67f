"""Nothing that is somebody's or a secret survives masking, however it is wrapped; the form does."""

import base64
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.testing.masking import DEEPEST, LEFT_OUT, Masker
from syncd.testing.masking_words import Kind, kind_of
from syncd.testing.pseudonyms import Pseudonyms, blotted

SECRET = "v^1.1#s3cret/+token=="

# With a beginning that no field, code or word of the tests has.
letters = st.builds("Zq{}".format, st.text(string.ascii_letters, min_size=4, max_size=12))
names = st.one_of(
    st.builds("{} {}".format, letters, letters),
    letters,
    st.text("äöüßéñçãøАБВгде李伟王芳", min_size=4, max_size=10),
)
emails = st.builds("{}.{}@{}.example.org".format, letters, letters, letters)
phones = st.from_regex(r"\+49 1[5-7]\d \d{7}|00491[5-7]\d{8}", fullmatch=True)
streets = st.builds("{}straße {}".format, letters, st.integers(100, 999))
sentences = st.builds("Hello {}, where is {}?".format, letters, letters)

PERSONAL_FIELDS = {
    "name": names, "fullName": names, "buyer_name": names, "userName": names, "login": names,
    "buyer": names, "recipient": names, "email": emails, "eMail": emails, "contactEmail": emails,
    "phone": phones, "phoneNumber": phones, "street": streets, "addressLine1": streets,
    "city": names, "postalCode": phones, "company": names, "birthDate": st.just("1985-03-17"),
    "text": sentences, "messageBody": sentences, "subject": sentences, "comment": names,
    "note": st.one_of(names, emails, phones),
}  # fmt: skip
# Under any field, even one for codes: what has the form of an address, a number or a sentence.
ANYWHERE = st.one_of(emails, phones, sentences, streets)
fields = st.sampled_from(
    ["status", "type", "orderId", "x", "wasIstDas", "code", "items", "total", "data", "payload", "key"]
)  # fmt: skip

planted_pairs = st.one_of(
    st.sampled_from(sorted(PERSONAL_FIELDS)).flatmap(
        lambda field: st.tuples(st.just(field), PERSONAL_FIELDS[field])
    ),
    st.tuples(fields, ANYWHERE),
)


def b64(text, *, url=False, bare=False):
    coded = (base64.urlsafe_b64encode if url else base64.b64encode)(text.encode()).decode()
    return coded.rstrip("=") if bare else coded


WRAPPERS = st.sampled_from(
    [
        lambda value: [value, 1],
        lambda value: {"inner": value, "status": "PAID"},
        lambda value: {"buyer": value},
        json.dumps,
        lambda value: json.dumps(value, ensure_ascii=False),
        lambda value: " " + json.dumps(value),
        lambda value: b64(json.dumps(value)),
        lambda value: b64(json.dumps(value, ensure_ascii=False), url=True),
        lambda value: b64(json.dumps(value), bare=True),
    ]
)


def unwrapped(value):
    """Every text and number in a value, also in JSON and base64 within texts."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from unwrapped(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from unwrapped(inner)
    else:
        yield str(value)
        for text in (str(value), decoded(str(value))):
            if text[:1] in {"{", "["}:
                yield from unwrapped(json.loads(text))


def decoded(text):
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_").decode()
    except ValueError:
        return ""


@given(planted_pairs, st.lists(WRAPPERS, max_size=5), fields)
def test_what_is_somebodys_does_not_survive(planted, wrappers, outermost):
    field, value = planted
    wrapped = {field: value}
    for wrap in wrappers:
        wrapped = wrap(wrapped)
    masked = Masker().value({outermost: wrapped})
    assert not [text for text in unwrapped(masked) if value in text]
    json.dumps(masked)


@given(
    st.builds("Zq{}".format, st.text(min_size=5).filter(lambda text: len(set(text)) > 2)),
    st.sampled_from(["{}", "before {} after", "Bearer {}", "https://x.example/a?b={}", "m_{}"]),
    st.lists(WRAPPERS, max_size=4),
    st.one_of(fields, st.sampled_from(["status", "currency", "access_token", "date", "text"])),
)
def test_no_secret_survives(secret, shape, wrappers, field):
    wrapped = {field: shape.format(secret), f"k{secret}": 1}
    for wrap in wrappers:
        wrapped = wrap(wrapped)
    masked = Masker([secret], keep=["status"]).value(wrapped)
    assert not [text for text in unwrapped(masked) if secret in text]


@given(st.from_regex(r"Zq9[A-Za-z0-9]{4,20}", fullmatch=True), st.booleans())
def test_no_secret_survives_in_addresses_and_headers(secret, known):
    masker = Masker([secret] if known else [])
    masker.own_hosts.add("api.shop.example")
    query = masker.query([("sign", secret), ("access_token", secret), ("limit", "50")])
    url = masker.value(f"https://api.shop.example/a/b?app_key={secret}", "next")
    headers = masker.headers([("Authorization", f"Bearer {secret}"), ("X-Shop-Sign", secret)])
    path = masker.path(f"/a/{secret}") if known else ""
    assert secret not in json.dumps([query, url, path, list(headers.values())])
    assert ("limit", "50") in query


def test_a_persons_name_that_was_seen_as_one_is_masked_where_codes_stand():
    masker = Masker()
    answer = {"orders": [{"status": "Mustermann", "href": "/users/Mustermann/orders"}],
              "buyer": {"lastName": "Mustermann"}, "Mustermann": True}  # fmt: skip
    masker.value(answer)
    masker.start_again()
    assert "Mustermann" not in json.dumps(masker.value(answer))


def test_form_codes_times_and_figures_stay():
    answer = {
        "total": 2, "next": None, "more": False, "ratio": 0.25,
        "orders": [
            {
                "createdAt": "2026-03-01T10:00:00.000Z", "shipBy": "2026-03-04", "paid": "true",
                "created": 1772359200, "updateTimeMs": 1772359200000, "status": "PARTLY_SHIPPED",
                "currencyCode": "EUR", "price": {"value": "1249.90", "currency": "EUR"},
                "buyer": {"countryCode": "DE", "language": "de-DE"}, "empty": "", "quantity": 12,
                "links": [], "shippingService": "DE_DHLPaket", "message": {"type": "text/html"},
            }
        ],
    }  # fmt: skip
    assert Masker().value(answer) == answer


def test_ids_stay_the_same_everywhere_and_keep_their_form():
    masker = Masker()
    one = masker.value({"orderId": "12-34567-89012", "threadId": 880011, "uuid": str_uuid()})
    two = masker.value({"about": [{"order_id": "12-34567-89012"}], "thread": {"id": "880011"}})
    assert one["orderId"] == two["about"][0]["order_id"] != "12-34567-89012"
    assert [part.isdigit() for part in one["orderId"].split("-")] == [True] * 3
    assert str(one["threadId"]) == two["thread"]["id"] != "880011"
    assert (
        masker.path("/v1/orders/12-34567-89012/parcels") == f"/v1/orders/{one['orderId']}/parcels"
    )
    assert masker.path("/orders/2026-01-01/orders/v2") == "/orders/2026-01-01/orders/v2"
    assert one["uuid"][8] == "-"
    int(one["uuid"].replace("-", ""), 16)


def str_uuid():
    return "3fa85f64-5717-4562-b3fc-2c963f66afa6"


def test_a_page_token_leads_from_one_answer_to_the_next_request():
    masker = Masker()
    token = b64('{"buyer": "Ann Mustermann", "from": 17}')
    answer = masker.value({"pagination": {"nextToken": token}})
    assert masker.query([("paginationToken", token)])[0][1] == answer["pagination"]["nextToken"]


def test_masked_json_in_text_is_json_still():
    inner = {"content": "Where is it, Ann?", "width": 40}
    masked = Masker().value({"content": json.dumps(inner), "blob": b64(json.dumps(inner))})
    wanted = {"content": "Xxxxx xx xx, Xxx?", "width": 40}
    assert json.loads(masked["content"]) == wanted
    assert json.loads(base64.b64decode(masked["blob"])) == wanted


def test_links_of_the_api_keep_its_words_and_others_nothing():
    masker = Masker()
    masker.own_hosts.add("api.shop.example")
    own = masker.value("https://api.shop.example/v1/orders?limit=50&offset=100", "href")
    other = masker.value("https://ann.example.org/ann/mustermann?q=ann", "image")
    assert own == "https://api.example/v1/orders?limit=50&offset=100"
    assert "ann" not in other
    assert other.startswith("https://")


def test_fields_to_keep_are_kept_unless_they_hold_a_secret():
    masker = Masker([SECRET], keep=["listing", "TOKEN"])
    shown = masker.value({"listing": "330000000001", "Listing": SECRET, "token": "abcdefgh"})
    assert shown["listing"] == "330000000001"
    assert masker.kept == {"listing": {"330000000001"}}
    assert SECRET not in shown["Listing"]
    assert shown["token"] != "abcdefgh"


def test_a_word_of_the_api_for_a_person_is_no_name_and_renames_no_field():
    masker = Masker()
    said = {"sender": "buyer", "buyer": {"name": "Ann Example"}}
    for _ in range(2):
        masked = masker.value(said)
    assert masked["sender"] == "buyer"
    assert set(masked["buyer"]) == {"name"}
    assert masked["buyer"]["name"] != "Ann Example"
    assert masker.query([("embedded", "messages,buyer")]) == [("embedded", "messages,buyer")]


def test_what_may_be_a_code_is_pointed_out():
    masker = Masker()
    masker.value([{"sender": f"Role{n % 2}", "name": f"Ann {n}"} for n in range(8)])
    assert masker.maybe_codes() == {"sender": (2, 8)}


def test_half_a_sign_breaks_nothing():
    half = '{"text": "\\ud800 abc", "\\ud800": "x", "href": "/a/\\ud800/b"}'
    masked = Masker().value({"data": b64(half), "json": half, **json.loads(half)})
    assert json.loads(masked["json"])["text"] == " xxx"


def test_what_is_nested_without_end_is_left_out():
    deep = "bottom"
    for _ in range(DEEPEST * 2):
        deep = [deep]
    assert LEFT_OUT in json.dumps(Masker().value(deep))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("nextToken", Kind.SECRET), ("x-amz-access-token", Kind.SECRET), ("app_key", Kind.SECRET),
        ("design", Kind.UNKNOWN), ("authorName", Kind.PERSON), ("otherPartyUsername", Kind.PERSON),
        ("postalCode", Kind.PERSON), ("currencyCode", Kind.CODE), ("errorId", Kind.CODE),
        ("orderId", Kind.ID), ("typeId", Kind.ID), ("trackingCode", Kind.UNKNOWN),
        ("messageText", Kind.TEXT), ("create_time", Kind.TIME), ("lineItemCost", Kind.AMOUNT),
    ],
)  # fmt: skip
def test_names_of_fields_are_understood_by_their_words(name, kind):
    assert kind_of(name, of_somebody=False) is kind


def test_what_stands_for_yes_and_no_may_be_a_name():
    masked = Masker().value({"active": "true", "buyer": "TRUE", "firstName": "No"})
    assert masked["active"] == "true"
    assert {masked["buyer"], masked["firstName"]}.isdisjoint({"TRUE", "No"})


def test_a_state_is_a_place_where_it_is_somebodys():
    masked = Masker().value({"state": "READY", "shipTo": {"state": "Bayern", "country": "DE"}})
    assert masked["state"] == "READY"
    assert masked["shipTo"]["state"] != "Bayern"
    assert masked["shipTo"]["country"] == "DE"


class TestPseudonyms:
    @given(st.lists(st.text(min_size=1), unique=True, max_size=30))
    def test_they_differ_for_different_values(self, values):
        table = Pseudonyms()
        with_letters = [value for value in values if any(c.isalnum() for c in value)]
        given = [table.of(value) for value in with_letters]
        assert given == [table.of(value) for value in with_letters]

    def test_there_are_enough_even_for_short_numbers(self):
        table = Pseudonyms()
        assert len({table.of(str(number)) for number in range(200)}) == 200

    def test_they_are_others_each_time(self):
        assert Pseudonyms().of("12-34567-89012") != Pseudonyms().of("12-34567-89012")

    def test_a_text_keeps_its_lines_and_tags(self):
        text = '<p>Dear Ann,<br>\nit costs 12.50</p><script src="x">'
        assert blotted(text) == '<p>Xxxx Xxx,<br>\nxx xxxxx 00.00</p><xxxxxx xxx="x">'
