"""IMAP IDLE (RFC 2177) by hand: `imaplib` has it from Python 3.14 on."""

import imaplib
import select
import ssl
import time

from syncd_imap.login import without

# RFC 2177 allows 29 minutes of IDLE; several providers drop the line well before.
REISSUE_SECONDS = 240.0


def wait_for_news(imap: imaplib.IMAP4, seconds: float) -> bool:
    """Wait up to `seconds` until the server tells of new mail in the open folder.

    IDLE is begun anew every few minutes, since lines die quietly. Raises what sockets and
    `imaplib` raise, where the server says BYE or falls silent.
    """
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if _idle(imap, min(left, REISSUE_SECONDS)):
            return True
    return False


def _idle(imap: imaplib.IMAP4, seconds: float) -> bool:
    tag = imap._new_tag()  # noqa: SLF001  there is no other way
    imap.send(tag + b" IDLE\r\n")
    news = False
    while (line := _line(imap)).startswith(b"*"):
        news = news or _is_news(line)
    if not line.startswith(b"+"):
        raise imaplib.IMAP4.abort(f"IDLE refused: {without('', line.strip())}")
    news = news or _news(imap, time.monotonic() + seconds)
    imap.send(b"DONE\r\n")
    while not (line := _line(imap)).startswith(tag):
        news = news or _is_news(line)
    return news


def _news(imap: imaplib.IMAP4, end: float) -> bool:
    while (left := end - time.monotonic()) > 0:
        if not _buffered(imap) and not _readable(imap, left):
            return False
        if _is_news(_line(imap)):
            return True
    return False


def _readable(imap: imaplib.IMAP4, seconds: float) -> bool:
    """By `poll`: `select` fails from the 1,024th open file on."""
    poll = select.poll()
    poll.register(imap.sock, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _buffered(imap: imaplib.IMAP4) -> bool:
    """Whether bytes have been read that the socket no longer tells of."""
    patience = imap.sock.gettimeout()
    imap.sock.settimeout(0)
    try:
        return bool(imap.file.peek(1))  # type: ignore[union-attr]  # typeshed: IO; a BufferedReader
    except (ssl.SSLWantReadError, BlockingIOError):
        return False
    finally:
        imap.sock.settimeout(patience)


def _line(imap: imaplib.IMAP4) -> bytes:
    line = imap.readline()
    if not line:
        raise imaplib.IMAP4.abort("the server closed the connection")
    if line.upper().startswith(b"* BYE"):
        raise imaplib.IMAP4.abort(without("", line.strip()))
    return line


def _is_news(line: bytes) -> bool:
    return line.rstrip().upper().endswith((b" EXISTS", b" RECENT"))
