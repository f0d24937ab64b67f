"""The fake eBay's pushes: signed as eBay signs them, with a key of its own that it gives out."""

import base64
import hashlib
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from syncd.connector import Push
from syncd.testing.ebay_cases import EbayCases
from syncd.testing.ebay_shop import iso
from syncd.testing.server import Answer, Request, route

KEYS = "/commerce/notification/v1/public_key"


class EbayPush(EbayCases):
    """Makes pushes, and gives out the key that proves them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.key_id = str(uuid.uuid4())
        self._key = ec.generate_private_key(ec.SECP256R1())

    def push(self, topic: str, *, digest: str = "SHA1", compact: bool = True, **data: Any) -> Push:
        """A push as the listener hands it on; eBay signs the compact form of its JSON."""
        event = self._event(topic, data)
        body = msgspec.json.encode(event)
        header = self.signature(body, digest)
        sent = body if compact else msgspec.json.format(body, indent=2)
        return Push(headers={"x-ebay-signature": header}, body=sent)

    def signature(self, body: bytes, digest: str = "SHA1", key_id: str | None = None) -> str:
        """The header X-EBAY-SIGNATURE for a body."""
        signed = self._key.sign(body, ec.ECDSA(getattr(hashes, digest)()))
        fields = {
            "alg": "ecdsa",
            "kid": key_id or self.key_id,
            "signature": base64.b64encode(signed).decode(),
            "digest": digest,
        }
        return base64.b64encode(msgspec.json.encode(fields)).decode()

    def challenge(self, code: str) -> Push:
        """The request by which eBay makes sure of an address."""
        return Push(headers={}, body=b"", query={"challenge_code": code}, method="GET")

    @route("GET", f"{KEYS}/([^/]+)")
    def public_key(self, request: Request) -> Answer:
        """The key of an id, on one line as eBay gives it."""
        if request.groups[0] != self.key_id:
            error = {"errorId": 195001, "domain": "API_NOTIFICATION", "category": "REQUEST"}
            return Answer.json({"errors": [error | {"message": "Invalid key id."}]}, 404)
        pem = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        key = {"key": pem.decode().replace("\n", ""), "algorithm": "ECDSA", "digest": "SHA1"}
        return Answer.json(key)

    def _event(self, topic: str, data: dict[str, Any]) -> dict[str, Any]:
        at = iso(self._now())
        seed = hashlib.sha256(msgspec.json.encode([topic, data, at])).hexdigest()
        return {
            "metadata": {"topic": topic, "schemaVersion": "1.0", "deprecated": False},
            "notification": {
                "notificationId": str(uuid.UUID(seed[:32])),
                "eventDate": at,
                "publishDate": at,
                "publishAttemptCount": 1,
                "data": data,
            },
        }
