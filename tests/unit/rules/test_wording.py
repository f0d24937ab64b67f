"""A config's templates have to fit the platforms that its playbooks send them to."""

import pytest

from syncd import plugins
from syncd.config import load
from syncd.rules import wording
from syncd.text.templates import TemplateProblems

MAIL = (
    "Subject: x\n\n{{ tracking_number }} {{ tracking_site }} {{ latest_event }} help@shop.example"
)


@pytest.fixture
def loaded(tmp_path):
    (tmp_path / "mine").mkdir()

    def of(template, text, accounts='["*"]'):
        (tmp_path / "mine" / f"{template}.en.txt").write_text(text)
        (tmp_path / "syncd.toml").write_text(
            f"""
            [templates]
            folder = "{tmp_path}/mine"
            [accounts.shop]
            connector = "ebay"
            username = "shop"
            client_id = "x"
            client_secret = {{ env = "X" }}
            [accounts.mail]
            connector = "imap"
            address = "shop@example.com"
            password = {{ env = "X" }}
            imap_host = "127.0.0.1"
            smtp_host = "127.0.0.1"
            [[playbooks]]
            name = "tell"
            when = ["no_movement"]
            tell = "buyer"
            template = "late"
            accounts = {accounts}
            """
        )
        return wording.load(load(tmp_path / "syncd.toml", plugins.load().connectors))

    return of


def test_what_a_platform_forbids_is_told_before_anything_is_sent(loaded, tmp_path):
    with pytest.raises(
        TemplateProblems, match=r"late\.en\.txt:1: on ebay: contact data is not allowed"
    ):
        loaded("late", MAIL)


def test_other_platforms_and_templates_are_not_asked(loaded):
    """A mailbox may send what a marketplace may not; what no playbook sends goes nowhere."""
    assert "late" in loaded("late", MAIL, '["mail"]').names
    loaded("late", "Subject: x\n\n{{ tracking_number }} {{ tracking_site }} {{ latest_event }}")
    assert "other" in loaded("other", MAIL).names
