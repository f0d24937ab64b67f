"""The feed that everybody pulls: accounts with pages of messages, the same for every seed.

``/ACCOUNT/PAGE.json`` holds ``{"items": [...], "next": PAGE | null}``; the first page is ``0``.
"""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

ACCOUNTS = 20
PAGE_ITEMS = 100
MESSAGES_PER_CONVERSATION = 5
_START = datetime(2026, 3, 1, tzinfo=UTC)
_TOPICS = ("delivery", "return", "invoice", "product question", "address change", "other")
_TEXT = (
    "the parcel has not arrived yet and tracking shows nothing since monday could you please check "
    "with carrier order number is above we wanted it as a present for birthday next week thank you "
    "very much size colour wrong broken box replacement refund money back address street neighbour "
    "post office customs invoice company name VAT question delivery promised date still waiting"
)
_WORDS = _TEXT.split()


def write(root: Path, messages: int, seed: int = 1) -> int:
    """Write all pages under `root`; returns their bytes."""
    rng = random.Random(seed)
    per_account = messages // ACCOUNTS
    size = 0
    for account in range(ACCOUNTS):
        folder = root / name(account)
        folder.mkdir(parents=True)
        conversations = [n // MESSAGES_PER_CONVERSATION for n in range(per_account)]
        rng.shuffle(conversations)
        items = [_message(rng, account, *each) for each in enumerate(conversations)]
        pages = range(0, per_account, PAGE_ITEMS)
        for page, start in enumerate(pages):
            following = page + 1 if page + 1 < len(pages) else None
            body = {"items": items[start : start + PAGE_ITEMS], "next": following}
            size += (folder / f"{page}.json").write_bytes(_bytes(body))
    return size


def name(account: int) -> str:
    """An account's name, which is also its folder."""
    return f"shop{account:02}"


def _bytes(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def _message(rng: random.Random, account: int, number: int, conversation: int) -> dict[str, object]:
    created = _START + timedelta(seconds=number * 97 + rng.randrange(90))
    inbound = rng.random() < 0.6
    buyer = {
        "id": f"b{account:02}{conversation:06}",
        "name": f"Buyer {conversation}",
        "role": "buyer",
    }
    shop = {"id": f"s{account:02}", "name": f"Shop {account}", "role": "seller"}
    message: dict[str, object] = {
        "id": f"{account:02}-{number:08x}-{rng.getrandbits(64):016x}",
        "thread_id": f"t{account:02}-{conversation:08x}",
        "type": "text",
        "created_at": created.isoformat(timespec="milliseconds"),
        "updated_at": (created + timedelta(seconds=1)).isoformat(timespec="milliseconds"),
        "from": buyer if inbound else shop,
        "to": shop if inbound else buyer,
        "order_id": f"{account:02}-{conversation:05}-{conversation * 7919 % 100000:05}",
        "topic": rng.choice(_TOPICS),
        "body": " ".join(rng.choices(_WORDS, k=rng.randint(10, 34))),
        "read": inbound,
        "site": "www.marketplace.example",
        "language": rng.choice(("de", "en", "fr", "es", "it", "pl")),
        "link": f"https://www.marketplace.example/messages/{account:02}-{number:08x}",
    }
    if rng.random() < 0.1:
        message["attachments"] = [
            {"id": f"f{rng.getrandbits(48):012x}", "name": "photo.jpg", "type": "image/jpeg",
             "size": rng.randrange(10_000, 3_000_000)}
        ]  # fmt: skip
    return message
