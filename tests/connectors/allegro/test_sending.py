"""Sending, files, parcel numbers, and finding out afterwards whether it arrived."""

from datetime import timedelta

import msgspec
import pytest

from syncd.connector import Context, OutcomeUnknown, Rejected, Unavailable
from syncd.http import shared_budget
from syncd.model import Attachment, Draft, Party, Shipment
from syncd.testing.allegro import CENTER_FILES, ISSUE_FILES, FakeAllegro
from syncd.testing.server import Answer, FakeServer, Fault, route
from syncd_allegro import AllegroConfig, AllegroConnector
from syncd_allegro.client import AllegroClient

TEXT = "Paczka się spóźni.\nPrzepraszamy!"
PHOTO = Attachment(name="etykieta.png", media_type="image/png", content=b"png-bytes")
LABEL = Attachment(name="etykieta.pdf", media_type="application/pdf", content=b"%PDF-")


@pytest.fixture
def order(shop):
    return shop.add_order("jan")


@pytest.fixture
def thread(shop, order):
    return shop.add_message("jan", "Gdzie?", order=order)["thread"]["id"]


@pytest.fixture
def issue(shop, order):
    return shop.add_issue(order, "Nie ma paczki")


def notice(now, **fields):
    return Draft(**{"text": TEXT, "buyer": Party(id="jan"), "created_at": now()} | fields)


def posted(allegro, part="/messag"):
    return [
        (request.path, msgspec.json.decode(request.body))
        for request in allegro.requests
        if request.method == "POST" and part in request.path
    ]


def test_a_reply_goes_into_its_thread(allegro, shop, connector, now, thread, order):
    receipt = connector.send(notice(now, thread_id=thread, order_id=order), "k")
    assert posted(allegro) == [(f"/messaging/threads/{thread}/messages", {"text": TEXT})]
    assert [(s.buyer, s.text, s.message_id) for s in shop.sent] == [
        ("jan", TEXT, receipt.source_id)
    ]
    assert receipt.accepted_at == now()


def test_the_first_message_names_the_buyer_and_the_order(allegro, shop, connector, now, order):
    connector.send(notice(now, order_id=order), "k")
    body = {"recipient": {"login": "jan"}, "text": TEXT, "order": {"id": order}}
    assert posted(allegro) == [("/messaging/messages", body)]
    assert [(s.buyer, s.order_id) for s in shop.sent] == [("jan", order)]


def test_an_answer_in_a_dispute_has_its_own_call(allegro, shop, connector, now, issue):
    receipt = connector.send(notice(now, thread_id=f"issue/{issue}"), "k")
    assert posted(allegro) == [(f"/sale/issues/{issue}/message", {"text": TEXT, "type": "REGULAR"})]
    assert [(s.issue_id, s.message_id) for s in shop.sent] == [(issue, receipt.source_id)]


@pytest.mark.parametrize("where", ["thread", "order", "issue"])
def test_what_was_sent_is_read_back_as_our_own(
    shop, connector, now, read, order, thread, issue, where
):
    about = {"thread": thread, "order": None, "issue": f"issue/{issue}"}[where]
    receipt = connector.send(notice(now, thread_id=about, order_id=order), "k")
    items, _ = read(connector, "disputes" if where == "issue" else "messages")
    (mine,) = [item for item in items if item.source_id == receipt.source_id]
    assert (mine.direction, mine.text, mine.buyer.id) == ("outbound", TEXT, "jan")


@pytest.mark.parametrize("fields", [{}, {"order_id": "1", "buyer": Party(email="a@b.test")}])
def test_nobody_but_the_buyer_of_an_order_is_written_to_first(allegro, connector, now, fields):
    assert not connector.may_send(notice(now, **fields)).allowed
    with pytest.raises(Rejected, match="buyer of an order"):
        connector.send(notice(now, **fields), "k")
    assert allegro.requests == []


def test_an_order_of_somebody_else_is_refused(connector, now, order):
    with pytest.raises(Rejected, match="ORDER_NOT_RELATED at order"):
        connector.send(notice(now, order_id=order, buyer=Party(id="ewa")), "k")


def test_a_closed_dispute_takes_no_more(shop, connector, now, issue):
    shop.issues[issue].fields["currentState"]["chatActive"] = False
    with pytest.raises(Rejected, match="ISSUE_CLOSED"):
        connector.send(notice(now, thread_id=f"issue/{issue}"), "k")


def test_a_message_that_is_blocked_at_once_is_refused(allegro, connector, now, thread):
    allegro.moderated = "BLOCKED"
    with pytest.raises(Rejected, match="blocked"):
        connector.send(notice(now, thread_id=thread), "k")


def test_a_thread_that_is_denied_is_a_refusal_and_no_end_of_the_login(
    allegro, connector, now, thread
):
    allegro.denied.add("/messaging/threads/")
    with pytest.raises(Rejected, match="denies access"):
        connector.send(notice(now, thread_id=thread), "k")


class TestFiles:
    @pytest.mark.parametrize("where", ["thread", "issue"])
    def test_they_are_declared_and_uploaded_first(
        self, allegro, shop, connector, now, thread, issue, where
    ):
        about, path, name = (
            (thread, CENTER_FILES, "filename")
            if where == "thread"
            else (f"issue/{issue}", ISSUE_FILES, "fileName")
        )
        connector.send(notice(now, thread_id=about, attachments=(PHOTO, LABEL)), "k")
        assert posted(allegro, path) == [
            (path, {name: "etykieta.png", "size": 9}),
            (path, {name: "etykieta.pdf", "size": 5}),
        ]
        puts = [request for request in allegro.requests if request.method == "PUT"]
        assert [(p.headers["content-type"], p.body) for p in puts] == [
            ("image/png", b"png-bytes"),
            ("application/pdf", b"%PDF-"),
        ]
        assert [shop.files[file] for file in shop.sent[0].files] == [b"png-bytes", b"%PDF-"]

    def test_they_go_to_the_address_that_allegro_names(self, allegro, connect, now, thread):
        with FakeAllegro(now) as elsewhere:
            allegro.upload_url = f"{elsewhere.url}{CENTER_FILES}"
            with pytest.raises(Unavailable, match="another host"):
                connect().send(notice(now, thread_id=thread, attachments=(PHOTO,)), "k")
            assert elsewhere.requests == []
        assert allegro.shop.sent == []

    def test_the_host_for_uploads_is_another(self, allegro, now, connector):
        class Uploads(FakeServer):
            @route("PUT", f"{CENTER_FILES}/(.*)")
            def put(self, request):
                return Answer.json({"id": request.groups[0]})

        with Uploads() as uploads:
            client = AllegroClient(allegro.url, uploads.url, connector._auth, "another-app")
            for place, taken in ((uploads.url, 1), (allegro.url, 0)):
                allegro.upload_url = f"{place}{CENTER_FILES}"
                client.upload(PHOTO, for_issue=False)
                assert len(uploads.requests) == taken
                uploads.requests.clear()
            client.close()

    def test_the_upload_host_is_allegros_own(self, allegro, connect):
        client = connect(base_url=None)._client
        assert client.hosts == {"api.allegro.pl", "upload.allegro.pl"}
        client = connect(base_url=None, sandbox=True)._client
        assert client.hosts == {
            "api.allegro.pl.allegrosandbox.pl", "upload.allegro.pl.allegrosandbox.pl",
        }  # fmt: skip

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    def test_a_file_that_got_lost_sends_nothing_and_is_tried_again(
        self, allegro, shop, connector, now, thread, method
    ):
        draft = notice(now, thread_id=thread, attachments=(PHOTO,))
        with allegro.lock:
            allegro.fail(Fault.LOST_ANSWER, path=CENTER_FILES, method=method)
        with pytest.raises(Unavailable, match=r"etykieta\.png could not be uploaded"):
            connector.send(draft, "k")
        assert shop.sent == []
        connector.send(draft, "k")
        assert len(shop.sent) == 1


class TestFinding:
    @pytest.mark.parametrize("where", ["thread", "order", "issue"])
    @pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.TRUNCATED])
    def test_an_answer_that_is_lost_is_found_again(
        self, allegro, shop, connector, now, order, thread, issue, where, fault
    ):
        about = {"thread": thread, "order": None, "issue": f"issue/{issue}"}[where]
        draft = notice(now, thread_id=about, order_id=order)
        assert connector.find_sent(draft, "k") is None
        allegro.fail(fault, path="/messages?$", method="POST")
        with pytest.raises(OutcomeUnknown):
            connector.send(draft, "k")
        now.forward(minutes=3)
        assert [s.message_id for s in shop.sent] == [connector.find_sent(draft, "k").source_id]

    @pytest.mark.parametrize("fault", [Fault.TIMEOUT, Fault.SERVER_ERROR, Fault.HTML])
    def test_one_that_failed_is_not_found(self, allegro, connector, now, thread, fault):
        draft = notice(now, thread_id=thread)
        allegro.fail(fault, path="/messages$", method="POST", seconds=0.05)
        with pytest.raises(OutcomeUnknown):
            connector.send(draft, "k")
        assert connector.find_sent(draft, "k") is None

    def test_only_the_same_text_since_the_decision_and_from_us(
        self, shop, connector, now, thread, order
    ):
        shop.add_message("jan", TEXT, from_seller=True)
        now.forward(hours=1)
        draft = notice(now, order_id=order)
        shop.add_message("jan", TEXT)
        shop.add_message("jan", f"{TEXT}!", from_seller=True)
        shop.add_message("ewa", TEXT, from_seller=True)
        assert connector.find_sent(draft, "k") is None
        mine = shop.add_message("jan", TEXT.replace("\n", " \r\n "), from_seller=True)
        assert connector.find_sent(draft, "k").source_id == mine["id"]

    def test_one_that_is_still_looked_through_has_arrived(self, allegro, connector, now, thread):
        allegro.moderated = "VERIFYING"
        draft = notice(now, thread_id=thread)
        receipt = connector.send(draft, "k")
        assert connector.find_sent(draft, "k").source_id == receipt.source_id

    def test_one_that_was_blocked_afterwards_is_a_persons(self, shop, connector, now, thread):
        draft = notice(now, thread_id=thread)
        shop.add_message("jan", TEXT, from_seller=True, status="BLOCKED")
        with pytest.raises(OutcomeUnknown, match="blocked it"):
            connector.find_sent(draft, "k")

    def test_all_threads_since_the_decision_are_looked_through(
        self, shop, connector, now, order, thread
    ):
        for n in range(45):
            shop.add_message(f"old-{n}", "?", at=now() - timedelta(days=1))
        draft = notice(now, order_id=order)
        mine = shop.add_message("jan", TEXT, from_seller=True, at=now.forward(minutes=1))
        for n in range(45):
            shop.add_message(f"new-{n}", "?", at=now.forward(minutes=1))
        assert connector.find_sent(draft, "k").source_id == mine["id"]

    def test_what_cannot_be_read_leaves_the_outcome_open(self, shop, connector, now, thread):
        with pytest.raises(OutcomeUnknown, match="when it was decided"):
            connector.find_sent(notice(now, thread_id=thread, created_at=None), "k")
        with pytest.raises(OutcomeUnknown, match="NotFoundException"):
            connector.find_sent(notice(now, thread_id="gone"), "k")
        shop.threads[thread].messages[0]["text"] = 7
        with pytest.raises(OutcomeUnknown, match="cannot be understood"):
            connector.find_sent(notice(now, thread_id=thread), "k")


class TestLimits:
    def test_one_message_a_second_and_user(self, connect, now, thread, monkeypatch):
        slept = []
        monkeypatch.setattr("syncd.clock.monotonic", lambda: 1000.0 + sum(slept))
        monkeypatch.setattr("syncd.clock.sleep", slept.append)
        connector = connect()
        for n in range(3):
            connector.send(notice(now, thread_id=thread, text=f"{n}"), f"{n}")
        assert slept == [pytest.approx(1), pytest.approx(1)]

    def test_accounts_of_one_app_share_its_requests(self, allegro, connect):
        one, other = (connect()._client for _ in range(2))
        budget = shared_budget(f"allegro:{allegro.client_id}", 1)
        assert one._api._budget is other._api._budget is one._uploads._budget is budget
        assert one._sending is not other._sending
        rate, burst = budget._rate, budget._burst
        assert burst + 60 * rate <= 9000

    @pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.RATE_LIMITED_SILENT])
    def test_too_many_requests_certainly_sent_nothing(
        self, allegro, shop, connector, now, thread, fault
    ):
        allegro.fail(fault, path="/messages$", method="POST", retry_after=7)
        with pytest.raises(Unavailable) as raised:
            connector.send(notice(now, thread_id=thread), "k")
        assert raised.value.retry_after == (7 if fault is Fault.RATE_LIMITED else None)
        assert shop.sent == []


class TestParcels:
    def parcel(self, order, **fields):
        about = {"source_id": "own", "order_id": order, "tracking_number": "620-1"}
        return Shipment(**about | fields)

    @pytest.mark.parametrize(
        ("carrier", "said"),
        [
            ("InPost", {"carrierId": "INPOST"}),
            ("inpost", {"carrierId": "INPOST"}),
            ("dpd-pl", {"carrierId": "DPD"}),
            ("yunexpress", {"carrierId": "OTHER", "carrierName": "yunexpress"}),
            ("x" * 40, {"carrierId": "OTHER", "carrierName": "x" * 30}),
            (None, {"carrierId": "OTHER", "carrierName": "other"}),
        ],
    )
    def test_the_number_is_added_to_the_order(self, allegro, shop, connector, order, carrier, said):
        receipt = connector.confirm_shipment(self.parcel(order, carrier=carrier), "k")
        (_, body), *_ = posted(allegro, "/shipments")
        assert body == {"waybill": "620-1"} | said
        assert receipt.source_id == f"{order}/{shop.waybills[order][0]['id']}"

    def test_a_number_that_is_there_is_found(self, shop, connector, now, order):
        assert connector.find_confirmation(self.parcel(order), "k") is None
        shop.ship(order, "6201")
        receipt = connector.find_confirmation(self.parcel(order), "k")
        assert (receipt.source_id, receipt.accepted_at) == (f"{order}/INPOST:6201", now())

    def test_what_allegro_refuses(self, connector, order):
        with pytest.raises(Rejected, match="1 to 64"):
            connector.confirm_shipment(self.parcel(order, tracking_number=None), "k")
        with pytest.raises(Rejected, match="1 to 64"):
            connector.confirm_shipment(self.parcel(order, tracking_number="1" * 65), "k")
        with pytest.raises(Rejected, match="NotFoundException"):
            connector.confirm_shipment(self.parcel("gone"), "k")
        with pytest.raises(OutcomeUnknown, match="NotFoundException"):
            connector.find_confirmation(self.parcel("gone"), "k")


def test_construction_asks_nobody_and_needs_no_secret(now):
    config = AllegroConfig(client_id="1", client_secret={"env": "NOT_SET"})
    AllegroConnector(config, Context(account="a", now=now)).close()
