"""What is asked about a row before it is written and sent: need it go out, may it, must it wait."""

from datetime import datetime, timedelta

from syncd.accounts import Account, Runtime
from syncd.model import EXTENSION, REVIEW_REQUEST, CaseKind, OutboxRow
from syncd.outbox.approved import case_about, changed, stated
from syncd.outbox.compose import Unwritable
from syncd.outbox.looks import Looks, PollSoon, Wait
from syncd.rules.news import NEWS_CAUSES, overtaken
from syncd.rules.playbooks import daytime, lives_in

# Others are somebody's own wish, whatever has become of the parcel.
_FOR_A_FINDING = frozenset({"notice", EXTENSION})
_OF_NEWS = frozenset({"notice", REVIEW_REQUEST})
_ALL_CASES = frozenset(CaseKind)
_JUDGED_WITHIN = timedelta(seconds=5)


class Before:
    """The questions of one runtime's sender; `poll_soon` is how a parcel is looked at first."""

    def __init__(self, runtime: Runtime, poll_soon: PollSoon) -> None:
        self._runtime = runtime
        self._looks = Looks(runtime, poll_soon)

    def over(self, row: OutboxRow, *, stands: bool) -> str | None:
        """Why a row need not go out any more; None where it still should."""
        if not stands and row.purpose in _FOR_A_FINDING:
            return "the trouble is over"
        if row.purpose == REVIEW_REQUEST:
            case = self._runtime.store.stories.case(row, _ALL_CASES)
            if case is not None:
                return _opened(*case)
        if row.purpose not in _OF_NEWS or row.shipment_id is None or row.cause not in NEWS_CAUSES:
            return None
        milestone, later, called_off = self._runtime.store.stories.since(row)
        return overtaken(row.cause, milestone, later, called_off=called_off)

    def case(self, row: OutboxRow) -> str | None:
        """Why a person is to decide first; None where none need, or one has approved the text."""
        case = case_about(self._runtime, row) if row.text is None else None
        return case and f"{_opened(*case)} about the order, approve it if it fits"

    def outdated(self, account: Account, row: OutboxRow, now: datetime) -> str | None:
        """Why a text that a person approved is to be approved again; None where it still holds."""
        before = self._runtime.store.outbox.approval(row)
        if before is None:
            return None
        try:
            after = stated(self._runtime, account, row, now)
        except Unwritable as error:
            return f"since it was approved: {error}"
        differs = changed(before, after) if after is not None else []
        if not differs:
            return None
        said = ", ".join(differs)
        return f"changed since it was approved: {said}; approve it again if it fits"

    def wait(self, row: OutboxRow, now: datetime, *, news: bool) -> Wait | None:
        """What a row has to wait for, such as `news` to be judged; None where it may leave now."""
        if news:
            return Wait(now + _JUDGED_WITHIN, "there is news to be judged first")
        if row.purpose == "notice" and row.order_number is not None:
            return self._order_waits(row, now)
        if row.purpose != "notice" or row.shipment_id is None:
            return None
        story = self._runtime.store.stories.parcel(row.shipment_id)
        quiet_hours = self._runtime.settings.quiet_hours
        opens = daytime(now, lives_in(story), story.destination_state, quiet_hours)
        if opens > now:  # it waited its turn too long, or was put off into the night
            return self._quiet(row, opens)
        return self._looks.wait(row, story, now)

    def _order_waits(self, row: OutboxRow, now: datetime) -> Wait | None:
        story = self._runtime.store.stories.order(row)
        opens = daytime(now, lives_in(story), story.state, self._runtime.settings.quiet_hours)
        if opens > now:
            return self._quiet(row, opens)
        return self._looks.wait_for_shop(row, story, now)

    def _quiet(self, row: OutboxRow, opens: datetime) -> Wait:
        self._looks.waits_for_another_reason(row)
        return Wait(opens, "the buyer's quiet hours")


def _opened(kind: CaseKind, number: str) -> str:
    return f"the buyer has opened {kind.replace('_', ' ')} case {number}"
