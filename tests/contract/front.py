"""Stands between a connector and its fake: passes everything on, and keeps it."""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote, urlencode

import httpx

from syncd.testing.server import Answer, FakeServer, Request
from tests.contract.declaration import Contract, Description

# What concerns a connection, and not what is said over it.
_OF_THE_CONNECTION = {
    "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "date", "host",
    "keep-alive", "server", "transfer-encoding",
}  # fmt: skip


class Exchange(NamedTuple):
    """A request and its answer, and where in the descriptions it is; None: in none."""

    request: Request
    answer: Answer
    description: Description | None
    template: str | None


class Front(FakeServer):
    """The address for a connector in place of its fake's; `gate` is where described requests go."""

    def __init__(
        self,
        contract: Contract,
        gate: Callable[[Description, str], str] | None = None,
    ) -> None:
        super().__init__()
        self.exchanges: list[Exchange] = []
        self._contract = contract
        self._gate = gate
        self._behind = ""
        self._client = httpx.Client(trust_env=False, timeout=60)

    def __call__(self, fake: FakeServer) -> str:
        """Stand before this fake from now on; gives the address to use."""
        self._behind = fake.url
        return self.url

    def __exit__(self, *reason: object) -> None:
        super().__exit__(*reason)
        self._client.close()

    def answer(self, request: Request) -> Answer:
        """What the fake says, through the gate where there is one."""
        covering = self._contract.covering(request.method, request.path)
        description, template = covering or (None, None)
        target = self._behind + quote(request.path, safe="/:@!$&'()*+,;=~%")
        if description is not None and self._gate is not None:
            gate = self._gate(description, self._behind + description.base)
            target = gate + quote(
                request.path.removeprefix(description.base), safe="/:@!$&'()*+,;=~%"
            )
        answer = self._passed_on(request, target)
        self.exchanges.append(Exchange(request, answer, description, template))
        return answer

    def _passed_on(self, request: Request, target: str) -> Answer:
        headers = {
            name: value for name, value in request.headers.items() if name not in _OF_THE_CONNECTION
        }
        if "content-type" in request.headers:
            headers["content-type"] = request.headers["content-type"]
        query = urlencode(request.query, doseq=True)
        said = self._client.request(
            request.method, f"{target}?{query}" if query else target,
            content=request.body or None, headers=headers,
        )  # fmt: skip
        kept = {
            name: value for name, value in said.headers.items() if name not in _OF_THE_CONNECTION
        }
        # Links of the fake to itself lead through here too.
        body = said.content.replace(self._behind.encode(), self.url.encode())
        return Answer(said.status_code, body, said.headers.get("content-type", ""), kept)
