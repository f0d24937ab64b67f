"""Signing in to YunExpress: a token for two hours, and a signature of every request."""

import base64
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from syncd.connector import AuthFailed, ConnectorError, Secret
from syncd.http import HttpClient, OAuth2, Outgoing, Reply, Token

PATH = "/v1/track-service/info/get"
TOKEN_PATH = "/openapi/oauth2/token"  # noqa: S105  no password


class _Token(msgspec.Struct):
    accessToken: str | None = None  # noqa: N815  YunExpress's names
    expiresIn: float = 7200  # noqa: N815
    msg: str | None = None


class Login:
    """Gives `HttpClient` what it takes for GET requests of `PATH`. Thread-safe."""

    def __init__(
        self,
        base_url: str,
        *,
        app_id: str,
        app_secret: Secret,
        source_key: Secret | None,
        now: Callable[[], datetime],
    ) -> None:
        self._http = HttpClient(base_url, judge=_judge, private=True)
        self._app_id = app_id
        self._app_secret = app_secret
        self._source_key = source_key
        self._now = now
        self.oauth = OAuth2(
            base_url + TOKEN_PATH,
            client_id=app_id,
            client_secret=app_secret,
            now=now,
            header="token",
            ask=self._ask,
        )

    def sign(self, outgoing: Outgoing) -> Outgoing:
        """A request with the time and the signature; raises SecretUnavailable."""
        date = str(int(self._now().timestamp() * 1000))
        said = f"date={date}&method=GET&uri={PATH}".encode()
        sign = base64.b64encode(hmac.digest(self._app_secret.reveal().encode(), said, "sha256"))
        headers = {**outgoing.headers, "date": date, "sign": sign.decode()}
        return msgspec.structs.replace(outgoing, headers=headers)

    def _ask(self, form: Mapping[str, str]) -> Token:
        secret = self._app_secret.reveal()
        body = {"grantType": form["grant_type"], "appId": self._app_id, "appSecret": secret}
        if self._source_key is not None:
            body["sourceKey"] = self._source_key.reveal()
        said = self._http.query(TOKEN_PATH, body).json(_Token)
        if not said.accessToken:
            words = (said.msg or "no reason given").replace(secret, "***")
            raise AuthFailed(f"YunExpress gives no token: {words}")
        return Token(access_token=said.accessToken, expires_in=said.expiresIn)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


def _judge(reply: Reply) -> ConnectorError | None:
    """Any 4xx but too many requests is a refusal; its words may repeat the secret."""
    if 400 <= reply.status < 500 and reply.status not in {408, 420, 425, 429}:
        return AuthFailed(f"YunExpress refuses the login: HTTP {reply.status}")
    return None
