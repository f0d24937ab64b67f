"""The marketplaces that are measured: a fake of each, and an account on it.

As a program, ``python -m benchmarks.idle.platforms NAME``, it runs the fake in a process of its
own, tells by a line of JSON how to reach it, and ends when its input does.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from benchmarks.measuring import ROOT, SYNCD
from syncd.testing.aliexpress import FakeAliExpress
from syncd.testing.allegro import FakeAllegro
from syncd.testing.amazon import FakeAmazon
from syncd.testing.ebay import FakeEbay
from syncd.testing.server import FakeServer
from syncd.testing.tiktokshop import FakeTikTokShop

SECRET, TOKEN = "BENCH_SECRET", "BENCH_TOKEN"
_LOGIN = {"refresh_token": {"env": TOKEN}}


class Platform(NamedTuple):
    """A fake, and the settings of an account on it beside its address and refresh token."""

    fake: Callable[[], FakeServer]
    settings: Callable[[Any], dict[str, Any]]
    secret: str
    """The fake's attribute that holds the app's secret."""


def _client(fake: Any) -> dict[str, Any]:
    return {"client_id": fake.client_id, "client_secret": {"env": SECRET}}


def _app(fake: Any) -> dict[str, Any]:
    return {"app_key": fake.app_key, "app_secret": {"env": SECRET}}


PLATFORMS = {
    "aliexpress": Platform(FakeAliExpress, _app, "app_secret"),
    "allegro": Platform(FakeAllegro, _client, "client_secret"),
    "amazon": Platform(
        FakeAmazon,
        lambda fake: _client(fake) | {"seller_id": "A3TH9S8BH6GOGM", "marketplaces": ["DE"]},
        "client_secret",
    ),
    "ebay": Platform(
        FakeEbay, lambda fake: _client(fake) | {"username": fake.shop.seller}, "client_secret"
    ),
    "tiktokshop": Platform(FakeTikTokShop, _app, "app_secret"),
}


class Reached(NamedTuple):
    """How to reach a fake that runs."""

    settings: dict[str, Any]
    environment: dict[str, str]


@contextmanager
def running(name: str) -> Iterator[Reached]:
    """Run a platform's fake beside this process, so that its CPU and memory are not counted."""
    import subprocess  # noqa: PLC0415  the fake itself starts nothing

    command = [str(SYNCD), "-m", "benchmarks.idle.platforms", name]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Reached(**json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()


def main(name: str) -> None:
    """Run until the input ends."""
    platform = PLATFORMS[name]
    with platform.fake() as fake:
        fake.rotates = False  # many accounts sign in by one token
        told = {
            "settings": {**platform.settings(fake), **_LOGIN, "base_url": fake.url},
            "environment": {SECRET: getattr(fake, platform.secret), TOKEN: fake.refresh_token},
        }
        print(json.dumps(told), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
