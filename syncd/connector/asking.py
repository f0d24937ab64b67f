"""Asking a platform for one of each thing, for `Connector.check`."""

from collections.abc import Callable

from syncd.connector.contract import NotPermitted


def ask_each(*calls: Callable[[], object]) -> None:
    """Make all these calls; what is not permitted is told at the end, all in one NotPermitted.

    Any other error ends it at once.
    """
    refused: list[NotPermitted] = []
    for call in calls:
        try:
            call()
        except NotPermitted as error:
            refused.append(error)
    if len(refused) > 1:
        said, fix = ([getattr(one, name) for one in refused] for name in ("said", "fix"))
        raise NotPermitted("; ".join(dict.fromkeys(said)), "; ".join(dict.fromkeys(fix)))
    if refused:
        raise refused[0]
