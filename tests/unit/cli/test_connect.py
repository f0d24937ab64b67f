"""A seller agrees on the platform's page, over real sockets, and the login is there afterwards."""

import socket
import threading
import webbrowser
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from syncd.cli import exits
from syncd.cli.connect import PORT
from syncd.cli.consent_listener import Listener, answer_in
from syncd.config import Settings
from syncd.testing.ebay import ORDERS
from tests.unit.cli.test_logins import RU_NAME, ebay, key, shop

__all__ = ["ebay", "key", "shop"]  # fixtures


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def fresh(shop, ebay, port):
    """An account whose config has no refresh token, and whose RuName ends at the listener."""
    shop.configure(token=False)
    ebay.accept_urls[RU_NAME] = f"http://127.0.0.1:{port}/"
    return shop


@pytest.fixture
def browser(monkeypatch):
    """What `webbrowser.open` gives the page's address to, in a thread as a browser is elsewhere."""
    seen, threads = [], []

    def use(visit):
        def visited(url):
            seen.append(visit(url))

        def opened(url):
            threads.append(threading.Thread(target=visited, args=(url,)))
            threads[-1].start()

        monkeypatch.setattr(webbrowser, "open", opened)
        return seen

    yield use
    for thread in threads:
        thread.join()


def agree(url):
    """Goes where the page leads, as a browser does."""
    return httpx.get(url, follow_redirects=True, trust_env=False)


def is_closed(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_browser_comes_back_and_the_login_is_kept(fresh, ebay, browser, port):
    seen = browser(agree)
    assert fresh("poll", "lamps").code == exits.UNAVAILABLE
    assert "until its login is mended" in fresh("status").out

    ended = fresh("connect", "lamps", "--port", port)
    assert ended.code == exits.OK, ended.err
    assert "lamps: the login is kept" in ended.out
    assert "ebay answers" in ended.out
    assert "a running daemon takes the login by itself" in ended.out
    assert "until its login is mended" not in fresh("status").out
    assert "The code has arrived" in seen[0].text
    assert seen[0].headers["referrer-policy"] == "no-referrer"
    assert is_closed(port)

    ebay.expire_tokens()
    assert fresh("poll", "lamps").code == exits.OK
    for secret in (ebay.refresh_token, "v^1.1#code", "v%5E1.1%23code", "v^1.1#access"):
        assert secret not in ended.out + ended.err


def test_only_the_answer_to_this_walk_counts(fresh, browser, port):
    def visit(url):
        strange = f"http://127.0.0.1:{port}/?code=stolen&state=guessed"
        return [httpx.get(strange, trust_env=False).status_code, agree(url).status_code]

    seen = browser(visit)
    assert fresh("connect", "lamps", "--port", port).code == exits.OK
    assert seen == [[400, 200]]


def test_a_seller_who_declines_is_a_refused_login(fresh, browser, port):
    def decline(url):
        state = parse_qs(urlsplit(url).query)["state"][0]
        return agree(f"http://127.0.0.1:{port}/?error=access_denied%1b[2J&state={state}")

    seen = browser(decline)
    ended = fresh("connect", "lamps", "--port", port)
    assert ended.code == exits.PERMISSION
    assert "the consent was not given: access_denied" in ended.err
    assert "\x1b" not in ended.err
    assert "was not given" in seen[0].text


def test_a_consent_that_leaves_something_out_is_kept_and_says_what(fresh, ebay, browser, port):
    ebay.denied.add(f"{ORDERS}/payment_dispute_summary")
    browser(agree)
    ended = fresh("connect", "lamps", "--port", port)
    assert ended.code == exits.PERMISSION
    assert "lamps: the login is kept and works, but for this: eBay denies access" in ended.err
    assert "sell.payment.dispute" in ended.err
    assert "payment_disputes = false" in ended.err


def test_no_browser_in_time_names_the_other_way(fresh, browser, port):
    browser(lambda url: url)
    ended = fresh("connect", "lamps", "--port", port, "--timeout", "1")
    assert ended.code == exits.UNAVAILABLE
    assert "--no-browser" in ended.err
    assert is_closed(port)


def test_a_port_that_is_taken_is_told(fresh, browser):
    browser(agree)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = fresh("connect", "lamps", "--port", taken.getsockname()[1])
    assert ended.code == exits.USAGE
    assert "--port" in ended.err


def test_a_running_daemon_is_not_in_the_way():
    settings = Settings()
    assert PORT not in {settings.metrics.address[1], settings.push.address[1]}


class TestPasting:
    @pytest.fixture
    def paste(self, fresh, monkeypatch):
        """Runs the verb with a person who pastes what `choose` makes of the address at the end."""

        def run(choose):
            def prompt(text, **_):
                assert "Paste" in text
                page = next(line for line in said if line.startswith("http"))
                ended_at = httpx.get(page, trust_env=False).headers["location"]
                return choose(ended_at)

            said = []
            echo = __import__("click").echo
            monkeypatch.setattr("click.echo", lambda text="", **more: (
                said.extend(str(text).splitlines()), echo(text, **more)))  # fmt: skip
            monkeypatch.setattr("click.prompt", prompt)
            return fresh("connect", "lamps", "--no-browser")

        return run

    def test_the_whole_address(self, paste):
        assert paste(lambda url: f"  {url}\n").code == exits.OK

    def test_the_code_alone_as_the_address_bar_has_it(self, paste):
        ended = paste(lambda url: url.partition("code=")[2].partition("&")[0])
        assert ended.code == exits.OK

    def test_an_address_of_another_walk_is_refused(self, paste):
        ended = paste(lambda url: url.replace("state=", "state=x"))
        assert ended.code == exits.USAGE
        assert "not the answer to this consent" in ended.err

    def test_a_wrong_code_is_refused_by_the_platform(self, paste):
        ended = paste(lambda _: "made-up")
        assert ended.code == exits.PERMISSION
        assert "invalid_grant" in ended.err


class TestBefore:
    def test_a_key_is_needed_and_named(self, fresh):
        fresh.configure(key=None, token=False)
        ended = fresh("connect", "lamps")
        assert ended.code == exits.CONFIG
        assert "store.key" in ended.err
        assert "openssl rand -base64 32" in ended.err

    def test_an_account_that_is_not_there_is_told_with_a_guess(self, fresh):
        ended = fresh("connect", "lamp")
        assert ended.code == exits.USAGE
        assert "lamps" in ended.err

    def test_a_platform_without_such_a_page_says_so(self, fresh):
        with fresh.config.open("a") as file:
            file.write('\n[accounts.sand]\nconnector = "sandbox"\nurl = "http://127.0.0.1:1"\n'
                       'token = { env = "NONE" }\n')  # fmt: skip
        ended = fresh("connect", "sand", "--no-browser")
        assert ended.code == exits.USAGE
        assert "sandbox has no page for a consent" in ended.err

    def test_and_needs_no_key_for_it(self, fresh):
        fresh.configure(key=None, token=False)
        self.test_a_platform_without_such_a_page_says_so(fresh)


def test_a_lost_key_is_got_over_by_forgetting(fresh, browser, port, key):
    browser(agree)
    assert fresh("connect", "lamps", "--port", port).code == exits.OK
    key.write_text("A" * 43 + "=")
    assert fresh("poll", "lamps").code == exits.CONFIG

    assert "forgotten" in fresh("connect", "lamps", "--forget").out
    assert "no login was kept" in fresh("connect", "lamps", "--forget").out
    assert fresh("connect", "lamps", "--port", port).code == exits.OK
    assert fresh("poll", "lamps").code == exits.OK


def test_a_silent_connection_does_not_keep_the_listener(port):
    with Listener(port, "s") as listener, socket.create_connection(("127.0.0.1", port)):
        httpx.get(f"{listener.url}?code=c&state=s", trust_env=False)
        httpx.get(f"{listener.url}?code=second&state=s", trust_env=False)
        assert listener.wait(5).taken() == "c"


@pytest.mark.parametrize(
    "address",
    ["http://x/?code=c", "http://x/?state=s", "http://x/?code=c&state=t", "nonsense", "",
     "http://[x/?code=c&state=s"],
)  # fmt: skip
def test_an_address_without_state_or_code_is_no_answer(address):
    assert answer_in(address, "s") is None


def test_a_platform_may_call_the_code_otherwise():
    """As Amazon does."""
    address = "http://127.0.0.1/?spapi_oauth_code=c0de&state=st&selling_partner_id=A1"
    assert answer_in(address, "st") is None
    assert answer_in(address, "st", "spapi_oauth_code").taken() == "c0de"
    with Listener(0, "st", "spapi_oauth_code") as listener:
        httpx.get(f"{listener.url}?{urlsplit(address).query}", trust_env=False)
        assert listener.wait(1).taken() == "c0de"


def test_nobody_is_there_to_paste_the_address(fresh):
    ended = fresh("connect", "lamps", "--no-browser")
    assert ended.code == exits.USAGE
    assert "nobody is there to be asked: run it in a terminal" in ended.err
