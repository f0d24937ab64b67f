"""17TRACK's webhook: which number has news, and whether it was 17TRACK that said so. Pure."""

import hashlib
import hmac

import msgspec

from syncd.connector import NOT_JSON, Push, Wake


class _Parcel(msgspec.Struct, frozen=True):
    number: str = ""


class _Notice(msgspec.Struct, frozen=True):
    data: _Parcel = _Parcel()


def signature(body: bytes, key: str) -> str:
    """What the header ``sign`` holds: SHA-256 of the body, a slash and the key, in small hex."""
    return hashlib.sha256(b"%b/%b" % (body, key.encode())).hexdigest()


def pushed(push: Push, key: str) -> Wake | None:
    """What a webhook wakes, of an update or of the end of tracking; None: not genuine."""
    said = push.headers.get("sign", "").encode()
    if not hmac.compare_digest(said, signature(push.body, key).encode()):
        return None
    try:
        number = msgspec.json.decode(push.body, type=_Notice).data.number
    except NOT_JSON:
        return Wake()  # signed, as the dashboard's test message is, and about no parcel
    return Wake(tracking_numbers=(number,) if number else ())
