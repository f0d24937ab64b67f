"""Signing in with a fixed token in a header."""

from collections.abc import Mapping

from syncd.secret import Secret


class HeaderToken:
    """Signs in with ``HEADER: PREFIXtoken``; by default ``Authorization: Bearer token``.

    The token is read at every request, so that a rotated one works without a restart.
    """

    def __init__(
        self, token: Secret, *, header: str = "authorization", prefix: str = "Bearer "
    ) -> None:
        self._token = token
        self._header = header
        self._prefix = prefix

    def headers(self) -> Mapping[str, str]:
        """The header; raises SecretUnavailable where the token cannot be read."""
        return {self._header: f"{self._prefix}{self._token.reveal()}"}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Whether another token has been put in place since the refused one was read."""
        return self.headers() != refused
