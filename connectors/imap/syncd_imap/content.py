"""What a mail holds: the text to read and the files that came with it."""

from syncd.model import Attachment
from syncd_imap.charsets import decode
from syncd_imap.fields import readable
from syncd_imap.htmltext import to_text
from syncd_imap.mime import Part
from syncd_imap.parameters import parse_parameters

_TEXTS = frozenset({"text/plain", "text/html"})
_MAX_NAME = 200


def content(mail: Part) -> tuple[str, tuple[Attachment, ...]]:
    """The text, plain where there is any and else reduced from HTML, and the files, all whole."""
    plain: list[str] = []
    rich: list[str] = []
    files: list[Attachment] = []
    for part in mail.leaves():
        name = _name(part)
        if _is_file(part, name):
            files.append(_file(part, name))
        else:
            text = decode(part.content(), part.parameters.get("charset"))
            (rich if part.media_type == "text/html" else plain).append(text)
    text = "\n".join(piece.strip() for piece in plain if piece.strip())
    return text or "\n".join(filter(None, map(to_text, rich))), tuple(files)


def _is_file(part: Part, name: str) -> bool:
    if part.media_type == "message/delivery-status":  # it names the address that failed
        return False
    disposition = part.first("content-disposition").lstrip()[:10].lower()
    return part.media_type not in _TEXTS or bool(name) or disposition == b"attachment"


def _name(part: Part) -> str:
    value = part.first("content-disposition")
    name = parse_parameters(value)[1].get("filename") if value else None
    name = name or part.parameters.get("name") or ""
    return readable(name.encode("utf-8", "surrogateescape"))[:_MAX_NAME]


def _file(part: Part, name: str) -> Attachment:
    body = part.content()
    return Attachment(
        name=name or f"unnamed.{part.media_type.rpartition('/')[2]}"[:_MAX_NAME],
        media_type=part.media_type,
        content=body,
        size=len(body),
    )
