"""Files from memory over HTTP/1.1, for machines without nginx: ``static_server ROOT PORT``."""

import asyncio
import sys
from pathlib import Path

_HEAD = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"


class Answering(asyncio.Protocol):
    """One connection; answers each GET in turn."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self._answers = answers
        self._pending = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *requests, self._pending = (self._pending + data).split(b"\r\n\r\n")
        assert self._transport is not None
        for request in requests:
            path = request.split(b" ", 2)[1].partition(b"?")[0]
            self._transport.write(self._answers.get(path) or _HEAD % (b"404 Not Found", 0))


def load(root: Path) -> dict[bytes, bytes]:
    """Every file under `root` as a whole answer, by its path."""
    files = (file for file in root.rglob("*") if file.is_file())
    return {f"/{file.relative_to(root)}".encode(): _answer(file.read_bytes()) for file in files}


def _answer(body: bytes) -> bytes:
    return _HEAD % (b"200 OK", len(body)) + body


async def serve(root: Path, port: int) -> None:
    """Serve until killed."""
    answers = load(root)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answering(answers), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
    except KeyboardInterrupt:
        sys.exit(0)
