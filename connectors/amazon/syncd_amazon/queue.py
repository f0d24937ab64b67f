"""Amazon's notifications of changed orders, read from an SQS queue.

A notification only wakes the poll. It is deleted from the queue whatever it says: what it tells is
read from the API, and one that got lost is made up for by the next poll at its interval.
"""

import threading
from typing import Any
from urllib.parse import urlsplit

import msgspec

from syncd.connector import NOT_JSON, Unavailable
from syncd_amazon.settings import QueueSettings

# What SQS allows for one request.
LONGEST_WAIT, MOST = 20, 10
WAKES = "ORDER_CHANGE"


class _Change(msgspec.Struct):
    seller_id: str = msgspec.field(name="SellerId", default="")


class _Payload(msgspec.Struct):
    change: _Change | None = msgspec.field(name="OrderChangeNotification", default=None)


class Notification(msgspec.Struct):
    """What a notification is about; schemas/notifications/OrderChangeNotification.json."""

    kind: str = msgspec.field(name="NotificationType", default="")
    payload: _Payload = msgspec.field(name="Payload", default_factory=_Payload)


class OrderQueue:
    """The queue of one account."""

    def __init__(self, settings: QueueSettings, seller_id: str) -> None:
        self._settings = settings
        self._seller_id = seller_id
        self._lock = threading.Lock()
        self._client: Any = None

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds` for news of this seller's orders; whether there is any.

        Raises Unavailable where the queue cannot be read.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  an extra

        try:
            return self._receive(min(int(seconds), LONGEST_WAIT))
        except (BotoCoreError, ClientError) as error:
            raise Unavailable(f"the queue of notifications: {error}") from None

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _receive(self, seconds: int) -> bool:
        sqs, url = self._connected(), self._settings.url
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=MOST, WaitTimeSeconds=max(seconds, 0)
        )
        messages = answer.get("Messages", [])
        if messages:
            handles = [
                {"Id": str(number), "ReceiptHandle": one["ReceiptHandle"]}
                for number, one in enumerate(messages)
            ]
            sqs.delete_message_batch(QueueUrl=url, Entries=handles)
        return any(is_news(one.get("Body", ""), self._seller_id) for one in messages)

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = _connect(self._settings)
            return self._client


def is_news(body: str, seller_id: str) -> bool:
    """Whether a message in the queue tells of a changed order of this seller."""
    try:
        told = msgspec.json.decode(body, type=Notification)
    except NOT_JSON:
        return False
    change = told.payload.change
    return told.kind == WAKES and change is not None and change.seller_id in {"", seller_id}


def _connect(settings: QueueSettings) -> Any:
    from botocore.config import Config  # noqa: PLC0415  an extra
    from botocore.session import Session  # noqa: PLC0415

    secret = settings.secret_access_key
    parts = urlsplit(settings.url)
    return Session().create_client(
        "sqs",
        region_name=settings.region,
        endpoint_url=f"{parts.scheme}://{parts.netloc}",
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=secret.reveal() if secret else None,
        config=Config(
            connect_timeout=10, read_timeout=LONGEST_WAIT + 10, retries={"total_max_attempts": 2}
        ),
    )
