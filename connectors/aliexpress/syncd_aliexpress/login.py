"""AliExpress's token endpoint, which is of its own kind: signed as its system interfaces are.

Source: openservice.aliexpress.com, "Seller authorization" and /auth/token/create,
/auth/token/refresh in its reference. No error here repeats what was asked or answered, which are
secrets.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode

import msgspec

from syncd.connector import AuthFailed, ConnectorError, OutcomeUnknown, Secret, Unavailable
from syncd.http import DeadGrant, Encoded, HttpClient, Reply, Token
from syncd_aliexpress import errors, wire
from syncd_aliexpress.signature import signature

FORM = "application/x-www-form-urlencoded"


class TokenEndpoint:
    """Asks for tokens, as `OAuth2` wants it."""

    def __init__(
        self, base_url: str, app_key: str, app_secret: Secret, now: Callable[[], datetime]
    ) -> None:
        self._http = HttpClient(f"{base_url}/rest", judge=_silent, private=True)
        self._app_key = app_key
        self._app_secret = app_secret
        self._now = now

    def __call__(self, form: Mapping[str, str]) -> Token:
        """Tokens for a code or a refresh token; raises as `syncd.http.Ask` says."""
        if form["grant_type"] == "refresh_token":
            reply = self._ask("/auth/token/refresh", refresh_token=form["refresh_token"])
        else:
            reply = self._ask("/auth/token/create", code=form["code"])
        return _token(reply)

    def close(self) -> None:
        """Close the kept connection."""
        self._http.close()

    def _ask(self, path: str, **own: str) -> Reply:
        fields = own | common(self._app_key, self._now())
        fields["sign"] = signature(self._app_secret.reveal(), fields.items(), path)
        try:
            return self._http.post(path, Encoded(urlencode(fields).encode(), FORM))
        except OutcomeUnknown as error:
            raise Unavailable(f"token endpoint: {error}") from None


def common(app_key: str, now: datetime) -> dict[str, str]:
    """The parameters that every request has; the time is in milliseconds."""
    stamp = str(int(now.timestamp() * 1000))
    return {"app_key": app_key, "sign_method": "sha256", "timestamp": stamp}


def _silent(reply: Reply) -> ConnectorError | None:
    """Error answers without their text."""
    error = errors.judge(reply)
    if error is None and reply.status < 400:
        return None
    if reply.status >= 500 or reply.status == 429 or isinstance(error, Unavailable):
        wait = error.retry_after if isinstance(error, Unavailable) else reply.retry_after
        return Unavailable(f"token endpoint: HTTP {reply.status}", wait)
    fault = errors.fault_in(reply)
    code = str(fault.code) if fault else "none"
    said = f"token endpoint: HTTP {reply.status}, AliExpress's code {code}"
    if isinstance(error, OutcomeUnknown):
        return Unavailable(said)
    if "Token" in code or "Code" in code:
        return DeadGrant(f"{said}: the consent has ended, run `syncd connect ACCOUNT`")
    return AuthFailed(f"{said}: check app_key and app_secret")


def _token(reply: Reply) -> Token:
    try:
        given = msgspec.json.decode(reply.content, type=wire.Tokens)
        if given.access_token:
            return Token(given.access_token, float(given.expires_in), given.refresh_token)
    except (ValueError, RecursionError):
        pass
    raise Unavailable("token endpoint: the answer is not what AliExpress describes") from None
