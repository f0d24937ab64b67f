"""HTTP for connectors; the only place of the core that imports httpx."""

from syncd.http.client import Auth, HttpClient, Judge, Params, Reply, verdict
from syncd.http.oauth import OAuth2, Token
from syncd.http.token import HeaderToken

__all__ = [
    "Auth",
    "HeaderToken",
    "HttpClient",
    "Judge",
    "OAuth2",
    "Params",
    "Reply",
    "Token",
    "verdict",
]
