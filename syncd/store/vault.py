"""What keeps login tokens unreadable in the database: Fernet, under a key from outside of it."""

import base64
import binascii

import msgspec

from syncd.secret import Secret, SecretUnavailable

KEY_BYTES = 32
_HOW = "make one with `openssl rand -base64 32`"


class KeyUnusable(SecretUnavailable):
    """The key of the store is missing, is no key, or is not the one; the text says what to do."""


class Vault:
    """Encrypts and decrypts texts under the keys that `key` refers to.

    Several lines are several keys: the first encrypts, each decrypts, so that a key can be changed
    without a moment in which nothing can be read. A text is bound to its place: moved to another
    row it cannot be read. Raises KeyUnusable for what is no key, SecretUnavailable where there is
    nothing.
    """

    def __init__(self, key: Secret) -> None:
        # Imported here since most commands keep no tokens and it takes a tenth of a second.
        from cryptography.fernet import Fernet, InvalidToken, MultiFernet  # noqa: PLC0415

        lines = [line for line in key.reveal().split() if line]
        self._fernet = MultiFernet([Fernet(_key(line)) for line in lines or [""]])
        self._wrong: type[Exception] = InvalidToken

    def encrypt(self, place: str, text: str) -> bytes:
        """`text` as it may lie in the database."""
        return self._fernet.encrypt(msgspec.json.encode((place, text)))

    def decrypt(self, place: str, ciphertext: bytes) -> str:
        """The text again; raises KeyUnusable if not encrypted by these keys or for here."""
        try:
            sealed, text = msgspec.json.decode(
                self._fernet.decrypt(ciphertext), type=tuple[str, str]
            )
        except (self._wrong, msgspec.MsgspecError):
            raise KeyUnusable("it was encrypted under another key than [store] key") from None
        if sealed != place:
            raise KeyUnusable("it was put here from another row of the table")
        return text


def _key(line: str) -> bytes:
    """A key as Fernet wants it, from base64 in either of its alphabets."""
    try:
        raw = base64.b64decode(line.translate(_TO_STANDARD), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise KeyUnusable(
            f"[store] key: what it refers to is no key of {KEY_BYTES} bytes in base64; {_HOW}"
        )
    return base64.urlsafe_b64encode(raw)


_TO_STANDARD = str.maketrans("-_", "+/")
