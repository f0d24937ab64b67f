"""What sort of writer a mail has, from its header: only a human is ever answered."""

import re
from collections.abc import Set as AbstractSet

from syncd.model import MessageKind
from syncd_imap.fields import readable
from syncd_imap.mime import Part

# Local parts that programs write from; RFC 5321 names postmaster, RFC 2142 some of the others.
_MAILER = re.compile(r"(mailer-?daemon|postmaster|mail[-._ ]?delivery|mdaemon)", re.IGNORECASE)
_NO_REPLY = re.compile(
    r"(no|do[-_.]?not|ne|nicht|non?)[-_.]?(reply|antworten|responder|rispondere)"
)
# Those that web shops' contact forms write from, WordPress by itself, with the visitor as Reply-To;
# all their visitors would be one customer.
_FORM = re.compile(r"(wordpress|mailer|(web|contact|kontakt)?[-_.]?(forms?|formulare?|formulaire))")
# How mail programs begin the subject of an automatic answer. Words that speak of absence alone are
# not among them: a buyer who was not at home writes so, too.
_AUTO_SUBJECT = re.compile(
    r"(auto(matic|matische|matisch)?[- ]?(reply|response|antwort|matically)|auto:|out of (the )?office"
    r"|abwesenheits?(notiz|mitteilung|meldung|nachricht|benachrichtigung|assistent)|abwesenheit ?:"
    r"|r[ée]ponse automatique|respuesta autom[áa]tica|risposta automatica|resposta autom[áa]tica"
    r"|automatisch antwoord|autosvar|automatisk[at]? svar|automaattinen vastaus|automaatvastus"
    r"|(odpowied[źz] automatyczna|automatyczna odpowied[źz])|automatick[áa] odpove[ďd]"
    r"|automatická odpověď|automatikus válasz|r[ăa]spuns automat|otomatik (yan.t|cevap)"
    r"|automatski odgovor|samodejni odgovor|automatinis atsakymas|automātiskā atbilde"
    r"|balasan otomatis|(thư )?trả lời tự động|автоответ|автоматический ответ"
    r"|автоматична відповідь|автоматичен отговор|αυτόματη απάντηση|תשובה אוטומטית|رد تلقائي"
    r"|ตอบกลับอัตโนมัติ|自动(回复|答复|回覆)|自動(返信|応答|回覆|回復|答覆)|자동 ?(회신|응답))",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT = re.compile(
    r"(undeliver|delivery (status|failure|report|notification|error|problem)|mail delivery"
    r"|returned (mail|to sender)|returning message|failure (notice|delivery)|delivery has failed"
    r"|message (could not|not) be? ?delivered|unzustellbar|non remis|no se puede entregar)",
    re.IGNORECASE,
)
_REPORTS = {
    "delivery-status": MessageKind.BOUNCE,
    "disposition-notification": MessageKind.AUTO_REPLY,
}
_AUTO_FIELDS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-loop")
_LIST_FIELDS = ("list-id", "list-unsubscribe", "x-mailing-list", "feedback-id")


def classify(mail: Part, sender: str, subject: str, *, own: bool) -> MessageKind:
    """The kind of a mail whose From is `sender` (empty: nobody); `own`: syncd itself wrote it.

    The fields are those of RFC 3834, RFC 3464, RFC 2919 and what mail programs add of their own.
    """
    if own:
        return MessageKind.OWN
    fields = mail.firsts.keys()
    if _is_bounce(mail, fields, sender, subject):
        return MessageKind.BOUNCE
    if _is_auto_reply(mail, fields, subject):
        return MessageKind.AUTO_REPLY
    if _is_bulk(mail, fields, sender):
        return MessageKind.BULK
    return MessageKind.HUMAN


def takes_no_mail(address: str) -> bool:
    """Whether nobody reads what is written to `address`: no-reply and mail daemons."""
    local = address.rpartition("@")[0].lower()
    return bool(_NO_REPLY.search(local)) or bool(_MAILER.match(local))


def writes_for_others(address: str) -> bool:
    """Whether what comes from `address` is another's, whom Reply-To names: forms and robots."""
    return takes_no_mail(address) or bool(_FORM.fullmatch(address.rpartition("@")[0].lower()))


def _is_bounce(mail: Part, fields: AbstractSet[str], sender: str, subject: str) -> bool:
    report = mail.parameters.get("report-type", "").lower()
    if mail.media_type == "multipart/report" and report in _REPORTS:
        return _REPORTS[report] is MessageKind.BOUNCE
    if "x-failed-recipients" in fields or _has_part(mail, "message/delivery-status"):
        return True
    if _MAILER.match(sender) or _MAILER.search(_from_name(mail)):
        return True
    if _has_part(mail, "message/rfc822") and _BOUNCE_SUBJECT.match(subject):
        return True
    from_nobody = not sender or _null_return_path(mail, fields)
    return from_nobody and bool(_BOUNCE_SUBJECT.search(subject))


def _has_part(mail: Part, media_type: str) -> bool:
    return any(part.media_type == media_type for part in mail.parts)


def _from_name(mail: Part) -> str:
    return readable(mail.first("from")).partition("@")[0]


def _null_return_path(mail: Part, fields: AbstractSet[str]) -> bool:
    return "return-path" in fields and mail.first("return-path") in {b"<>", b""}


def _is_auto_reply(mail: Part, fields: AbstractSet[str], subject: str) -> bool:
    submitted = mail.first("auto-submitted").strip().lower()
    if submitted and not submitted.startswith(b"no"):
        return True
    if mail.media_type == "multipart/report" or _null_return_path(mail, fields):
        return True
    suppress = mail.first("x-auto-response-suppress").lower()
    if any(word in suppress for word in (b"all", b"oof", b"autoreply")):
        return True
    if b"auto" in _precedence(mail) or not fields.isdisjoint(_AUTO_FIELDS):
        return True
    return bool(_AUTO_SUBJECT.match(subject))


def _is_bulk(mail: Part, fields: AbstractSet[str], sender: str) -> bool:
    if not fields.isdisjoint(_LIST_FIELDS):
        return True
    if any(word in _precedence(mail) for word in (b"bulk", b"list", b"junk")):
        return True
    return bool(sender) and takes_no_mail(sender)


def _precedence(mail: Part) -> bytes:
    return (mail.first("precedence") + b" " + mail.first("x-precedence")).lower()
