"""Signing in to TikTok Shop: its token endpoint, which is of its own kind, and the shop's cipher.

Source: partner.tiktokshop.com, "Authorization overview". The endpoint takes the app's secret as a
parameter of a GET, so that no error here repeats what was asked or answered.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec

from syncd.connector import NOT_JSON, AuthFailed, Rejected, Secret, Unavailable
from syncd.http import DeadGrant, HttpClient, Reply, Throttled, Token
from syncd_tiktokshop import errors, wire

HEADER = "x-tts-access-token"


class TokenEndpoint:
    """Asks for tokens, as `OAuth2` wants it; the answers' end is an absolute time there."""

    def __init__(
        self, url: str, app_key: str, app_secret: Secret, now: Callable[[], datetime]
    ) -> None:
        self._http = HttpClient(url, judge=_silent, private=True)
        self._app_key = app_key
        self._app_secret = app_secret
        self._now = now

    def __call__(self, form: Mapping[str, str]) -> Token:
        """Tokens for a code or a refresh token; raises as `syncd.http.Ask` says."""
        own = {"app_key": self._app_key, "app_secret": self._app_secret.reveal()}
        if form["grant_type"] == "refresh_token":
            grant = {"grant_type": "refresh_token", "refresh_token": form["refresh_token"]}
            reply = self._http.get("/api/v2/token/refresh", {**own, **grant})
        else:
            grant = {"grant_type": "authorized_code", "auth_code": form["code"]}
            reply = self._http.get("/api/v2/token/get", {**own, **grant})
        given = _tokens(reply)
        lasts = given.access_token_expire_in - self._now().timestamp()
        return Token(given.access_token, lasts, given.refresh_token)

    def close(self) -> None:
        """Close the kept connection."""
        self._http.close()


def chosen(shops: Iterable[wire.Shop], shop_id: str | None) -> wire.Shop:
    """The shop that an account is for, of those that its login is good for; raises AuthFailed."""
    known = list(shops)
    fits = [shop for shop in known if shop_id in {None, shop.id}]
    if len(fits) == 1:
        return fits[0]
    names = ", ".join(f"{shop.id} ({shop.name}, {shop.region})" for shop in known) or "none"
    raise AuthFailed(f"set shop_id to one of the shops that this login is good for: {names}")


def _silent(reply: Reply) -> AuthFailed | Unavailable | None:
    """Error answers without their text, which may repeat a secret."""
    error = errors.judge(reply)
    if error is None and reply.status < 400:
        return None
    if reply.status == 429 or isinstance(error, Throttled):
        return Throttled("token endpoint: too many requests", reply.retry_after)
    if reply.status >= 500 or isinstance(error, Unavailable):
        return Unavailable(f"token endpoint: HTTP {reply.status}", reply.retry_after)
    said = f"token endpoint: HTTP {reply.status}, TikTok's code {errors.code(reply) or 'none'}"
    if isinstance(error, Rejected):
        # Which codes are about a refresh token or auth code that has ended is not published.
        return DeadGrant(f"{said}: the consent has ended, run `syncd connect ACCOUNT`")
    return AuthFailed(f"{said}: check app_key and app_secret")


def _tokens(reply: Reply) -> wire.Tokens:
    try:
        answer = msgspec.json.decode(reply.content, type=wire.Answer)
        return msgspec.json.decode(answer.data, type=wire.Tokens)
    except NOT_JSON:
        raise Unavailable("token endpoint: the answer is not what TikTok describes") from None
