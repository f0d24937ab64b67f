"""What all calls of the fake Allegro have in common: rights, media types, pages, errors."""

import re
from collections.abc import Callable
from datetime import datetime

from syncd import clock
from syncd.testing.allegro_login import AllegroLogin
from syncd.testing.allegro_sales import Sales
from syncd.testing.allegro_shop import Json
from syncd.testing.server import Answer, Request

PUBLIC = "application/vnd.allegro.public.v1+json"
BETA = "application/vnd.allegro.beta.v1+json"
ISSUES, RETURNS = "/sale/issues", "/order/customer-returns"
CENTER_FILES, ISSUE_FILES = "/messaging/message-attachments", "/sale/issues/attachments"
FILES = f"(?:{CENTER_FILES}|{ISSUE_FILES})"
_KINDS = re.compile(r"image/(?:png|gif|bmp|tiff|jpeg)|application/pdf")


class Refusal(Exception):
    """An error answer in Allegro's shape."""

    def __init__(self, status: int, code: str, message: str, path: str | None = None) -> None:
        super().__init__(message)
        fields = {"code": code, "message": message, "details": None, "path": path}
        errors = {"errors": [fields | {"userMessage": message, "metadata": {}}]}
        self.answer = Answer.json(errors, status)


class AllegroGate(AllegroLogin):
    """What every call goes through: the login, the media types, the cutting of lists into pages."""

    def __init__(
        self, now: Callable[[], datetime] = clock.now, *, seller: str = "lamp-shop"
    ) -> None:
        super().__init__(now)
        self.shop = Sales(seller, now, self.lock)
        self.shop.url = self.url
        self.denied: set[str] = set()
        """Paths' beginnings for which the consent has no right."""

    def answer(self, request: Request) -> Answer:
        """Check login and media types as Allegro does, then answer."""
        try:
            if request.path.startswith("/auth/"):
                return super().answer(request)
            self._authorize(request)
            media_type = _version(request)
            _agree(request, media_type)
            given = super().answer(request)
        except Refusal as refusal:
            return refusal.answer
        if given.content_type != "application/json":
            return given
        return Answer(given.status, given.body, media_type, given.headers)

    def _authorize(self, request: Request) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not self.is_good(token):
            raise Refusal(401, "unauthorized", "Full authentication is required")
        if request.path.startswith(tuple(self.denied)):
            raise Refusal(403, "AccessDenied", "Access is denied")

    def _page(
        self, request: Request, name: str, entries: list[Json], *, most: int, usual: int,
        place: bool = False, count: bool = False,
    ) -> Answer:  # fmt: skip
        shown = self._cut(request, entries, most=most, usual=usual)
        body: Json = {name: self.page(shown)}
        if place:
            body |= {"offset": int(request.one("offset", "0")), "limit": len(shown)}
        if count:
            body |= {"count": len(shown), "totalCount": len(entries)}
        return Answer.json(body)

    def _cut(self, request: Request, entries: list[Json], *, most: int, usual: int) -> list[Json]:
        limit, offset = int(request.one("limit", str(usual))), int(request.one("offset", "0"))
        if not 0 < limit <= most or offset < 0:
            raise Refusal(422, "VALIDATION_ERROR", f"limit must not be over {most}", "limit")
        return entries[offset : offset + limit]


def _version(request: Request) -> str:
    beta = request.path.startswith((ISSUES, RETURNS))
    return BETA if beta else PUBLIC


def _agree(request: Request, media_type: str) -> None:
    """Refuse a call that does not name its media type; files have their own."""
    file = re.fullmatch(f"{FILES}/[^/]+", request.path)
    accepted = "*/*" if file and request.method == "GET" else media_type
    if request.headers.get("accept") != accepted:
        raise Refusal(406, "NotAcceptableException", "Please check 'Accept' request header")
    sent = request.headers.get("content-type", "")
    good = _KINDS.fullmatch(sent) if file else sent == media_type
    if request.method in {"POST", "PUT"} and not good:
        raise Refusal(415, "UnsupportedMediaType", "Please check 'Content-Type' request header")
