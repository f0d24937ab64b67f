"""OAuth 2 by refresh token, renewed once however many threads find it expired (RFC 6749, 6)."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import httpx
import msgspec
from msgspec.structs import replace

from syncd.connector import NOT_JSON, AuthFailed, MemoryTokens, TokenKeeper, Unavailable
from syncd.http.client import TIMEOUT_SECONDS
from syncd.http.kept import Kept, KeptTokens
from syncd.http.reply import Reply, blocked
from syncd.http.wire import tls
from syncd.secret import Secret

# A token this close to its end is renewed before it is used, so that it cannot end on the way.
MARGIN = timedelta(seconds=60)
MAX_TOKEN_BYTES = 1024 * 1024
# Some platforms mean "for ever" by numbers that no calendar has.
_LONGEST = timedelta(days=366)


class Token(msgspec.Struct):
    """A token endpoint's answer."""

    access_token: str
    expires_in: float = 3600
    refresh_token: str | None = None
    """Given where it is rotated: the old one is then dead, this one good until the next."""

    def __repr__(self) -> str:
        return "Token(***)"


class DeadGrant(AuthFailed):
    """The refresh token or code itself is refused, and not the client."""


Ask = Callable[[Mapping[str, str]], Token]
"""Asks a token endpoint of a platform's own kind.

It is given the fields of RFC 6749: `grant_type`, and `refresh_token`, or `code` and `redirect_uri`.
Raises AuthFailed (DeadGrant where it is the refresh token that is refused) or Unavailable.
"""


class OAuth2:
    """Signs in with an access token made from a refresh token, or from client credentials.

    `now` is the connector's clock. With a `refresh_token` the grant is ``refresh_token``, without
    one ``client_credentials``, unless `by_consent` says that there is one only after
    ``syncd connect``. `basic` sends the client's id and secret as HTTP Basic, as eBay wants it,
    instead of in the form.

    `tokens` is `Context.tokens`: a refresh token that the platform rotates is kept there before
    the access token that came with it is used, and the configured one is only the first. Access
    tokens are kept there too, so that processes beside each other share one.

    A `header` other than ``authorization`` carries the bare token. `ask` stands in for the standard
    request to `token_url`, for platforms whose endpoint is of their own kind.
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
        by_consent: bool = False,
        tokens: TokenKeeper | None = None,
        header: str = "authorization",
        ask: Ask | None = None,
    ) -> None:
        self._url = token_url
        self._header = header
        self._ask = ask or self._ask_by_standard
        self._client_id = client_id
        self._client_secret = client_secret
        self._refresh_token = refresh_token
        self._now = now
        self._scope = scope
        self._basic = basic
        self._by_consent = by_consent
        self._kept = KeptTokens(tokens or MemoryTokens(), self._origin)
        self._lock = threading.Lock()
        self._token: Kept | None = None
        self._unsaved: tuple[Token, datetime] | None = None
        """What was given out and could not be kept yet, with the time until which it is good."""

    def headers(self) -> Mapping[str, str]:
        """A bearer token, made or renewed where needed."""
        return self._carried(self.access_token())

    def access_token(self) -> str:
        """A token that is good for at least another minute.

        Raises AuthFailed where the grant is refused, Unavailable where the endpoint is not there or
        what it gave cannot be kept.
        """
        with self._lock:
            if self._token is None or not self._token.is_good(self._now()):
                self._token = self._make(refused=None)
            return self._token.token

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Renew what was refused, unless another thread has already replaced the refused token."""
        with self._lock:
            current = self._token.token if self._token else None
            if current is not None and refused == self._carried(current):
                self._token = self._make(refused=current)
        return True

    def exchange(self, code: str, *, redirect: str, verifier: str | None = None) -> None:
        """Turn the code of a consent page into tokens, and keep them (RFC 6749, 4.1.3).

        Raises what `access_token` raises.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        if verifier is not None:
            form["code_verifier"] = verifier
        with self._lock, self._kept.renewing():
            token = self._ask(form)
            if token.refresh_token is None and self._by_consent:
                raise AuthFailed("token endpoint: it gave no refresh token for this consent")
            self._token = self._keep(token, self._end(token))

    def _make(self, refused: str | None) -> Kept:
        """Get an access token other than `refused`: one that another process made, or a new one."""
        if self._unsaved is not None:
            made = self._keep(*self._unsaved)
            if made.is_good(self._now()):
                return made
        shared = self._shared(refused)
        if shared is not None:
            return shared
        with self._kept.renewing():
            shared = self._shared(refused)  # of whoever had their turn before
            if shared is not None:
                return shared
            token = self._fetch()
            return self._keep(token, self._end(token))

    def _shared(self, refused: str | None) -> Kept | None:
        """The kept access token, where it is good and not the one that was refused."""
        shared = self._kept.access_token()
        if shared is None or shared.token == refused or not shared.is_good(self._now()):
            return None
        return shared

    def _fetch(self) -> Token:
        if self._refresh_token is None and not self._by_consent:
            return self._ask({"grant_type": "client_credentials"} | self._scoped())
        refusal = AuthFailed("there is no login yet: `syncd connect` asks the seller for a consent")
        tried: set[str | None] = {None}
        # The kept one is read again after a refusal: should a turn have taken longer than it may,
        # another process has rotated it meanwhile.
        for candidate in (self._kept.refresh_token, self._kept.refresh_token, self._configured):
            if (token := candidate()) not in tried:
                tried.add(token)
                form = {"grant_type": "refresh_token", "refresh_token": str(token)}
                try:
                    made = self._ask(form | self._scoped())
                except DeadGrant as error:
                    refusal = error
                else:
                    return replace(made, refresh_token=made.refresh_token or token)
        if self._by_consent and isinstance(refusal, DeadGrant):
            raise DeadGrant(f"{refusal}; `syncd connect` asks the seller for another consent")
        raise refusal

    def _carried(self, token: str) -> dict[str, str]:
        bearer = "Bearer " if self._header == "authorization" else ""
        return {self._header: f"{bearer}{token}"}

    def _ask_by_standard(self, form: Mapping[str, str]) -> Token:
        try:
            with httpx.stream(
                "POST",
                self._url,
                data={**form, **self._client_fields()},
                auth=self._client(),
                timeout=TIMEOUT_SECONDS,
                verify=tls(),
                trust_env=False,
            ) as response:
                content = _read(response)
        except httpx.HTTPError as error:
            raise Unavailable(f"token endpoint: {type(error).__name__}: {error}") from None
        return _answered(Reply(response.status_code, response.headers, content, private=True))

    def _keep(self, token: Token, good_until: datetime) -> Kept:
        """Keep what was given out, before it is used."""
        self._unsaved = token, good_until
        known = self._kept.refresh_token() or self._configured()
        if token.refresh_token and token.refresh_token != known:
            self._kept.keep_refresh_token(token.refresh_token)
        made = self._kept.keep_access_token(token.access_token, good_until)
        self._unsaved = None
        return made

    def _end(self, token: Token) -> datetime:
        lasts = timedelta(seconds=max(0.0, min(token.expires_in, _LONGEST.total_seconds())))
        return self._now() + lasts - MARGIN

    def _configured(self) -> str | None:
        return self._refresh_token.reveal() if self._refresh_token else None

    def _origin(self) -> tuple[str, ...]:
        return (self._url, self._client_id, self._scope or "", self._configured() or "")

    def _scoped(self) -> dict[str, str]:
        return {"scope": self._scope} if self._scope else {}

    def _client_fields(self) -> dict[str, str]:
        if self._basic:
            return {}
        secret = self._client_secret
        return {"client_id": self._client_id} | (
            {"client_secret": secret.reveal()} if secret is not None else {}
        )

    def _client(self) -> tuple[str, str] | None:
        if not self._basic:
            return None
        return self._client_id, self._client_secret.reveal() if self._client_secret else ""


def _read(response: httpx.Response) -> bytes:
    content = b""
    for part in response.iter_bytes():
        content += part
        if len(content) > MAX_TOKEN_BYTES:
            raise Unavailable(f"token endpoint: the answer is over {MAX_TOKEN_BYTES} bytes")
    return content


def _answered(reply: Reply) -> Token:
    if reply.status == 429 or reply.status >= 500:
        raise Unavailable(f"token endpoint: HTTP {reply.status}", retry_after=reply.retry_after)
    if error := blocked(reply):
        raise Unavailable(f"token endpoint: {error}", error.retry_after)
    if reply.status >= 400:
        word = _error(reply.content)
        refusal = DeadGrant if word == "invalid_grant" else AuthFailed
        raise refusal(f"token endpoint: HTTP {reply.status}: {word}")
    try:
        return msgspec.json.decode(reply.content, type=Token, strict=False)  # "3600" is written
    except NOT_JSON as error:
        raise Unavailable(f"token endpoint: not a token answer: {error}") from None


def _error(content: bytes) -> str:
    """The standard's error word and nothing else: some endpoints echo what they were sent."""
    try:
        fields = msgspec.json.decode(content, type=dict[str, object])
    except NOT_JSON:
        return "no reason given"
    word = fields.get("error")
    return word[:100] if isinstance(word, str) else "no reason given"
