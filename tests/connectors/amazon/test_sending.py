"""Notices: only what Amazon offers for an order, in its words' limits and the buyer's language."""

import pytest

from syncd.connector import Capability, NotPermitted, OutcomeUnknown, Rejected, Unavailable
from syncd.model import Attachment, Draft, Party, Verdict
from syncd.testing.amazon import Sent
from syncd.testing.amazon_shop import FR
from syncd.testing.server import Fault


@pytest.fixture
def order_id(amazon):
    return amazon.shop.add_order("ann")


def draft(order_id, text="Ihr Paket verspätet sich leider.", **fields):
    fields = {"buyer": Party(), "language": "de", **fields}
    return Draft(text=text, order_id=order_id, **fields)


def test_a_delay_is_told_as_an_unexpected_problem(amazon, connector, order_id):
    wanted = draft(order_id)
    assert connector.may_send(wanted) == Verdict.yes()
    receipt = connector.send(wanted, "key-1")
    assert amazon.shop.sent == [Sent(order_id, "unexpectedProblem", wanted.text)]
    assert receipt.source_id == f"{order_id}/unexpectedProblem/key-1"  # Amazon gives none
    request = amazon.requests[-1]
    assert request.query == {"marketplaceIds": ["A1PA6795UKMFR9"]}
    assert request.headers["accept"] == "application/hal+json"


def test_what_is_not_offered_is_refused_with_what_is(amazon, connector, order_id):
    amazon.shop.offered[order_id] = ["confirmOrderDetails", "warranty"]
    verdict = connector.may_send(draft(order_id))
    assert not verdict.allowed
    assert "does not offer unexpectedProblem" in verdict.reason
    assert "it offers confirmOrderDetails, warranty" in verdict.reason


def test_an_empty_list_of_offers_is_no_error(amazon, connector, order_id):
    """As it is at times for weeks: selling-partner-api-models issue 4927."""
    amazon.shop.offered[order_id] = []
    verdict = connector.may_send(draft(order_id))
    assert (verdict.allowed, verdict.not_before) == (False, None)
    assert "it offers nothing" in verdict.reason


def test_403_unauthorized_for_what_is_not_offered_is_no_failed_login(amazon, connector, order_id):
    """selling-partner-api-docs issues 193 and 1662."""
    amazon.shop.offered[order_id] = []
    with pytest.raises(Rejected, match="Invalid amazonOrderId and template combination"):
        connector.send(draft(order_id), "key-1")
    assert amazon.tokens_given == 1


@pytest.mark.parametrize(
    ("path", "role"), [("/messaging", "Communication"), ("/solicitations", "Solicitation")]
)
def test_403_unauthorized_for_a_missing_role_names_it(amazon, connector, order_id, path, role):
    amazon.denied.add(path)
    ask = {
        "/messaging": lambda: connector.may_send(draft(order_id)),
        "/solicitations": lambda: connector.request_review(order_id, "1"),
    }
    with pytest.raises(NotPermitted, match=f"lacks the role Buyer {role}"):
        ask[path]()


def test_403_for_a_token_that_ended_is_renewed_while_sending(amazon, connector, order_id):
    connector.may_send(draft(order_id))
    amazon.expire_tokens()
    connector.send(draft(order_id), "1")
    assert len(amazon.shop.sent) == 1
    assert amazon.tokens_given == 2


def test_each_message_names_the_one_store_of_its_order(amazon, connect):
    french = amazon.shop.add_order("bea", store=FR)
    amazon.shop.locales[french] = "fr-FR"
    connector = connect(marketplaces=["DE", "FR"])
    wanted = draft(french, "Votre colis a du retard.", language="fr")
    assert connector.may_send(wanted).allowed
    connector.send(wanted, "1")
    stores = [r.query["marketplaceIds"] for r in amazon.requests if "marketplaceIds" in r.query]
    assert stores == [["A13V1IB3VIYZZH"]] * 3
    looks = [r for r in amazon.requests if r.path.startswith("/orders/")]
    assert len(looks) == 1  # once for the order


def test_an_order_that_amazon_does_not_know_is_refused(connector):
    wanted = draft("302-0000000-0000000")
    assert "was not found" in connector.may_send(wanted).reason
    with pytest.raises(Rejected, match="was not found"):
        connector.send(wanted, "1")


@pytest.mark.parametrize(
    ("locale", "language", "allowed"),
    [("de-DE", "de", True), ("de_AT", "de", True), ("en-GB", "de", False), ("zh-CN", "zh", True)],
)
def test_the_buyers_language_is_kept_to(amazon, connector, order_id, locale, language, allowed):
    amazon.shop.locales[order_id] = locale
    verdict = connector.may_send(draft(order_id, language=language))
    assert verdict.allowed is allowed
    assert allowed or locale in verdict.reason


def test_answers_are_left_to_the_mail_account(connector, order_id):
    assert connector.capabilities & {Capability.READ_MESSAGES, Capability.REPLY} == set()
    verdict = connector.may_send(draft(order_id, purpose="reply"))
    assert "mail account" in verdict.reason
    assert verdict.reason == connector.lacks[Capability.REPLY]
    with pytest.raises(Rejected, match="mail account"):
        connector.send(draft(order_id, purpose="reply"), "1")


def test_a_message_is_about_an_order(connector):
    assert "an order" in connector.may_send(draft(None)).reason


@pytest.mark.parametrize(
    ("text", "purpose", "reason"),
    [
        ("x" * 2001, "notice", "2001 characters, unexpectedProblem takes 2000"),
        ("🎁" * 1001, "notice", "2002 characters"),
        ("x" * 801, "confirmCustomizationDetails", "takes 800"),
        ("x" * 401, "digitalAccessKey", "takes 400"),
        ("  ", "notice", "empty"),
        ("x", "warranty", "nothing without a file"),
        ("See https://t.17track.net/en#nums=RB1CN", "notice", "links"),
        ("See www.dhl.de", "notice", "links"),
        ("See dhl.de/track", "notice", "links"),
        ("Write to ann@lamp.example", "notice", "e-mail addresses"),
        ("<b>Sorry</b>", "notice", "HTML"),
        ("Sorry&nbsp;for that", "notice", "HTML"),
    ],
)
def test_what_amazons_rules_forbid_is_never_sent(
    amazon, connector, order_id, text, purpose, reason
):
    amazon.shop.offered[order_id] = [purpose]
    wanted = draft(order_id, text, purpose=purpose)
    verdict = connector.may_send(wanted)
    assert (verdict.allowed, verdict.not_before) == (False, None)
    assert reason in verdict.reason
    with pytest.raises(Rejected, match=reason[-12:]):
        connector.send(wanted, "1")
    assert amazon.requests == []  # nobody had to be asked


@pytest.mark.parametrize(
    "text",
    [
        "x" * 2000,
        "🎁" * 1000,
        "Ihr Paket 00340434161094042557 ist seit 02.03.2026 um 09:00 in Leipzig.",
        "Bestellung 302-1234567-1234567, 24,90 EUR; 5 < 7 & mehr",
        "您的包裹 RB123456785CN 已延误。",
    ],
)
def test_what_a_notice_needs_is_allowed(connector, order_id, text):
    assert connector.may_send(draft(order_id, text)) == Verdict.yes()


def test_hostile_texts_do_not_take_long(connector, order_id):
    for text in ("<" * 2000, "a@" * 1000, "a." * 1000, "www" * 600, "&" * 2000):
        connector.may_send(draft(order_id, text))


def test_amazon_cannot_tell_what_was_sent(amazon, connector, order_id):
    amazon.fail(Fault.LOST_ANSWER, path="/messages/unexpectedProblem")
    with pytest.raises(OutcomeUnknown):
        connector.send(draft(order_id), "1")
    assert len(amazon.shop.sent) == 1
    with pytest.raises(OutcomeUnknown, match="Seller Central"):
        connector.find_sent(draft(order_id), "1")


@pytest.mark.parametrize("fault", [Fault.EMPTY, Fault.HTML, Fault.GARBAGE])
def test_only_201_means_that_it_was_taken(amazon, connector, order_id, fault):
    amazon.fail(fault, path="/messages/unexpectedProblem")
    with pytest.raises(OutcomeUnknown, match="answers 200, and not 201"):
        connector.send(draft(order_id), "1")


def file(name="laser.png", content=b"\x89PNG"):
    return Attachment(name=name, media_type="image/png", content=content)


@pytest.fixture
def engraving(amazon, order_id):
    amazon.shop.offered[order_id] = ["confirmCustomizationDetails"]

    def make(*files):
        return draft(
            order_id, "So richtig?", purpose="confirmCustomizationDetails", attachments=files
        )

    return make


def test_files_are_put_where_amazon_wants_them(amazon, connector, engraving, order_id):
    wanted = engraving(file(), file("b.png", b"two"))
    assert connector.may_send(wanted).allowed
    connector.send(wanted, "1")
    [sent] = amazon.shop.sent
    assert sent.files == ("laser.png", "b.png")
    assert sorted(amazon.shop.files.values()) == [b"two", b"\x89PNG"]
    puts = [request for request in amazon.requests if request.method == "PUT"]
    assert all("x-amz-access-token" not in request.headers for request in puts)
    resource = f"/messaging/v1/orders/{order_id}/messages/confirmCustomizationDetails"
    places = [r.path for r in amazon.requests if r.path.startswith("/uploads/")]
    assert places == [f"/uploads/2020-11-01/uploadDestinations{resource}"] * 2


def test_a_notice_takes_no_files(connector, order_id):
    verdict = connector.may_send(draft(order_id, attachments=(file(),)))
    assert "1 files, unexpectedProblem takes 0" in verdict.reason


def test_a_file_without_content_is_not_left_out_in_silence(connector, engraving):
    assert "no content" in connector.may_send(engraving(file(content=None))).reason


@pytest.mark.parametrize(
    "url",
    [
        "https://storage.evil.example",
        "http://bucket.s3.amazonaws.com",
        "https://amazonaws.com.evil.example",
        "https://evilamazonaws.com",
        "http://169.254.169.254",
    ],
)
def test_no_file_goes_to_a_host_that_is_not_amazons(amazon, connector, engraving, url):
    amazon.storage_url = url
    with pytest.raises(Rejected, match="which is not its storage"):
        connector.send(engraving(file()), "1")
    assert amazon.shop.sent == []


def test_a_place_for_other_content_is_refused(amazon, connector, engraving, monkeypatch):
    real = type(amazon).destination
    monkeypatch.setattr(
        type(amazon),
        "destination",
        lambda self, request: type(real(self, request)).json(
            {
                "payload": {
                    "uploadDestinationId": "1",
                    "url": f"{self.url}/storage/1",
                    "headers": {"Content-MD5": "another"},
                }
            },
            201,
        ),
    )
    with pytest.raises(Rejected, match="other content"):
        connector.send(engraving(file()), "1")


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.TIMEOUT, Fault.LOST_ANSWER])
def test_a_file_that_cannot_be_put_sends_nothing(amazon, connector, engraving, fault):
    amazon.fail(fault, path="/storage/", seconds=0.05)
    with pytest.raises(Unavailable):
        connector.send(engraving(file()), "1")
    assert amazon.shop.sent == []


def test_a_refusal_of_the_storage_is_no_failed_login(amazon, connector, engraving, monkeypatch):
    monkeypatch.setattr("syncd_amazon.uploads._headers", lambda _: {})
    with pytest.raises(Unavailable, match="answers 403"):
        connector.send(engraving(file()), "1")
