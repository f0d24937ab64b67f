"""The fake Allegro's conversations: the message centre, disputes and claims, and their files."""

from datetime import datetime
from typing import Any

from syncd.testing.allegro_gate import (
    FILES,
    ISSUE_FILES,
    ISSUES,
    AllegroGate,
    Refusal,
)
from syncd.testing.allegro_shop import Issue, Json, Sent, Thread
from syncd.testing.server import Answer, Request, route

THREADS = "/messaging/threads"


class AllegroTalk(AllegroGate):
    """Reads and writes messages."""

    moderated: str | None = None
    """The state that new messages get, in place of DELIVERED."""
    upload_url: str | None = None
    """Where files are to be put, in place of what the API itself has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._declared: dict[str, Json] = {}

    @route("GET", THREADS)
    def threads(self, request: Request) -> Answer:
        """The threads, that with the newest message first."""
        shown = [thread.shown(self.shop.false) for thread in self.shop.threads.values()]
        shown.sort(key=lambda one: str(one["lastMessageDateTime"] or ""), reverse=True)
        return self._page(request, "threads", shown, most=20, usual=20, place=True)

    @route("GET", f"{THREADS}/([^/]+)/messages")
    def messages(self, request: Request) -> Answer:
        """The messages of a thread, newest first."""
        thread = self._conversation(request)
        shown = sorted(thread.messages, key=lambda one: str(one["createdAt"]), reverse=True)
        if int(request.one("offset", "0")) > 15_000:
            raise Refusal(422, "VALIDATION_ERROR", "offset is over 15000", "offset")
        return self._page(request, "messages", shown, most=20, usual=20, place=True)

    @route("POST", f"{THREADS}/([^/]+)/messages")
    def reply(self, request: Request) -> Answer:
        """A message into a thread."""
        return self._write(self._conversation(request).buyer or "", request.json(), None)

    @route("POST", "/messaging/messages")
    def write_first(self, request: Request) -> Answer:
        """A message to the buyer of an order."""
        body = request.json()
        order_id = (body.get("order") or {}).get("id")
        if order_id is None:
            raise Refusal(422, "VALIDATION_ERROR", "may not be null", "order")
        order, login = self.shop.orders.get(order_id), body["recipient"]["login"]
        if order is None or order["buyer"]["login"] != login:
            raise Refusal(
                422, "ORDER_NOT_RELATED", "The order is not of this recipient", "order.id"
            )
        return self._write(login, body, order_id)

    def _write(self, buyer: str, body: Json, order_id: str | None) -> Answer:
        files, text = self._attached(body), _text(body, most=2000)
        message = self.shop.add_message(
            buyer, text, order=order_id, from_seller=True,
            status=self.moderated or "DELIVERED", files=files,
        )  # fmt: skip
        self._arrived(buyer, text, message, files, order_id=order_id)
        return Answer.json(message, 201)

    @route("GET", ISSUES)
    def issues(self, request: Request) -> Answer:
        """Disputes and claims, that opened last first."""
        shown = [issue.shown() for issue in self.shop.issues.values()]
        shown.sort(key=lambda one: str(one["openedDate"]), reverse=True)
        return self._page(request, "issues", shown, most=100, usual=10)

    @route("GET", f"{ISSUES}/([^/]+)/chat")
    def chat(self, request: Request) -> Answer:
        """What was said in an issue."""
        return self._page(request, "chat", self._issue(request).messages, most=100, usual=10)

    @route("POST", f"{ISSUES}/([^/]+)/message")
    def say(self, request: Request) -> Answer:
        """A message into an issue."""
        issue, body = self._issue(request), request.json()
        if not issue.fields["currentState"]["chatActive"]:
            raise Refusal(409, "ISSUE_CLOSED", "The issue takes no more messages")
        if body.get("type") != "REGULAR":
            raise Refusal(422, "VALIDATION_ERROR", "type is missing", "type")
        files, text = self._attached(body), _text(body, most=20_000)
        message = self.shop.say(request.groups[0], text, role="SELLER")
        buyer = issue.fields["buyer"]["login"]
        self._arrived(buyer, text, message, files, issue_id=request.groups[0])
        return Answer.json(message, 201)

    @route("POST", FILES)
    def declare(self, request: Request) -> Answer:
        """The name and size of a file that is to be uploaded."""
        body, file_id = request.json(), self.shop.uuid()
        name = "fileName" if request.path == ISSUE_FILES else "filename"
        if not body.get(name) or not 0 < body.get("size", 0) <= 5_242_880:
            raise Refusal(422, "VALIDATION_ERROR", "name or size", name)
        self._declared[file_id] = body
        place = self.upload_url or f"{self.url}{request.path}"
        return Answer.json({"id": file_id}, 201, {"Location": f"{place}/{file_id}"})

    @route("PUT", f"{FILES}/([^/]+)")
    def upload(self, request: Request) -> Answer:
        """The content of a declared file."""
        file_id = request.groups[0]
        if file_id not in self._declared:
            raise Refusal(404, "NotFoundException", "Not found")
        if len(request.body) != self._declared[file_id]["size"]:
            raise Refusal(413, "TooLarge", "The size is not the declared one")
        self.shop.files[file_id] = request.body
        return Answer.json({"id": file_id})

    @route("GET", f"{FILES}/([^/]+)")
    def download(self, request: Request) -> Answer:
        """The content of a file."""
        content = self.shop.files.get(request.groups[0])
        if content is None:
            raise Refusal(404, "NotFoundException", "Not found")
        return Answer(200, content, "image/png")

    def _conversation(self, request: Request) -> Thread:
        thread = self.shop.threads.get(request.groups[0])
        if thread is None:
            raise Refusal(404, "NotFoundException", "Thread not found")
        return thread

    def _issue(self, request: Request) -> Issue:
        issue = self.shop.issues.get(request.groups[0])
        if issue is None:
            raise Refusal(404, "NotFoundException", "Issue not found")
        return issue

    def _attached(self, body: Json) -> tuple[str, ...]:
        files = tuple(one["id"] for one in body.get("attachments") or ())
        if not set(files) <= self.shop.files.keys():
            raise Refusal(422, "ASSIGNING_ATTACHMENTS_TO_MESSAGE_FAILED", "not uploaded yet")
        return files

    def _arrived(
        self, buyer: str, text: str, message: Json, files: tuple[str, ...], **about: str | None
    ) -> None:
        at = datetime.fromisoformat(message["createdAt"])
        self.shop.sent.append(Sent(buyer, text, at, message["id"], files=files, **about))


def _text(body: Json, *, most: int) -> str:
    text = body.get("text") or ""
    if not text or len(text) > most:
        raise Refusal(422, "VALIDATION_ERROR", f"size must be between 1 and {most}", "text")
    return str(text)
