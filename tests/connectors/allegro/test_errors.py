"""What Allegro's error answers mean, and what is said of them."""

import msgspec
import pytest

from syncd.connector import AuthFailed, NotPermitted, Rejected, Unavailable
from syncd.http import Reply
from syncd.testing.allegro import FORMS, ISSUES, THREADS
from syncd.testing.allegro_gate import RETURNS
from syncd.testing.server import Answer
from syncd_allegro.client import judge

FAULT = (
    b'{"errors":[{"code":"VALIDATION_ERROR","message":"size must be between 1 and 2000","details":'
    b'null,"path":"text","userMessage":"The text is too long","metadata":{}},{"code":"OTHER"}]}'
)


def reply(status, content=FAULT):
    return Reply(status=status, headers={}, content=content)


@pytest.mark.parametrize("status", [400, 404, 406, 409, 413, 415, 422])
def test_what_is_refused_for_good_is_told_in_allegros_words(status):
    error = judge(reply(status))
    assert isinstance(error, Rejected)
    assert str(error) == (
        "Allegro refuses: VALIDATION_ERROR at text: size must be between 1 and 2000 / "
        "The text is too long; OTHER: "
    )


@pytest.mark.parametrize("status", [200, 201, 408, 425, 429, 500, 503])
def test_the_common_rules_know_the_rest(status):
    assert judge(reply(status)) is None


@pytest.mark.parametrize(("status", "kind"), [(401, AuthFailed), (403, NotPermitted)])
def test_a_login_without_the_right_names_the_fix(status, kind):
    error = judge(
        reply(status, b'{"errors":[{"code":"AccessDenied","message":"Access is denied"}]}')
    )
    assert isinstance(error, kind)
    assert "AccessDenied: Access is denied" in str(error)
    assert "syncd connect" in str(error)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no reason given"),
        (b"<html>gone", "<html>gone"),
        (b'{"errors":[]}', "no reason given"),
    ],
)
def test_answers_in_another_shape(content, said):
    assert said in str(judge(reply(404, content)))


@pytest.mark.parametrize(
    ("stream", "path", "right"),
    [
        ("messages", THREADS, "messaging"),
        ("orders", FORMS, "orders:read"),
        ("returns", RETURNS, "orders:read"),
        ("disputes", ISSUES, "disputes"),
        ("reviews", "/sale/user-ratings", "ratings"),
        ("stock", "/sale/offers", "sale:offers:read"),
    ],
)
def test_a_missing_right_is_named_and_stops_its_stream(
    allegro, connector, read, stream, path, right
):
    allegro.denied.add(path)
    with pytest.raises(NotPermitted, match=f"give the app the right allegro:api:{right}, "):
        read(connector, stream)


def test_without_the_right_for_disputes_nothing_else_asks_for_them(
    allegro, shop, connector, connect, read
):
    shop.add_message("jan", "?")
    shop.add_return(shop.add_order("jan"))
    allegro.denied.add(ISSUES)
    assert [len(read(connector, stream)[0]) for stream in ("messages", "returns")] == [1, 1]
    assert all(request.path != ISSUES for request in allegro.requests)
    with pytest.raises(NotPermitted, match=r"api:disputes, .* or set disputes = false"):
        connector.check()

    without = connect(disputes=False)
    without.check()
    assert "disputes" in connector.streams
    assert "disputes" not in without.streams


@pytest.mark.parametrize(
    ("stream", "handler", "name"),
    [
        ("messages", "threads", "threads"),
        ("messages", "messages", "messages"),
        ("disputes", "issues", "issues"),
        ("disputes", "chat", "chat"),
        ("orders", "forms", "checkoutForms"),
        ("returns", "returns", "customerReturns"),
        ("reviews", "ratings", "ratings"),
        ("stock", "offers", "offers"),
    ],
)
def test_a_page_that_comes_again_and_again_ends_the_poll(
    allegro, shop, connector, read, monkeypatch, stream, handler, name
):
    order = shop.add_order("jan")
    shop.add_message("jan", "?")
    shop.add_issue(order, "?")
    shop.add_return(order)
    shop.rate(order)
    shop.add_offer(1)
    monkeypatch.setattr("syncd_allegro.client.RETURNS_PER_PAGE", 20)
    for module in ("client", "catalogue"):
        monkeypatch.setattr(f"syncd_allegro.{module}.OFFERS_PER_PAGE", 20)
    original = getattr(type(allegro), handler)

    def endless(fake, request):
        first = msgspec.structs.replace(request, query=request.query | {"offset": ["0"]})
        page = msgspec.json.decode(original(fake, first).body)
        return Answer.json(page | {name: page[name] * 100})

    monkeypatch.setattr(type(allegro), handler, endless)
    with pytest.raises(Unavailable, match="the same page again"):
        read(connector, stream)


def test_a_log_that_comes_again_and_again_ends_the_poll(
    allegro, shop, connector, monkeypatch, read
):
    shop.add_order("jan")
    shop.add_offer(1)
    cursors = {stream: read(connector, stream)[1] for stream in ("orders", "stock")}
    same = {name: events * 1000 for name, events in (
        ("events", shop.events[-1:]), ("offerEvents", shop.offer_events[-1:]),
    )}  # fmt: skip
    for handler in ("events", "offer_events"):
        monkeypatch.setattr(type(allegro), handler, lambda *_: Answer.json(same))
    allegro.requests.clear()
    for stream, cursor in cursors.items():
        with pytest.raises(Unavailable, match="the same page again"):
            read(connector, stream, cursor)
    assert len(allegro.requests) < 10


def test_an_entry_of_the_log_that_cannot_be_read_stops_no_other(shop, connector, read):
    shop.add_order("ola")
    _, cursor = read(connector, "orders")
    number = shop.add_order("jan")
    shop.orders[number]["updatedAt"] = "2020-01-01T00:00:00.000Z"
    shop.events[-2]["order"] = None
    items, cursor = read(connector, "orders", cursor)
    assert [type(item).__name__ for item in items] == ["BadItem", "Order"]
    assert read(connector, "orders", cursor)[0] == []
