"""Allegro's own media type in both headers of every call; where it is beta, another one."""

import httpx
import pytest

from syncd.model import Attachment, Draft, Party, Shipment
from syncd.testing.allegro import BETA, CENTER_FILES, ISSUE_FILES, ISSUES, PUBLIC, THREADS
from syncd_allegro import client

FILES = f"{CENTER_FILES}/", f"{ISSUE_FILES}/"


def test_the_fake_and_the_connector_mean_the_same():
    assert (client.PUBLIC, client.BETA) == (PUBLIC, BETA)


def test_every_call_has_its_media_type(shop, allegro, connector, now, read):
    order = shop.add_order("jan")
    shop.ship(order, "AB1")
    thread = shop.add_message("jan", "?", files=(shop.add_file(b"png"),))["thread"]["id"]
    issue = shop.add_issue(order, "?")
    shop.add_return(order)
    connector.check()
    for stream in connector.streams:
        read(connector, stream)
    photo = (Attachment(name="a.png", media_type="image/png", content=b"png"),)
    for about in (thread, f"issue/{issue}"):
        draft = Draft(text="!", buyer=Party(id="jan"), thread_id=about, attachments=photo)
        connector.send(draft, "k")
    connector.confirm_shipment(Shipment(source_id="1", order_id=order, tracking_number="X"), "k")

    calls = [request for request in allegro.requests if not request.path.startswith("/auth/")]
    assert {request.method for request in calls} == {"GET", "POST", "PUT"}
    for request in calls:
        beta = request.path.startswith((ISSUES, "/order/customer-returns"))
        version = BETA if beta else PUBLIC
        of_file = request.path.startswith(FILES)
        fetched = of_file and request.method == "GET"
        assert request.headers["accept"] == ("*/*" if fetched else version), request.path
        if request.method != "GET":
            assert request.headers["content-type"] == ("image/png" if of_file else version)
        else:
            assert "content-type" not in request.headers


@pytest.mark.parametrize(
    ("method", "path", "accept", "content", "status"),
    [
        ("GET", THREADS, PUBLIC, None, 200),
        ("GET", THREADS, "application/json", None, 406),
        ("GET", THREADS, BETA, None, 406),
        ("GET", ISSUES, PUBLIC, None, 406),
        ("GET", ISSUES, BETA, None, 200),
        ("POST", CENTER_FILES, PUBLIC, "application/json", 415),
        ("POST", CENTER_FILES, PUBLIC, PUBLIC, 201),
        ("POST", ISSUE_FILES, BETA, PUBLIC, 415),
        ("GET", f"{CENTER_FILES}/1", PUBLIC, None, 406),
        ("PUT", f"{CENTER_FILES}/1", PUBLIC, PUBLIC, 415),
    ],
)
def test_the_fake_insists_on_them(allegro, connector, method, path, accept, content, status):
    connector.check()
    token = connector._auth.access_token()
    headers = {"authorization": f"Bearer {token}", "accept": accept}
    if content:
        headers["content-type"] = content
    body = b'{"filename": "a.png", "fileName": "a.png", "size": 1}' if method == "POST" else None
    answer = httpx.request(
        method, f"{allegro.url}{path}", headers=headers, content=body, trust_env=False
    )
    assert answer.status_code == status
    assert status == 406 or answer.headers["content-type"] in {accept, PUBLIC, BETA} | {
        "application/json"
    }
