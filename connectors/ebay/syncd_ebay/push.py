"""EBay's pushes: which are genuine, and what they wake.

Sources: eBay's description of getPublicKey, its page on the Notification API, and its own SDKs
(event-notification-nodejs-sdk), which sign the compact form of the body.
"""

import base64
import binascii
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import msgspec

from syncd.connector import NOT_JSON, Push, Rejected, Wake
from syncd.http import Budget, HttpClient
from syncd_ebay.wire import Time, Wire

# What there is news of; of all other topics syncd wants none.
TOPICS = {
    "NEW_MESSAGE": "messages",
    "BUYER_QUESTION": "messages",
    "ORDER_CONFIRMATION": "orders",
    "ITEM_MARKED_SHIPPED": "orders",
    "ORDER_CANCELLATION_ACTIVITY": "returns",
    "ORDER_INQUIRY_ACTIVITY": "returns",
    "ORDER_RETURN_ACTIVITY": "returns",
}
KEY_SCOPE = "https://api.ebay.com/oauth/api_scope"

_DIGESTS = {"SHA1", "SHA256", "SHA384", "SHA512"}
_KEY_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----(.*)-----END PUBLIC KEY-----", re.DOTALL)
_MAX_HEADER = 2048
_MAX_KEYS = 16
_MAX_UNKNOWN = 256
# How long eBay is not asked again about a key that it does not know.
_UNKNOWN_FOR = timedelta(minutes=10)
# Keys change every few years: more look-ups than these are forgers', whatever ids they make up.
_LOOKUPS_PER_SECOND, _LOOKUPS_AT_ONCE = 1 / 60, 5
_TIMEOUT_SECONDS = 5.0
_MAX_KEY_BYTES = 16 * 1024


class Signature(Wire, frozen=True):
    """The header X-EBAY-SIGNATURE, out of its base64."""

    alg: str
    kid: str
    signature: str
    digest: str


class PublicKey(Wire, frozen=True):
    """A key as eBay gives it out."""

    key: str
    algorithm: str | None = None


class _Metadata(Wire, frozen=True):
    topic: str


class _Notification(Wire, frozen=True):
    notification_id: str
    publish_date: Time | None = None


class _Event(Wire, frozen=True):
    metadata: _Metadata
    notification: _Notification


class Keys:
    """EBay's public keys, each asked for once. Thread-safe.

    What forged pushes can make it ask is bounded: a few look-ups, then one a minute.
    """

    def __init__(self, http: HttpClient, now: Callable[[], datetime]) -> None:
        self._http = http
        self._now = now
        self._keys: OrderedDict[str, Any] = OrderedDict()
        self._unknown: OrderedDict[str, datetime] = OrderedDict()
        self._budget = Budget(_LOOKUPS_PER_SECOND, _LOOKUPS_AT_ONCE, patience=0)
        self._lock = Lock()

    def key(self, key_id: str) -> Any:
        """The key of this id; None: eBay knows none.

        Raises Unavailable where eBay cannot be asked now, AuthFailed where it refuses the app.
        """
        with self._lock:
            if key_id in self._keys:
                self._keys.move_to_end(key_id)
                return self._keys[key_id]
            if self._unknown.get(key_id, self._now()) > self._now():
                return None
        key = self._ask(key_id)
        with self._lock:
            _remember(self._unknown, key_id, self._now() + _UNKNOWN_FOR, _MAX_UNKNOWN, when=not key)
            _remember(self._keys, key_id, key, _MAX_KEYS, when=bool(key))
        return key

    def close(self) -> None:
        """Close the kept connections."""
        self._http.close()

    def _ask(self, key_id: str) -> Any:
        try:
            reply = self._http.get(f"/public_key/{key_id}", budget=self._budget)
        except Rejected:
            return None
        return _loaded(reply.json(PublicKey).key)


def _remember(
    kept: "OrderedDict[str, Any]", name: str, value: Any, most: int, *, when: bool
) -> None:
    if when:
        kept[name] = value
    if len(kept) > most:
        kept.popitem(last=False)


def keys_client(url: str, auth: Any, judge: Any) -> HttpClient:
    """What keys are asked for by: quick and small, since a platform waits for our answer."""
    return HttpClient(
        f"{url}/commerce/notification/v1",
        auth=auth,
        judge=judge,
        timeout=_TIMEOUT_SECONDS,
        max_bytes=_MAX_KEY_BYTES,
    )


def challenge(push: Push, token: str, url: str) -> Wake | None:
    """The answer by which eBay makes sure of an address."""
    code = push.query.get("challenge_code")
    if not code:
        return None
    digest = hashlib.sha256(f"{code}{token}{url}".encode()).hexdigest()
    return Wake(answer=msgspec.json.encode({"challengeResponse": digest}))


def verified(push: Push, keys: Keys) -> Wake | None:
    """What a push wakes; None where its signature is not eBay's. Raises what `Keys.key` does."""
    signature = _signature(push.headers.get("x-ebay-signature", ""))
    if signature is None:
        return None
    key = keys.key(signature.kid)
    if key is None or not any(_is_good(signature, key, body) for body in _forms(push.body)):
        return None
    return _wake(push.body)


def _signature(header: str) -> Signature | None:
    if len(header) > _MAX_HEADER:
        return None
    try:
        found = msgspec.json.decode(base64.b64decode(header), type=Signature)
    except (ValueError, *NOT_JSON):
        return None
    known = found.alg.upper() == "ECDSA" and found.digest.upper() in _DIGESTS
    return found if known and _KEY_ID.fullmatch(found.kid) else None


def _forms(body: bytes) -> list[bytes]:
    """The body as it came, and as eBay's SDKs write it again before they check."""
    try:
        compact = msgspec.json.encode(msgspec.json.decode(body))
    except NOT_JSON:
        return [body]
    return [body] if compact == body else [body, compact]


def _is_good(signature: Signature, key: Any, body: bytes) -> bool:
    # Imported here since it takes a tenth of a second, and most processes receive no pushes.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415

    digest = getattr(hashes, signature.digest.upper())()
    try:
        key.verify(base64.b64decode(signature.signature), body, ECDSA(digest))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _loaded(text: str) -> Any:
    """EBay's key, which comes without PEM's line breaks; None where it is no elliptic curve's."""
    from cryptography.hazmat.primitives.asymmetric.ec import (  # noqa: PLC0415  see above
        EllipticCurvePublicKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  see above
        load_der_public_key,
    )

    found = _PEM.search(text)
    try:
        key = load_der_public_key(base64.b64decode(found[1] if found else text))
    except (binascii.Error, ValueError):
        return None
    return key if isinstance(key, EllipticCurvePublicKey) else None


def _wake(body: bytes) -> Wake:
    try:
        event = msgspec.json.decode(body, type=_Event)
    except NOT_JSON:
        return Wake(streams=tuple(sorted(set(TOPICS.values()))))  # genuine, and of a new form
    stream = TOPICS.get(event.metadata.topic)
    return Wake(
        streams=(stream,) if stream else (),
        sent_at=event.notification.publish_date,
        event_id=event.notification.notification_id,
    )
