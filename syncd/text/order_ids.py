"""Order ids in what people write.

A find is only a candidate: it counts where the account's orders hold it. The shapes come from
the platforms' own documents and SDKs; those that are bare digits look like phone or parcel
numbers, so they need a word for "order" close by.
"""

import re

from syncd.model.widths import narrow

_AT_MOST = 100
"""A mail that names more is a report, not a question about an order."""
_NEAR = 30
_DASH = "[-\u2010-\u2013]"
_PLAIN_DASH = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013"), "-")
# Every shape begins with a plain character and looks back only after it, so that the engine skips
# ordinary words without trying anything; what is before and after must not belong to the
# id. (Letters of other scripts may: Chinese has no spaces.)
_STARTS = r"(?<![0-9A-Za-z_\-\u2010-\u2013].)"
_ENDS = rf"(?![0-9A-Za-z_]|{_DASH}[0-9A-Za-z])"
_STRONG = "|".join(
    (
        rf"[0-9]{{2}}{_DASH}[0-9]{{7}}{_DASH}[0-9]{{7}}",  # Amazon
        rf"(?<=D)01{_DASH}[0-9]{{7}}{_DASH}[0-9]{{7}}",  # Amazon, digital goods
        rf"[0-9]{_DASH}[0-9]{{5}}{_DASH}[0-9]{{5}}",  # eBay
        rf"[0-9]{{11}}{_DASH}[0-9]{{9,16}}",  # eBay's older: item and transaction
        rf"[0-9]{{12}}{_DASH}[0-9]{{15}}",  # Walmart, the customer's number
        # Shopee: the day it was placed and eight characters, of which one is a letter.
        r"[0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?=[0-9]{0,7}[A-Z])[A-Z0-9]{8}",
    )
)
# Etsy and bol 10, Walmart's purchase orders 13 and 15, Lazada 15 and 16, AliExpress and
# Mercado Libre 16, TikTok Shop 18 digits.
_BARE = r"[0-9]{9}(?:[0-9]{3}(?:[0-9]{2,3}|[0-9]{5})?)?"
_SHAPES = re.compile(rf"[0-9D]{_STARTS}(?:{_STRONG}|(?P<bare>(?<=[0-9]){_BARE})){_ENDS}")

# Stems, so that every inflection and compound counts; "border" does too, which costs a look-up.
_ORDER = (
    "order", "bestell", "auftrag", "commande", "pedido", "orden", "ordine", "ordre", "encomenda",
    "注文", "订单", "訂單", "заказ", "zamówieni", "zamowieni", "purchase", "beställ", "bestill", "tilau",
    "objedn", "rendel", "comand", "sipari", "narud", "naroči", "užsak", "pasūt", "tellimu", "pesanan",
    "đơn", "замовл", "поръч", "παραγγ", "주문", "คำสั่งซื้อ", "طلب", "הזמנ",
)  # fmt: skip


def find(text: str) -> tuple[str, ...]:
    """The order ids that `text` names, in the order they appear, each once, with plain hyphens.

    Shapes that only order ids have count anywhere; bare digits only with a word for "order", in
    one of some thirty languages, within 30 characters.
    """
    text = narrow(text)
    found: dict[str, None] = {}
    for match in _SHAPES.finditer(text):
        if match["bare"] is None or _speaks_of_order(text, *match.span()):
            found[match[0].translate(_PLAIN_DASH)] = None
            if len(found) == _AT_MOST:
                break
    return tuple(found)


def _speaks_of_order(text: str, start: int, end: int) -> bool:
    near = text[max(0, start - _NEAR) : end + _NEAR].lower().replace("in order to", "")
    return any(map(near.__contains__, _ORDER))
