"""A seller's consent by OAuth 2: what `syncd connect` hands to a connector."""

import base64
import hashlib

import msgspec


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """One walk through a platform's consent page (RFC 6749, 4.1)."""

    state: str
    """A random word that the platform has to give back, which proves that this walk was meant."""
    redirect: str
    """Where the platform sends the browser with the code: a page on this machine's loopback."""
    verifier: str
    """The secret half of PKCE (RFC 7636), for the exchange; `challenge` is what the page gets."""

    @property
    def challenge(self) -> str:
        """The public half of PKCE, by the method S256."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def __repr__(self) -> str:
        return f"Consent(redirect={self.redirect!r})"
