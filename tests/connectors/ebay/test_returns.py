"""Returns, inquiries, cases, cancellations and payment disputes as cases."""

from datetime import timedelta

import pytest

from syncd.connector import NotPermitted, Unavailable
from syncd.model import BadItem, Case, CaseKind, CaseStatus
from syncd.testing.server import Fault
from syncd_ebay.cases import POST_ORDER, Kind
from syncd_ebay.returns import Place, news

LISTING = "330000000001"


@pytest.fixture
def order(ebay):
    return ebay.add_order("u7f3a9c0", listing=LISTING)


def only(items):
    (case,) = items
    assert isinstance(case, Case), case
    return case


def searches(ebay):
    return [r for r in ebay.requests if "search" in r.path or "dispute" in r.path]


def test_a_return_with_its_deadline(ebay, connector, read, now, order):
    entry = ebay.open_return("u7f3a9c0", order, text="Der Schirm ist zerbrochen.")
    case = only(read(connector, "returns")[0])
    assert (case.source_id, case.kind) == (f"return/{entry['returnId']}", CaseKind.RETURN)
    assert (case.order_id, case.buyer.id) == (order, "u7f3a9c0")
    assert (case.status, case.respond_by) == (
        CaseStatus.WAITING_SELLER,
        now.start + timedelta(days=3),
    )
    assert (case.reason, case.text) == ("DEFECTIVE_ITEM", "Der Schirm ist zerbrochen.")
    assert (case.amount, case.currency, case.opened_at) == ("24.9", "EUR", now.start)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"state": "CLOSED"}, CaseStatus.CLOSED),
        ({"status": "CLOSED"}, CaseStatus.CLOSED),
        ({"status": "ESCALATED"}, CaseStatus.WAITING_PLATFORM),
        ({"sellerResponseDue": None, "buyerResponseDue": {}}, CaseStatus.WAITING_BUYER),
        ({"sellerResponseDue": None, "status": "ITEM_SHIPPED"}, CaseStatus.OPEN),
    ],
)
def test_whose_turn_a_return_is(ebay, connector, read, order, changed, status):
    ebay.open_return("u7f3a9c0", order).update(changed)
    assert only(read(connector, "returns")[0]).status is status


def test_a_closed_return_has_no_deadline_though_ebay_leaves_it(ebay, connector, read, order):
    ebay.open_return("u7f3a9c0", order).update(state="CLOSED", status="CLOSED")
    case = only(read(connector, "returns")[0])
    assert (case.respond_by, case.outcome) == (None, "CLOSED")


def test_an_inquiry_names_buyer_and_listing_and_no_order(ebay, connector, read, now):
    ebay.open_inquiry("u7f3a9c0", LISTING)
    case = only(read(connector, "returns")[0])
    assert (case.kind, case.reason) == (CaseKind.NOT_RECEIVED, "ITEM_NOT_RECEIVED")
    assert (case.status, case.order_id) == (CaseStatus.WAITING_SELLER, None)
    assert case.listing_id == LISTING
    assert case.respond_by == now.start + timedelta(days=3)


def test_the_one_date_of_an_inquiry_is_the_buyers_when_it_is_their_turn(ebay, connector, read):
    ebay.open_inquiry("u7f3a9c0", LISTING).update(inquiryStatusEnum="WAITING_BUYER_RESPONSE")
    case = only(read(connector, "returns")[0])
    assert (case.status, case.respond_by) == (CaseStatus.WAITING_BUYER, None)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("OPEN", CaseStatus.OPEN),
        ("WAITING_CS", CaseStatus.WAITING_PLATFORM),
        ("CS_CLOSED", CaseStatus.CLOSED),
        ("A_WORD_OF_TOMORROW", CaseStatus.UNKNOWN),
    ],
)
def test_a_case_at_ebay(ebay, connector, read, word, status):
    ebay.open_case("u7f3a9c0", LISTING).update(caseStatusEnum=word)
    case = only(read(connector, "returns")[0])
    assert (case.kind, case.status) == (CaseKind.DISPUTE, status)
    assert case.outcome == (word if status is CaseStatus.CLOSED else None)


def test_a_cancellation(ebay, connector, read, now, order):
    entry = ebay.ask_cancellation("u7f3a9c0", order)
    case = only(read(connector, "returns")[0])
    assert (case.kind, case.order_id) == (CaseKind.CANCELLATION, order)
    assert (case.status, case.respond_by) == (
        CaseStatus.WAITING_SELLER,
        now.start + timedelta(days=3),
    )
    entry |= {"cancelState": "CLOSED", "cancelStatus": "CANCEL_REJECTED"}
    case = only(read(connector, "returns")[0])
    assert (case.status, case.outcome) == (CaseStatus.CLOSED, "CANCEL_REJECTED")


def test_an_unpaid_orders_own_form_of_id_is_no_order(ebay, connector, read):
    ebay.ask_cancellation("u7f3a9c0", "330000000001-10000000000001")
    assert only(read(connector, "returns")[0]).order_id is None


def test_a_payment_dispute(ebay, connector, read, now, order):
    ebay.dispute_payment("u7f3a9c0", order)
    assert read(connector, "returns")[0] == []
    case = only(read(connector, "disputes")[0])
    assert (case.kind, case.status) == (CaseKind.DISPUTE, CaseStatus.WAITING_SELLER)
    assert (case.order_id, case.amount, case.currency) == (order, "24.90", "EUR")
    assert case.respond_by == now.start + timedelta(days=5)


def test_disputes_may_be_left_out(ebay, connect, read, order):
    ebay.denied.add("/sell/fulfillment/v1/payment_dispute_summary")
    ebay.dispute_payment("u7f3a9c0", order)
    advice = r"scope \S+/sell\.payment\.dispute.*, or set payment_disputes = false"
    with pytest.raises(NotPermitted, match=advice):
        read(connect(), "disputes")
    ebay.open_return("u7f3a9c0", order)
    assert len(read(connect(), "returns")[0]) == 1  # of another scope
    without = connect(payment_disputes=False)
    assert "disputes" not in without.streams
    without.check()


def test_ids_of_different_lists_do_not_meet(ebay, connector, read, order):
    ebay.open_return("u7f3a9c0", order)["returnId"] = 7
    ebay.open_inquiry("u7f3a9c0", LISTING)["inquiryId"] = 7
    items, _ = read(connector, "returns")
    assert [item.source_id for item in items] == ["return/7", "inquiry/7"]


def test_only_what_changed_comes_again(ebay, connector, read, now, order):
    first = ebay.open_return("u7f3a9c0", order)
    ebay.open_return("u7f3a9c0", order)
    _, cursor = read(connector, "returns")
    now.forward(days=1)
    items, cursor = read(connector, "returns", cursor)
    assert items == []
    first["status"] = "ITEM_SHIPPED"
    items, cursor = read(connector, "returns", cursor)
    assert [item.source_id for item in items] == [f"return/{first['returnId']}"]
    assert read(connector, "returns", cursor)[0] == []


def test_an_old_open_case_is_followed_and_a_closed_one_is_left(ebay, connector, read, now, order):
    still_open = ebay.open_return("u7f3a9c0", order)
    closed = ebay.open_inquiry("u7f3a9c0", LISTING)
    closed["inquiryStatusEnum"] = "CLOSED"
    _, cursor = read(connector, "returns")
    now.forward(days=100)
    _, cursor = read(connector, "returns", cursor)
    assert list(cursor["return"]["seen"]) == [f"return/{still_open['returnId']}"]
    assert cursor["inquiry"]["seen"] == {}
    still_open |= {"state": "CLOSED", "status": "CLOSED"}
    assert only(read(connector, "returns", cursor)[0]).status is CaseStatus.CLOSED


def test_no_span_is_longer_or_older_than_ebay_takes(ebay, connect, read, now, order):
    ebay.open_return("u7f3a9c0", order, at=now.start - timedelta(days=500))
    ebay.open_return("u7f3a9c0", order, at=now.start - timedelta(days=600))
    items, _ = read(connect(history_days=729), "returns")
    assert len(items) == 1


def test_a_long_list_is_read_by_time_and_not_by_offset(ebay, connector, read, now, order):
    opened = [now.start - timedelta(minutes=7 * n) for n in range(450)]
    for at in opened:
        ebay.open_return("u7f3a9c0", order, at=at)
    items, _ = read(connector, "returns")
    assert [item.opened_at for item in items] == sorted(opened)
    assert all("offset" not in request.query for request in searches(ebay))


def test_more_at_one_moment_than_ebay_lists_is_told(ebay, now):
    raw = b'{"returnId": 1, "creationInfo": {"creationDate": {"value": "2026-03-02T08:00:00Z"}}}'
    (kind,) = [kind for kind in POST_ORDER if kind.name == "return"]

    def crowded(kind: Kind, start, end):
        del kind
        return ([raw], False) if start <= now.start <= end else ([], True)

    start = now.start - timedelta(seconds=4)
    given = [item for items, _ in news(kind, crowded, Place(start), now()) for item in items]
    assert any(isinstance(item, BadItem) and "within a second" in item.reason for item in given)
    assert any(isinstance(item, Case) for item in given)


def test_a_list_that_heeds_no_span_is_given_up(ebay, now):
    """It would be asked for in halves down to the second: millions of times."""
    kind, asked = POST_ORDER[0], []

    def same(kind, begin, end):
        asked.append(begin)
        return [b'{"returnId": "1"}', b'{"returnId": "2"}'], False

    with pytest.raises(Unavailable, match="the same page again"):
        list(news(kind, same, Place(now() - timedelta(days=9)), now()))
    assert len(asked) == 3


def test_a_case_that_cannot_be_read_is_kept_and_the_others_go_on(ebay, connector, read, order):
    ebay.open_return("u7f3a9c0", order)["creationInfo"] = None
    ebay.open_return("u7f3a9c0", order)
    items, cursor = read(connector, "returns")
    assert [type(item) for item in items] == [BadItem, Case]
    assert items[0].source_id.startswith("return/")
    assert read(connector, "returns", cursor)[0] == []


def test_nothing_at_all_may_come_without_content(ebay, connector, read, monkeypatch):
    empty = ebay.answer

    def answer(request):
        given = empty(request)
        return type(given)(204) if "/post-order/" in request.path else given

    monkeypatch.setattr(ebay, "answer", answer)
    assert read(connector, "returns")[0] == []


def test_the_post_order_api_gets_the_token_under_its_own_scheme(ebay, connect, read, order):
    ebay.open_return("u7f3a9c0", order)
    connector = connect(marketplace="EBAY_DE")
    read(connector, "returns")
    ebay.expire_tokens()
    read(connector, "returns")
    asked = [r for r in ebay.requests if r.path == "/post-order/v2/return/search"]
    assert {r.headers["authorization"].split()[0] for r in asked} == {"IAF"}
    assert {r.headers["x-ebay-c-marketplace-id"] for r in asked} == {"EBAY_DE"}
    assert ebay.tokens_given == 2


def test_errors_in_the_post_order_apis_spelling_are_read(ebay, connector, read, monkeypatch):
    told = ebay.answer
    error = b'{"error": [{"errorId": 2001, "message": "Too many requests."}]}'

    def answer(request):
        given = told(request)
        return type(given)(400, error) if "/post-order/" in request.path else given

    monkeypatch.setattr(ebay, "answer", answer)
    with pytest.raises(Unavailable, match="2001 Too many requests"):
        read(connector, "returns")


def test_a_list_that_fails_loses_nothing_of_the_others(ebay, connector, read, order):
    ebay.open_return("u7f3a9c0", order)
    ebay.ask_cancellation("u7f3a9c0", order)
    ebay.fail(Fault.SERVER_ERROR, path="/cancellation/", times=2)
    batches = []
    with pytest.raises(Unavailable, match="500"):
        batches.extend(connector.poll("returns", {}))
    ebay.heal()
    items = [item for batch in batches for item in batch.items]
    more, _ = read(connector, "returns", batches[-1].cursor)
    assert [item.kind for item in items + more] == [CaseKind.RETURN, CaseKind.CANCELLATION]


def test_the_sandbox_has_no_post_order_api(connect):
    made = connect(base_url=None, sandbox=True)
    assert list(made.streams) == ["messages", "orders", "disputes"]


def test_one_apps_accounts_share_its_daily_limit(ebay, connect, read):
    one, other = connect(), connect(username="other")
    assert one._client._budgets["return"] is other._client._budgets["return"]
    assert one._client._sending is not other._client._sending
