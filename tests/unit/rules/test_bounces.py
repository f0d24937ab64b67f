"""Why a mail did not arrive, in its mail system's words."""

import pytest

from syncd.rules.bounces import why_it_failed

REPORT = "Your mail could not be delivered.\nAction: {}\nStatus: 5.2.2\n"


@pytest.mark.parametrize(
    ("subject", "text", "why"),
    [
        ("Failure", f"{REPORT}Diagnostic-Code: smtp; 550 no\n  such user", "550 no such user"),
        ("Failure", REPORT, "5.2.2"),
        ("Failure", "<a@b.example>:\n192.0.2.1 said: 552 5.2.2 Mailbox full.", "552 5.2.2 Mailbox full."),
        ("Failure", "It could not be delivered.", ""),
        ("Failure", "Diagnostic-Code: smtp; " + "x" * 900, "x" * 200),
        ("Failure", REPORT.format("expired"), "5.2.2"),
        ("Warning: message delayed 24 hours", "It is tried again.", None),
        ("Failure", REPORT.format("delayed"), None),
        ("Failure", REPORT.format("delayed") + REPORT.format("failed"), "5.2.2"),
    ],
)  # fmt: skip
def test_the_reason(make, subject, text, why):
    text = text.format("failed")
    assert why_it_failed(make.message(subject=subject, text=text)) == why
