"""The feed's messages as everybody who decodes them by msgspec sees them."""

from datetime import datetime

import msgspec


class Who(msgspec.Struct):
    id: str
    name: str
    role: str


class File(msgspec.Struct):
    id: str
    name: str
    type: str
    size: int


class Row(msgspec.Struct, rename={"sender": "from"}):
    id: str
    thread_id: str
    created_at: datetime
    sender: Who
    to: Who
    order_id: str
    topic: str
    body: str
    language: str
    attachments: list[File] = []


class RawPage(msgspec.Struct):
    items: list[msgspec.Raw]
    next: int | None
