"""The store: one method per use case, one transaction each. The only importer of sqlalchemy."""

from pathlib import Path

from syncd.store.accounts import AccountStore, Claim, StaleClaim, StreamHealth
from syncd.store.board import BoardStore
from syncd.store.database import Database, NoStoreYet, StoreUnavailable
from syncd.store.dossier import DossierStore
from syncd.store.follows import FollowStore
from syncd.store.ingest import IngestStore, IngestTransaction, Unstorable
from syncd.store.lateness import LatenessStore
from syncd.store.look import LookStore
from syncd.store.outbox import OutboxStore
from syncd.store.readback import BOUNCED
from syncd.store.rounds import Round
from syncd.store.schema import require, require_file, upgrade
from syncd.store.stories import StoryStore
from syncd.store.tokens import TokenStore
from syncd.store.vault import KeyUnusable, Vault
from syncd.store.waiting import WaitingStore, WaitingTransaction
from syncd.store.watch import WatchStore, WatchTransaction
from syncd.store.writer import Clash, Stored, TryAgain, content_hash

__all__ = [
    "BOUNCED",
    "Claim",
    "Clash",
    "Database",
    "IngestTransaction",
    "KeyUnusable",
    "NoStoreYet",
    "Round",
    "StaleClaim",
    "Store",
    "StoreUnavailable",
    "Stored",
    "StreamHealth",
    "TryAgain",
    "Unstorable",
    "Vault",
    "WaitingTransaction",
    "WatchTransaction",
    "content_hash",
]

MAX_ATTACHMENT_BYTES = 10 * 1024 * 1024


class Store:
    """Everything syncd knows, in one database.

    `url` is ``sqlite:///PATH`` or ``postgresql://USER@HOST/NAME``. Raises StoreUnavailable where
    it cannot be opened, or was written by a newer syncd. With `as_is`, for those who only look, it
    is neither made nor brought up to date: StoreUnavailable says how where that is needed.
    """

    def __init__(
        self,
        url: str,
        *,
        password: str | None = None,
        max_attachment_bytes: int = MAX_ATTACHMENT_BYTES,
        as_is: bool = False,
    ) -> None:
        if as_is:
            require_file(url)
        self.database = Database(url, password=password)
        try:
            (require if as_is else upgrade)(self.database)
        except BaseException:
            self.database.close()  # nobody gets the store that would close it
            raise
        self.accounts = AccountStore(self.database)
        self.ingest = IngestStore(self.database, max_attachment_bytes=max_attachment_bytes)
        self.outbox = OutboxStore(self.database)
        self.stories = StoryStore(self.database)
        self.tokens = TokenStore(self.database)
        self.watch = WatchStore(self.database)
        self.waiting = WaitingStore(self.database)
        self.follows = FollowStore(self.database)
        self.lateness = LatenessStore(self.database)
        self.look = LookStore(self.database)
        self.dossiers = DossierStore(self.database)
        self.board = BoardStore(self.database)

    def close(self) -> None:
        """Close the connections."""
        self.database.close()


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite store in the file `path`."""
    return f"sqlite:///{path}"
