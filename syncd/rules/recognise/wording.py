"""Words around a number that say what it is, in the languages that buyers and carriers write.

Stems, so that inflections and compounds count. Where two kinds of word stand before a number, the
nearer one counts.
"""

import re
from functools import cache
from urllib.parse import urlsplit

from syncd.rules.recognise.names import all_names
from syncd.rules.recognise.table import carriers

_NUMBER = (
    r"(?:[ \-]{0,2}(?:s|code|id|link|no|nr|num|number|nummer|numéro|numero|número|n°|nº|ref(?:erence)?|"
    r"numru|numer|numeru|číslo|szám|kod|kood|nummeret|numret|номер|#)(?![a-zà-ž])\.?){0,2}"
)
# A word that is said of a tracking number and of nothing else.
_LABELS = (
    "track(?:ing|ed)?(?:[ -]?(?:&|and|n)[ -]?trace)?", "trace", "waybill", "(?<![a-z])awb", "air ?waybill", "consignment",
    "(?:parcel|package|shipment|shipping|delivery|label)[ -]?(?:id|no|nr|number|ref|reference|code)",
    "sendungs?[ -]?(?:nummer|nr|id|code|verfolgung)", "paket[ -]?(?:nummer|nr|id|verfolgung)", "frachtbrief",
    "verfolgungs", "identcode", "num[ée]ro d.? ?(?:suivi|colis|envoi)", "n[°º] ?d.? ?(?:suivi|colis|envoi)", "suivi",
    "seguimiento", "localizador", "n[úu]mero de env[íi]o", "c[óo]digo de env[íi]o", "rastre", "gu[íi]a de env[íi]o",
    "tracciat", "tracciament", "codice spedizione", "numero di spedizione", "lettera di vettura",
    "numer (?:przesyłki|paczki|listu)", "śledzeni", "list przewozowy", "sledzeni", "zásilk", "zásielk", "sledov", "sledován",
    "követés", "nyomkövet", "csomagszám", "urmărire", "urmarire", "sporing", "spornings", "spårning", "kollinummer",
    "kollinr", "kolli-id", "seuranta", "lähetystunnus", "lähetysnumero", "track[ -]?(?:og|en) ?trace", "verzendnummer",
    "volgnummer", "zendingnummer", "pakketnummer", "трек", "отслеж", "накладн", "відстеж", "ттн", "проследя",
    "takip", "gönderi ?(?:no|numara|kod)", "kargo ?(?:no|numara|takip)", "mã vận đơn", "vận đơn", "theo dõi", "(?<![a-z])resi(?![a-z])",
    "เลขพัสดุ", "พัสดุ", "ติดตาม", "αποστολ", "εντοπισμ", "מעקב", "משלוח", "تتبع", "الشحنة",
    "追踪", "追蹤", "跟踪", "跟蹤", "运单", "運單", "快递单", "快遞單", "物流单", "物流單", "物流", "邮寄单",
    "追跡", "伝票", "送り状", "お問い合わせ番号", "お問合せ番号", "송장", "운송장", "등기번호", "배송조회", "택배번호",
)  # fmt: skip
# A word for another number: of an order, a person, a telephone, a thing or money.
_OTHERS = (
    "(?<!b)orders?(?![a-z])", "bestell", "auftrag", "commande", "pedido", "orden", "ordine", "ordre", "encomenda",
    "zamówieni", "заказ", "замовл", "订单", "訂單", "注文", "주문", "sipariş", "objedn", "rendel", "beställ", "bestill", "tilau", "comand",
    "invoice", "rechnung", "facture", "fattura", "factura", "faktur", "fatura", "счет", "счёт", "发票", "請求書",
    "(?<![a-z])t[eé]l(?:\\.|:|\\b|efon|ephone|éfono|éphone|efono)", "phone", "mobil", "handy", "(?<![a-z])cell(?![a-z])", "(?<![a-z])call", "(?<![a-z])fax", "whatsapp",
    "hotline", "rufnummer", "anruf", "rückruf", "rappel", "llám", "llam[ae]", "chiam", "dzwon", "звон", "contact", "kontakt", "телефон", "тел\\.", "电话", "電話", "手机", "手機", "전화", "cep ", "puh\\.", "puhelin",
    "iban", "(?<![a-z])bic", "konto", "account", "compte[^\\w]", "cuenta", "conto ", "payment", "zahlung", "paiement", "transaction", "txn", "paypal",
    "customer", "kunden", "client", "cliente", "klient", "(?<![a-z])vat", "(?<![a-z])ust(?![a-z])", "steuer", "(?<![a-z])tax", "tva", "(?<![a-z])nif", "(?<![a-z])nip", "p\\.? ?iva", "siret",
    "isbn", "(?<![a-z])ean", "gtin", "asin", "(?<![a-z])sku", "(?<![a-z])upc", "imei", "article", "artikel", "artículo", "articolo", "artikul", "item[ -]?(?:no|id|num)",
    "serial", "serien", "série", "serie", "model", "product", "produkt", "case[ -]?(?:no|id|num)", "ticket", "vorgang", "aktenzeichen", "claim", "insurance", "(?<![a-z])r[eé]f(?:erence|erenz)?(?![a-z])",
    "passport", "паспорт", "护照", "護照", "身份证", "身分證", "(?<![a-z])cpf(?![a-z])", "(?<![a-z])cnpj(?![a-z])", "(?<!\\w)инн(?!\\w)", "ausweis", "licen[cs]e", "postcode", "postal code", "plz", "zip", "price", "preis", "prix", "precio", "(?<![a-z])(?:eur|usd|gbp)(?![a-z])", "€", "\\$", "£",
    "member", "mitglied", "voucher", "coupon", "gutschein", "pin ", "code postal",
)  # fmt: skip
_TRACKING_PAGE = re.compile(
    r"track|trace|sendung|suivi|seguim|rastre|parcel|paket|sledzen|sledov|tnt|piececode|awb|envio",
    re.IGNORECASE,
)


@cache
def keywords() -> re.Pattern[str]:
    """Finds the words: in group ``label``, ``carrier`` or ``other``."""
    names = sorted(all_names(), key=len, reverse=True)
    carriers = "|".join(re.escape(name).replace(r"\ ", r"[ \-]?") for name in names)
    labels, others = "|".join(_LABELS), "|".join(_OTHERS)
    return re.compile(
        rf"(?P<label>(?:{labels}){_NUMBER})"
        rf"|(?<![0-9A-Za-zÀ-ž])(?P<carrier>{carriers})(?![a-z])"
        rf"|(?P<other>{others})",
        re.IGNORECASE,
    )


@cache
def host_names() -> dict[str, str]:
    """Names of carriers by the host of their tracking page, the longest host first."""
    hosts = {_host(carrier.url): carrier.name for carrier in carriers().values()}
    hosts.pop("17track.net", None)
    return dict(sorted(hosts.items(), key=lambda each: -len(each[0])))


def _host(url: str) -> str:
    """The registered part: dhl.de of www.dhl.de, laposte.fr of www.laposte.fr."""
    labels = (urlsplit(url).hostname or "").split(".")
    kept = 3 if len(labels) > 2 and len(labels[-2]) <= 3 and len(labels[-1]) == 2 else 2
    return ".".join(labels[-kept:])


def is_tracking_page(url: str) -> bool:
    """Whether an address speaks of tracking."""
    return _TRACKING_PAGE.search(url) is not None
