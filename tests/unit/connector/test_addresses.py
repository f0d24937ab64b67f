"""Addresses of APIs in settings."""

import pytest
from pydantic import TypeAdapter, ValidationError

from syncd.connector.addresses import BaseUrl

ADDRESS = TypeAdapter(BaseUrl)


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("https://api.shop.example", "https://api.shop.example"),
        ("https://api.shop.example/v1/", "https://api.shop.example/v1"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:1", "http://[::1]:1"),
    ],
)
def test_what_a_login_may_be_sent_to(written: str, taken: str) -> None:
    assert ADDRESS.validate_python(written) == taken


@pytest.mark.parametrize(
    "written",
    ["http://api.shop.example", "http://127.0.0.1.shop.example", "ftp://127.0.0.1", "api", ""],
)
def test_what_it_may_not(written: str) -> None:
    with pytest.raises(ValidationError, match="it must begin with https"):
        ADDRESS.validate_python(written)
