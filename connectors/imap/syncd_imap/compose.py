"""A draft to the bytes of a mail; pure. Nothing in a draft can add a header field."""

import re
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime, formataddr

from syncd.connector import Rejected
from syncd.model import Attachment, Draft
from syncd_imap.identity import own_message_id

# More would make the field longer than some servers take; the first and the last ones matter.
MAX_REFERENCES = 20
_POLICY = compat32.clone(linesep="\r\n")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# None that looks like an encoded word: some programs would decode it.
_MESSAGE_ID = re.compile(r"(?!.*=\?)[!-;=?-~]{1,250}")
_MAX_ADDRESS = 254  # RFC 5321, 4.5.3.1.3, without its brackets
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+")
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP


def compose(
    draft: Draft, key: str, *, address: str, display_name: str | None, now: datetime
) -> bytes:
    """The mail for `draft` from `address`, with CRLF line ends.

    Its Message-ID is the same at every try with the same key. Raises Rejected where the buyer's
    address is none.
    """
    mail = _body(draft)
    mail["From"] = _person(display_name, address)
    mail["To"] = _person(draft.buyer.name, deliverable(draft.buyer.email))
    mail["Subject"] = _encoded(draft.subject or draft.order_id or "(no subject)")
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{own_message_id(draft, key, address)}>"
    for name, value in _thread(draft):
        mail[name] = value
    if _LANGUAGE.fullmatch(draft.language):
        mail["Content-Language"] = draft.language  # RFC 3282
    if draft.purpose == "notice":
        # RFC 3834, 5; the second is what Exchange heeds. Both keep robots from answering.
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
    return mail.as_bytes(policy=_POLICY)


def deliverable(address: str | None) -> str:
    """`address` as SMTP takes it, an international domain in its ASCII form; raises Rejected."""
    local, at, domain = (address or "").strip().rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            at = ""
    whole = f"{local}{at}{domain}"
    if len(whole) > _MAX_ADDRESS or not _ADDRESS.fullmatch(whole):
        said = repr(address[:_MAX_ADDRESS]) if address else "what is known of the buyer"
        raise Rejected(f"{said} is no e-mail address that can be written to")
    return whole


def _body(draft: Draft) -> MIMENonMultipart | MIMEMultipart:
    text = MIMENonMultipart("text", "plain")
    lines = draft.text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")
    text.set_payload(lines.rstrip("\n") + "\n", _UTF8)
    if not draft.attachments:
        return text
    whole = MIMEMultipart("mixed")
    whole.attach(text)
    for attachment in draft.attachments:
        whole.attach(_attached(attachment))
    return whole


def _attached(attachment: Attachment) -> MIMEApplication:
    if attachment.content is None:
        raise Rejected(f"the attachment {attachment.name!r} has no content to send")
    kind = attachment.media_type.lower()
    part = MIMEApplication(attachment.content)
    if _MEDIA_TYPE.fullmatch(kind) and not kind.startswith(("multipart/", "message/")):
        part.set_type(kind)
    name = _CONTROL.sub(" ", attachment.name).strip() or "attachment"
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
    return part


def _thread(draft: Draft) -> list[tuple[str, str]]:
    """In-Reply-To and References as RFC 5322, 3.6.4 has them."""
    known = [one for one in draft.references if _MESSAGE_ID.fullmatch(one)]
    parent = draft.in_reply_to or ""
    if not _MESSAGE_ID.fullmatch(parent):
        return []
    chain = list(dict.fromkeys([*(one for one in known if one != parent), parent]))
    if len(chain) > MAX_REFERENCES:
        chain = [chain[0], *chain[1 - MAX_REFERENCES :]]
    return [
        ("In-Reply-To", f"<{parent}>"),
        ("References", " ".join(f"<{one}>" for one in chain)),
    ]


def _person(name: str | None, address: str) -> str:
    clear = _CONTROL.sub(" ", name or "").strip()[:100]
    if _is_plain(clear):
        return formataddr((clear, address)) if clear else address
    return f"{_UTF8.header_encode(clear)} <{address}>"


def _encoded(said: str) -> str:
    clear = _CONTROL.sub(" ", said).strip()[:500]
    return clear if _is_plain(clear) else Header(clear, "utf-8", header_name="Subject").encode()


def _is_plain(said: str) -> bool:
    """Whether everybody reads it as it stands: what looks like an encoded word would be decoded."""
    return said.isascii() and "=?" not in said
