"""AliExpress's lists as `syncd.connector.sweep` walks them, and the items behind their entries."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

import msgspec

from syncd.connector import Rejected, parse_each
from syncd.connector.sweep import Entry, Page, Source, entry_of, latest_first
from syncd.model import BadItem, Item
from syncd_aliexpress import parse, wire
from syncd_aliexpress.client import AliExpressClient, pages_left
from syncd_aliexpress.times import moment

# "Not more than 50" in the descriptions of both lists.
ORDERS_PER_PAGE = 50
ISSUES_PER_PAGE = 50
ISSUE_STATUSES = ("processing", "finish", "canceled_issue")
# "180 days by default", and 30 for orders that have ended (the order list's modified_date_start).
OLDEST = timedelta(days=180)
OLDEST_FINISHED = timedelta(days=30)
# How long a review that is listed by the time it became visible is looked at for changes.
REVIEW_CHANGES = timedelta(days=2)


def orders(client: AliExpressClient, now: datetime, *, finished: bool) -> Source:
    """The orders, each followed by its parcels; a batch is small since each entry costs a call."""

    def page(start: datetime, end: datetime | None, offset: int) -> Page:
        number = 1 + offset // ORDERS_PER_PAGE
        span, limit = (start, end), ORDERS_PER_PAGE
        created = now - OLDEST
        got = client.orders(*span, number, limit=limit, created=created, finished=finished)
        raws = wire.entries(got.target_list)
        more = pages_left(number, raws, got.total_count, ORDERS_PER_PAGE)
        found = _entries(raws, start, _order_entry)
        return Page(found, got.total_count, more, step=ORDERS_PER_PAGE)

    read = partial(_each, partial(_order, client))
    oldest = OLDEST_FINISHED if finished else OLDEST
    horizon = client.horizon
    return Source(page, read, limit=ORDERS_PER_PAGE, batch=20, oldest=oldest, horizon=horizon)


def issues(client: AliExpressClient, status: str) -> Source:
    """The disputes with a status, whose list takes no times."""

    def page(start: datetime, end: datetime | None, offset: int) -> Page:
        del end
        number = 1 + offset // ISSUES_PER_PAGE
        got = client.issues(status, number, ISSUES_PER_PAGE)
        raws = wire.entries(got.data_list)
        more = pages_left(number, raws, got.total_item, ISSUES_PER_PAGE)
        found = _entries(raws, start, _issue_entry)
        return latest_first(found, start, more=more, step=ISSUES_PER_PAGE)

    read = partial(_each, partial(_issue, client))
    horizon = client.horizon
    return Source(page, read, limit=ISSUES_PER_PAGE, batch=20, oldest=OLDEST, horizon=horizon)


def reviews(client: AliExpressClient) -> Source:
    """The reviews, all of a span at once: the call has no pages."""

    def page(start: datetime, end: datetime | None, offset: int) -> Page:
        del offset
        found = _entries(client.reviews(start, end), start, _review_entry)
        return Page(found, len({each.id for each in found}), more=False)

    def read(entries: list[Entry]) -> list[Item]:
        return list(parse_each([each.raw for each in entries], parse.review, parse.describe))

    return Source(
        page,
        read,
        limit=1,
        batch=100,
        overlap=REVIEW_CHANGES,
        oldest=OLDEST,
        horizon=client.horizon,
    )


def _entries(
    raws: Iterable[msgspec.Raw], start: datetime, read: Callable[[bytes], Entry]
) -> list[Entry]:
    return [entry_of(bytes(raw), start, read, parse.describe) for raw in raws]


def _each(of: Callable[[Entry], list[Item]], entries: list[Entry]) -> list[Item]:
    """The items of the entries; one that is gone by now is told as a BadItem."""
    items: list[Item] = []
    for entry in entries:
        try:
            items += of(entry)
        except Rejected as error:
            items.append(BadItem(source_id=entry.id, reason=str(error), raw=entry.raw))
    return items


def _order(client: AliExpressClient, entry: Entry) -> list[Item]:
    if not entry.known:
        raise Rejected("not an order of the order list")
    return list(parse_each([client.order(entry.id)], parse.order, parse.describe))


def _issue(client: AliExpressClient, entry: Entry) -> list[Item]:
    if not entry.known:
        raise Rejected("not a dispute of the list of disputes")
    head = msgspec.json.decode(entry.raw, type=wire.IssueHead)
    found = client.issue(entry.id, head.buyer_login_id or "")
    return list(parse_each([found], partial(parse.case, head=head), parse.describe))


def _order_entry(raw: bytes) -> Entry:
    head = msgspec.json.decode(raw, type=wire.OrderHead)
    changed = head.gmt_update or head.gmt_create
    return Entry(str(head.order_id), moment(changed), f"{head.order_id}@{changed}", raw)


def _issue_entry(raw: bytes) -> Entry:
    head = msgspec.json.decode(raw, type=wire.IssueHead)
    changed = head.gmt_modified or head.gmt_create
    mark = f"{head.issue_id}@{changed}@{head.issue_status}"
    return Entry(str(head.issue_id), moment(changed), mark, raw)


def _review_entry(raw: bytes) -> Entry:
    told = msgspec.json.decode(raw, type=wire.Evaluation)
    mark = f"{told.order_id}@{told.gmt_modified or told.shown_since}"
    return Entry(str(told.order_id), moment(told.shown_since), mark, raw)
