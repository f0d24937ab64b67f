"""HTTP for connectors; the only place of the core that imports httpx."""

from syncd import process

# Its command line, of which we have no use, makes up a third of its import.
with process.without("click"), process.without("pygments"), process.without("rich"):
    import httpx  # noqa: F401  as the modules below find it

from syncd.connector import Paging
from syncd.http.budget import Budget, BudgetSpent, shared_budget
from syncd.http.client import Auth, HttpClient
from syncd.http.oauth import Ask, DeadGrant, OAuth2, Token
from syncd.http.observing import Observer, observed
from syncd.http.outgoing import Encoded, Outgoing, Params, Sign, segment
from syncd.http.reply import Judge, Reply, Throttled, verdict
from syncd.http.token import HeaderToken

__all__ = [
    "Ask",
    "Auth",
    "Budget",
    "BudgetSpent",
    "DeadGrant",
    "Encoded",
    "HeaderToken",
    "HttpClient",
    "Judge",
    "OAuth2",
    "Observer",
    "Outgoing",
    "Paging",
    "Params",
    "Reply",
    "Sign",
    "Throttled",
    "Token",
    "observed",
    "segment",
    "shared_budget",
    "verdict",
]
