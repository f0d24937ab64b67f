"""OAuth 2 by refresh token, renewed once however many threads find it expired (RFC 6749, 6)."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import httpx
import msgspec

from syncd.connector import AuthFailed, Unavailable
from syncd.http.client import TIMEOUT_SECONDS, Reply, tls
from syncd.secret import Secret

# A token this close to its end is renewed before it is used, so that it cannot end on the way.
MARGIN = timedelta(seconds=60)


class Token(msgspec.Struct):
    """A token endpoint's answer."""

    access_token: str
    expires_in: float = 3600
    refresh_token: str | None = None
    """Given where it is rotated: the old one is then dead, this one good until the next."""

    def __repr__(self) -> str:
        return "Token(***)"


class OAuth2:
    """Signs in with an access token made from a refresh token, or from client credentials.

    `now` is the connector's clock. With a `refresh_token` the grant is ``refresh_token``, without
    one ``client_credentials``. `basic` sends the client's id and secret as HTTP Basic, as eBay
    wants it, instead of in the form.
    """

    def __init__(
        self,
        token_url: str,
        *,
        client_id: str,
        client_secret: Secret | None,
        now: Callable[[], datetime],
        refresh_token: Secret | None = None,
        scope: str | None = None,
        basic: bool = False,
    ) -> None:
        self._url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._refresh_token = refresh_token
        self._now = now
        self._scope = scope
        self._basic = basic
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._rotated: str | None = None
        self._good_until: datetime | None = None

    def headers(self) -> Mapping[str, str]:
        """A bearer token, made or renewed where needed."""
        return {"authorization": f"Bearer {self.access_token()}"}

    def access_token(self) -> str:
        """A token that is good for at least another minute.

        Raises AuthFailed where the grant is refused, Unavailable where the endpoint is not there.
        """
        with self._lock:
            if self._good_until is None or self._now() >= self._good_until:
                self._fetch()
            assert self._token is not None
            return self._token.access_token

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Renew after a 401, unless another thread has already replaced the refused token."""
        with self._lock:
            current = self._token.access_token if self._token else None
            if refused.get("authorization") == f"Bearer {current}":
                self._fetch()
        return True

    def _fetch(self) -> None:
        try:
            response = httpx.post(
                self._url,
                data=self._form(),
                auth=self._client(),
                timeout=TIMEOUT_SECONDS,
                verify=tls(),
                trust_env=False,
            )
        except httpx.HTTPError as error:
            raise Unavailable(f"token endpoint: {type(error).__name__}: {error}") from None
        if response.status_code == 429 or response.status_code >= 500:
            wait = Reply(response.status_code, response.headers, response.content).retry_after
            raise Unavailable(f"token endpoint: HTTP {response.status_code}", retry_after=wait)
        if response.status_code >= 400:
            raise AuthFailed(f"token endpoint: HTTP {response.status_code}: {_error(response)}")
        self._keep(response.content)

    def _keep(self, content: bytes) -> None:
        try:
            token = msgspec.json.decode(content, type=Token, strict=False)  # some write "3600"
        except msgspec.MsgspecError as error:
            raise Unavailable(f"token endpoint: not a token answer: {error}") from None
        self._token = token
        self._rotated = token.refresh_token or self._rotated
        self._good_until = self._now() + timedelta(seconds=token.expires_in) - MARGIN

    def _form(self) -> dict[str, str]:
        form = {"grant_type": "client_credentials"}
        if self._refresh_token is not None:
            form = {"grant_type": "refresh_token", "refresh_token": self._current_refresh_token()}
        if self._scope:
            form["scope"] = self._scope
        if not self._basic:
            form["client_id"] = self._client_id
            if self._client_secret is not None:
                form["client_secret"] = self._client_secret.reveal()
        return form

    def _current_refresh_token(self) -> str:
        if self._rotated is not None:
            return self._rotated
        assert self._refresh_token is not None
        return self._refresh_token.reveal()

    def _client(self) -> tuple[str, str] | None:
        if not self._basic:
            return None
        return self._client_id, self._client_secret.reveal() if self._client_secret else ""


def _error(response: httpx.Response) -> str:
    """The standard's error word and nothing else: some endpoints echo what they were sent."""
    try:
        fields = msgspec.json.decode(response.content, type=dict[str, object])
    except msgspec.MsgspecError:
        return "no reason given"
    return str(fields.get("error", "no reason given"))
