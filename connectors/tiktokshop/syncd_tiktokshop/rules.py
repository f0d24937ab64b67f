"""TikTok Shop's rules that a message's text does not show; length, links, contacts: syncd's data.

Source: "Send Message" (kinds and length) and "Get Conversations" (who may be written to).
"""

from syncd.connector import text_length
from syncd.model import Draft, Verdict

MAX_CHARACTERS = 2000
WHO = (
    "TikTok lets a shop write to a buyer who wrote within 30 days, ordered within 60 days, "
    "or ever asked for a return or refund"
)

NO_CHAT = "this account has `chat = false`: its app may not use TikTok's chat"


def may_send(draft: Draft, *, chat: bool) -> Verdict:
    """Whether TikTok lets `draft` out, as far as can be told without asking."""
    reason = _switched_off(chat=chat) or _recipient(draft) or _shape(draft)
    return Verdict.never(reason) if reason else Verdict.yes()


def _switched_off(*, chat: bool) -> str:
    return "" if chat else NO_CHAT


def _recipient(draft: Draft) -> str:
    if draft.thread_id or draft.buyer.id or draft.order_id:
        return ""
    return "neither a conversation nor the buyer nor an order of theirs is known"


def _shape(draft: Draft) -> str:
    if draft.attachments:
        return "only text can be sent, no files"
    if not draft.text.strip():
        return "the text is empty"
    length = text_length(draft.text)
    if length > MAX_CHARACTERS:
        return f"the text has {length} characters, TikTok takes {MAX_CHARACTERS}"
    return ""
