"""Files for messages: each is put to an address that Amazon signs for it."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from syncd.connector import ConnectorError, OutcomeUnknown, Rejected, Unavailable
from syncd.http import Encoded, HttpClient, Reply, segment
from syncd.model import Attachment
from syncd_amazon.client import MESSAGING, AmazonClient
from syncd_amazon.wire import Destination

# The buckets are Amazon's own; nothing else that an answer names gets a buyer's file.
STORAGE = ".amazonaws.com"
_HEADERS = frozenset({"content-md5", "content-type", "content-disposition"})


class Uploads:
    """Puts files where Amazon wants them; `own_host` is allowed too, for tests."""

    def __init__(self, client: AmazonClient, base_url: str) -> None:
        self._client = client
        self._own = urlsplit(base_url)

    def put(
        self, files: tuple[Attachment, ...], order_id: str, store: str, action: str
    ) -> list[dict[str, str]]:
        """Put the files, and give what a message names them by.

        Nothing has been sent when it raises: Unavailable where it may go well later, Rejected.
        """
        resource = f"{MESSAGING}/{segment(order_id)}/messages/{action}"
        return [self._put(file, resource, store) for file in files]

    def _put(self, file: Attachment, resource: str, store: str) -> dict[str, str]:
        content = file.content or b""
        # In base64: a hex digest becomes a header that the storage refuses (docs issue 1245).
        digest = b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        place = self._client.upload_destination(resource, store, digest)
        self._check(place, digest)
        parts = urlsplit(place.url)
        storage = HttpClient(
            f"{parts.scheme}://{parts.netloc}", headers=_headers(place), judge=_judge
        )
        try:
            storage.put(place.url, Encoded(content, file.media_type))
        except OutcomeUnknown as error:
            raise Unavailable(f"the file {file.name!r} could not be put: {error}") from None
        finally:
            storage.close()
        return {"uploadDestinationId": place.upload_destination_id, "fileName": file.name}

    def _check(self, place: Destination, digest: str) -> None:
        parts = urlsplit(place.url)
        own = (parts.scheme, parts.netloc) == (self._own.scheme, self._own.netloc)
        if not own and not (parts.scheme == "https" and (parts.hostname or "").endswith(STORAGE)):
            raise Rejected(f"Amazon names {parts.hostname!r} for a file, which is not its storage")
        told = {name.lower(): value for name, value in place.headers.items()}.get("content-md5")
        if told not in {None, digest}:
            raise Rejected("Amazon names a place for a file with other content")


def _headers(place: Destination) -> Mapping[str, str]:
    """Those that are signed; others that an answer names are left out."""
    return {
        name: value
        for name, value in place.headers.items()
        if name.lower() in _HEADERS or name.lower().startswith("x-amz-")
    }


def _judge(reply: Reply) -> ConnectorError | None:
    """The storage's refusals are about the signed address, never about the seller's login."""
    if reply.status < 400:
        return None
    return Unavailable(f"the storage for files answers {reply.status}", reply.retry_after)


def body(text: str, files: list[dict[str, str]]) -> dict[str, Any]:
    """The body of a message."""
    return ({"text": text} if text else {}) | ({"attachments": files} if files else {})
