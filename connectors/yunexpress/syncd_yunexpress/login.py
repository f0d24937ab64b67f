"""Signing in to YunExpress: a token for two hours, and a signature of every request."""

import base64
import hmac
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec

from syncd.connector import AuthFailed, ConnectorError, Secret
from syncd.http import HttpClient, Reply

PATH = "/v1/track-service/info/get"
# A token this close to its end is renewed before it is used, so that it cannot end on the way.
MARGIN = timedelta(seconds=60)


class _Token(msgspec.Struct):
    accessToken: str | None = None  # noqa: N815  YunExpress's names
    expiresIn: float = 7200  # noqa: N815
    msg: str | None = None


class Login:
    """Signs GET requests of `PATH`. Thread-safe."""

    def __init__(
        self,
        base_url: str,
        *,
        app_id: str,
        app_secret: Secret,
        source_key: Secret | None,
        now: Callable[[], datetime],
    ) -> None:
        self._http = HttpClient(base_url, judge=_judge)
        self._app_id = app_id
        self._app_secret = app_secret
        self._source_key = source_key
        self._now = now
        self._lock = threading.Lock()
        self._token = ""
        self._good_until: datetime | None = None

    def headers(self) -> Mapping[str, str]:
        """Token, time and signature; raises AuthFailed, SecretUnavailable or Unavailable."""
        token = self.token()
        date = str(int(self._now().timestamp() * 1000))
        said = f"date={date}&method=GET&uri={PATH}".encode()
        sign = hmac.digest(self._app_secret.reveal().encode(), said, "sha256")
        return {"token": token, "date": date, "sign": base64.b64encode(sign).decode()}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Drop the refused token, unless another thread has replaced it already."""
        with self._lock:
            if refused.get("token") == self._token:
                self._good_until = None
        return True

    def token(self) -> str:
        """One that is good for at least another minute."""
        with self._lock:
            if self._good_until is None or self._now() >= self._good_until:
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        secret = self._app_secret.reveal()
        body = {"grantType": "client_credentials", "appId": self._app_id, "appSecret": secret}
        if self._source_key is not None:
            body["sourceKey"] = self._source_key.reveal()
        said = self._http.query("/openapi/oauth2/token", body).json(_Token)
        if not said.accessToken:
            words = (said.msg or "no reason given").replace(secret, "***")
            raise AuthFailed(f"YunExpress gives no token: {words}")
        self._token = said.accessToken
        self._good_until = self._now() + timedelta(seconds=said.expiresIn) - MARGIN

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


def _judge(reply: Reply) -> ConnectorError | None:
    """Any 4xx but too many requests is a refusal; its words may repeat the secret."""
    if 400 <= reply.status < 500 and reply.status not in {408, 420, 425, 429}:
        return AuthFailed(f"YunExpress refuses the login: HTTP {reply.status}")
    return None
