"""How the account signs in, by IMAP and SMTP alike."""

import binascii
import re
import ssl
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlencode

from syncd.connector import Consent, Context, Rejected, Unavailable
from syncd.http import OAuth2
from syncd_imap.settings import ImapConfig, OAuthSettings

# As AUTH PLAIN, LOGIN and XOAUTH2 send it.
_BASE64 = re.compile(r"[A-Za-z0-9+/]{4,}={0,2}")


class Login:
    """The account's name with its password or token. Thread-safe."""

    def __init__(self, config: ImapConfig, context: Context) -> None:
        self.name = config.login_name
        self._password = config.password
        self._settings = config.oauth
        self._oauth = None if config.oauth is None else _oauth(config.oauth, context)

    @property
    def by_token(self) -> bool:
        """Whether it signs in by XOAUTH2."""
        return self._oauth is not None

    def secret(self) -> str:
        """The password, or a token that is good for another minute.

        Raises AuthFailed, Unavailable or SecretUnavailable.
        """
        if self._oauth is not None:
            return self._oauth.access_token()
        assert self._password is not None
        return self._password.reveal()

    def renew(self, refused: str) -> bool:
        """Replace a token that the server refused; False: there is only the password."""
        if self._oauth is None:
            return False
        return self._oauth.renew({"authorization": f"Bearer {refused}"})

    def authorize_url(self, consent: Consent) -> str:
        """The provider's page for the mailbox's owner; Rejected where the config names none."""
        settings = self._settings
        if settings is None:
            raise Rejected("the account signs in by a password: there is nothing to connect")
        if settings.authorize_url is None:
            raise Rejected("set oauth.authorize_url to the provider's page for a consent")
        asked = {
            "client_id": settings.client_id,
            "redirect_uri": consent.redirect,
            "response_type": "code",
            "state": consent.state,
            "code_challenge": consent.challenge,
            "code_challenge_method": "S256",
        } | ({"scope": settings.scope} if settings.scope else {})
        joint = "&" if "?" in settings.authorize_url else "?"
        return f"{settings.authorize_url}{joint}{urlencode(asked)}"

    def exchange(self, code: str, consent: Consent) -> None:
        """Get the owner's tokens for the code."""
        if self._oauth is None:
            raise Rejected("the account signs in by a password: there is nothing to connect")
        self._oauth.exchange(code, redirect=consent.redirect, verifier=consent.verifier)

    def xoauth2(self, token: str) -> str:
        """The initial response of XOAUTH2, as Google and Microsoft describe it."""
        return f"user={self.name}\x01auth=Bearer {token}\x01\x01"


def _oauth(settings: OAuthSettings, context: Context) -> OAuth2:
    return OAuth2(
        settings.token_url,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        refresh_token=settings.refresh_token,
        scope=settings.scope,
        now=context.now,
        by_consent=settings.authorize_url is not None,
        tokens=context.tokens,
    )


@lru_cache
def tls(ca_file: Path | None) -> ssl.SSLContext:
    """One context for all accounts: loading the certificates takes about 30 ms of CPU.

    Raises Unavailable where `ca_file` holds none that can be read.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # it does not say of which file
        said = f"ca_file {ca_file} cannot be read: {error.strerror}; correct the file or the path"
        raise Unavailable(said) from None


def without(secret: str, said: object) -> str:
    """A server's words without the secret, should it repeat what it was sent, in whatever form."""
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if secret:
        quoted = re.sub(r'(["\\])', r"\\\1", secret)
        words = words.replace(secret, "***").replace(quoted, "***")
        words = _BASE64.sub(lambda it: "***" if _holds(it[0], secret) else it[0], words)
    return words[:300]


def _holds(encoded: str, secret: str) -> bool:
    return secret.encode() in binascii.a2b_base64(encoded[: len(encoded) // 4 * 4])
