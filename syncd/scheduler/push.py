"""Sources that say when they have news (as by IMAP IDLE): a thread each that waits for it."""

import threading
from collections.abc import Callable

from syncd import log
from syncd.accounts import Account

_log = log.get("push")

# How long one wait lasts: short enough for a stop to be noticed in time.
_WAIT_SECONDS = 20.0
_AFTER_FAILURE = 60.0


class Listener:
    """Waits for one stream's news and asks for a poll; polls go on at their interval anyway."""

    def __init__(self, account: Account, stream: str, wake: Callable[[Account, str], None]) -> None:
        self._account = account
        self._stream = stream
        self._wake = wake
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"push:{account.name}:{stream}", daemon=True
        )

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def stop(self) -> None:
        """Wait no more; the present wait ends by itself."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                news = self._account.connector.wait(self._stream, _WAIT_SECONDS)
            except Exception as error:  # noqa: BLE001  the plug-in boundary: polling goes on without it
                _log.debug("no news by push", account=self._account.name, error=str(error))
                self._stopping.wait(_AFTER_FAILURE)
                continue
            if news and not self._stopping.is_set():
                self._wake(self._account, self._stream)
