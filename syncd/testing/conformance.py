"""The conformance suite: what syncd relies on in every connector, as tests to subclass.

In a connector's own tests::

    class TestConformance(ConnectorConformance):
        connector_class = Shop
        readme = Path(__file__).parent.parent / "README.md"
        secrets = ("s3cret",)

        @pytest.fixture
        def source(self):
            with FakeShop() as shop:  # with more items in each stream than fit on one page
                yield shop

        def config(self, source):
            return {"base_url": source.url, "token": {"env": "SHOP_TOKEN"}}

        def add_item(self, source, stream):
            source.add_message("one more")

Each test's docstring says in a sentence what is wrong when it fails. What a platform cannot do is
skipped: `edit_item`, `deny`, `draft`, `more_drafts`, `refused_draft` and `extension` need not be
there.
"""

import contextlib
import re
import socket
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any, ClassVar

import pytest
from msgspec.structs import replace

from syncd import clock
from syncd.connector import (
    API_VERSION,
    AuthFailed,
    Capability,
    Connector,
    Context,
    Unavailable,
)
from syncd.connector.contract import NAME, STREAMS
from syncd.http import Budget
from syncd.model import BadItem
from syncd.testing.observe import (
    content,
    first,
    ids_of,
    masked,
    not_json,
    offline,
    poll,
    poll_error,
    raised,
    requests,
    said,
    wrong_times,
)
from syncd.testing.permission_checks import PermissionChecks
from syncd.testing.request_checks import RequestChecks
from syncd.testing.sending_checks import SendingChecks
from syncd.testing.server import BREAKDOWNS, FakeServer, Fault
from syncd.testing.strain_checks import StrainChecks
from syncd.testing.tracking_checks import TrackingChecks

SECTIONS = (
    "What it reads",
    "What it can send",
    "Credentials",
    "Settings",
    "Known limits",
    "Troubleshooting",
)
RETRY_AFTER = 7
ALWAYS = 1_000_000


def _have(items: Collection[object], stream: str) -> None:
    """Leave a check that has nothing to look at: that alone is the failure of another one."""
    if not items:
        pytest.skip(f"not run, since the first poll of {stream} brought nothing")


class Make:
    """Makes connector objects on a source, as many as a test needs."""

    def __init__(self, build: Callable[[str, timedelta], Connector]) -> None:
        self._build = build
        self._open: list[Connector] = []

    def __call__(
        self, account: str = "conformance", *, ahead: timedelta = timedelta(0)
    ) -> Connector:
        """Make one for an account of this name, whose clock is `ahead` of the platform's."""
        self._open.append(self._build(account, ahead))
        return self._open[-1]

    def close(self, connector: Connector) -> None:
        """Close one of them before the test ends."""
        self._open.remove(connector)
        connector.close()

    def close_all(self) -> None:
        """Close those that are still open."""
        while self._open:
            self._open.pop().close()


class ConnectorConformance(
    TrackingChecks, PermissionChecks, SendingChecks, RequestChecks, StrainChecks
):
    """Subclass it in a test module; what is to be filled in stands first."""

    connector_class: ClassVar[type[Connector]]
    readme: ClassVar[Path]
    """The connector's README.md."""
    secrets: ClassVar[tuple[str, ...]] = ()
    """The values that the config's secrets have in this set-up."""
    resends_last: ClassVar[bool] = False
    """The platform's cursor has no finer step: the last items come again at every poll. Scans of a
    parcel may come again in any case: that it was looked at keeps it from being asked for."""

    @pytest.fixture
    def source(self) -> Any:
        """The running fake (or real) platform, with several items in each stream."""
        raise NotImplementedError("conformance: write the fixture `source`")

    def config(self, source: Any) -> dict[str, Any]:
        """The settings of an account on `source`, as they would stand in the config file."""
        raise NotImplementedError("conformance: write `config`")

    def add_item(self, source: Any, stream: str) -> None:
        """Let the platform have one more item."""
        raise NotImplementedError("conformance: write `add_item`")

    def edit_item(self, source: Any, stream: str) -> bool:
        """Change an item that was there from the start; False: this platform has no edits."""
        del source, stream
        return False

    def context(self, source: Any, account: str) -> Context:
        """What the daemon lends; override it for parcels to follow or a clock of your own."""
        del source
        return Context(account=account, now=clock.now)

    def fail(self, source: Any, fault: Fault, *, times: int = ALWAYS, path: str = ".*") -> None:
        """Let requests go wrong from now on; skip the test where that cannot be brought about."""
        if not isinstance(source, FakeServer):
            pytest.skip(f"{type(source).__name__} cannot be made to answer with {fault}")
        source.fail(fault, times=times, path=path, retry_after=RETRY_AFTER, seconds=0.05)

    def heal(self, source: Any) -> None:
        """Let everything go well again."""
        if isinstance(source, FakeServer):
            source.heal()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run the tests that take a stream for each stream."""
        if "stream" in metafunc.fixturenames:
            metafunc.parametrize("stream", sorted(self.connector_class.streams))

    @pytest.fixture(autouse=True)
    def no_waiting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The HTTP client waits a little before it reads a second time: not here.

        Nor does anybody wait for a turn: the checks ask in seconds what a shop asks in minutes.
        """
        monkeypatch.setattr(clock, "sleep", lambda _: None)
        monkeypatch.setattr(Budget, "take", lambda _: None)

    @pytest.fixture
    def make(self, source: Any) -> Iterator[Make]:
        """What makes connector objects on `source`; they are closed at the test's end."""
        make = Make(partial(self.build, source))
        yield make
        make.close_all()

    def build(self, source: Any, account: str, ahead: timedelta) -> Connector:
        """A connector object on `source`, whose clock is `ahead` of the platform's."""
        config = self.connector_class.Config.model_validate(self.config(source))
        lent = self.context(source, account)
        return self.connector_class(config, replace(lent, now=lambda: lent.now() + ahead))

    # Reading

    def test_something_comes(self, make: Make, stream: str) -> None:
        """The first poll brings nothing that could be read."""
        good = [item for item in poll(make(), stream) if not isinstance(item, BadItem)]
        assert good, (
            f"the first poll of {stream} brought no item; are there any in `source`, and within how "
            "far back it looks? The suite's clock is today: move recorded times by "
            "syncd.testing.recording.lately, or override `context`"
        )

    def test_resuming_loses_nothing(self, make: Make, stream: str) -> None:
        """An item is lost when a poll ends at some batch and goes on later at its cursor."""
        batches = list(make().poll(stream, {}))
        every = ids_of(item for batch in batches for item in batch.items)
        _have(every, stream)
        for count in range(len(batches)):
            items, cursor = first(make(), stream, count)
            items += poll(make(), stream, cursor)
            lost = every - ids_of(items)
            assert not lost, f"{stream}: after batch {count}, resuming at {cursor} lost {lost}"

    def test_polling_again_brings_nothing_new(self, make: Make, stream: str) -> None:
        """The cursor does not move behind the last item, so that every poll brings it again."""
        items, cursor = first(make(), stream)
        _have(items, stream)
        again = poll(make(), stream, cursor)
        if self.resends_last or Capability.TRACK_PARCELS in self.connector_class.capabilities:
            new = ids_of(again) - ids_of(items)
            assert not new, f"{stream}: nothing happened, and {new} came"
        else:
            assert not again, f"{stream}: nothing happened, and {sorted(ids_of(again))} came again"

    def test_a_new_item_comes(self, make: Make, source: Any, stream: str) -> None:
        """What arrives after the last cursor is never read."""
        connector = make()
        items, cursor = first(connector, stream)
        self.add_item(source, stream)
        new = ids_of(poll(connector, stream, cursor)) - ids_of(items)
        assert new, f"{stream}: an item was added, and polling from {cursor} did not bring it"

    def test_an_edit_is_seen(self, make: Make, source: Any, stream: str) -> None:
        """An item that changes at the platform keeps its old content in the store."""
        connector = make()
        items, cursor = first(connector, stream)
        _have(items, stream)
        if not self.edit_item(source, stream):
            pytest.skip(f"items of {stream} are not edited")
        before = {(item.source_id, content(item)) for item in items}
        changed = [
            item
            for item in poll(connector, stream, cursor)
            if item.source_id in ids_of(items) and (item.source_id, content(item)) not in before
        ]
        assert changed, f"{stream}: an item was edited, and no known id came with new content"

    def test_cursors_survive_json(self, make: Make, stream: str) -> None:
        """A cursor holds something that JSON does not, and comes back from the store as another."""
        for batch in make().poll(stream, {}):
            assert isinstance(batch.cursor, dict), f"{stream}: {batch.cursor!r} is not a dict"
            odd = list(not_json(batch.cursor))
            assert not odd, f"{stream}: the cursor {batch.cursor} holds {odd}"

    def test_source_ids_are_unique_strings(self, make: Make, stream: str) -> None:
        """Two items share an id, so that one overwrites the other, or an id is not a string."""
        known: dict[str, bytes] = {}
        for item in poll(make(), stream):
            source_id: object = item.source_id
            assert isinstance(source_id, str), f"{stream}: the id {source_id!r} is not a str"
            assert source_id, f"{stream}: an id is empty"
            if not isinstance(item, BadItem):
                same = known.setdefault(source_id, content(item)) == content(item)
                assert same, f"{stream}: two different items have the id {source_id!r}"

    def test_times_are_aware(self, make: Make, stream: str) -> None:
        """A time has no zone, and will be off by hours in what is concluded from it."""
        naive = [text for item in poll(make(), stream) for text in wrong_times(item)]
        assert not naive, f"{stream}: {naive[:3]}"

    # When the source misbehaves

    def _misbehave(
        self, make: Make, source: Any, stream: str, fault: Fault
    ) -> Iterator[Exception | None]:
        """What polls raise while everything goes wrong in the way of `fault`.

        The first has to sign in, where there is something to sign in to; the second has done so.
        """
        used = make()
        poll(used, stream)
        for connector in (make(), used):
            self.fail(source, fault)
            yield poll_error(connector, stream)
            self.heal(source)

    def test_a_refused_login_stops_the_account(self, make: Make, source: Any, stream: str) -> None:
        """A refused login is not told as AuthFailed, so that nobody is asked to mend it."""
        for error in self._misbehave(make, source, stream, Fault.UNAUTHORIZED):
            assert isinstance(error, AuthFailed), f"{stream}: on 401 came {error!r}, not AuthFailed"

    def test_retry_after_is_handed_on(self, make: Make, source: Any, stream: str) -> None:
        """The time the platform asks to wait (429 with Retry-After) gets lost."""
        for error in self._misbehave(make, source, stream, Fault.RATE_LIMITED):
            wait = error.retry_after if isinstance(error, Unavailable) else None
            assert wait == RETRY_AFTER, (
                f"{stream}: on 429 with Retry-After: {RETRY_AFTER} came {error!r} "
                f"with retry_after={wait}"
            )

    def test_a_rate_limit_without_a_time_is_backed_off_from(
        self, make: Make, source: Any, stream: str
    ) -> None:
        """A 429 without Retry-After is not told as Unavailable."""
        for error in self._misbehave(make, source, stream, Fault.RATE_LIMITED_SILENT):
            assert isinstance(error, Unavailable), f"{stream}: on a bare 429 came {error!r}"

    @pytest.mark.parametrize("fault", BREAKDOWNS)
    def test_a_breakdown_is_told_as_such(
        self, make: Make, source: Any, stream: str, fault: Fault
    ) -> None:
        """A source that is down or answers nonsense looks like a bug, or like an empty mailbox."""
        for error in self._misbehave(make, source, stream, fault):
            assert isinstance(error, Unavailable), f"{stream}: on {fault} came {error!r}"

    @pytest.mark.parametrize("fault", BREAKDOWNS)
    def test_a_breakdown_loses_nothing(
        self, make: Make, source: Any, stream: str, fault: Fault
    ) -> None:
        """An item that was due while the source was down never comes afterwards."""
        every = ids_of(poll(make(), stream))
        _have(every, stream)
        for healthy in (0, 1):
            connector = make()
            batches = connector.poll(stream, {})
            got = [batch for _, batch in zip(range(healthy), batches, strict=False)]
            self.fail(source, fault)
            with contextlib.suppress(Exception):  # which one is another test's question
                got.extend(batches)
            self.heal(source)
            items = [item for batch in got for item in batch.items]
            items += poll(connector, stream, got[-1].cursor if got else {})
            lost = every - ids_of(items)
            assert not lost, f"{stream}: {fault} after {healthy} batches, then polled on: {lost}"

    def test_a_page_with_everything_twice_is_harmless(
        self, make: Make, source: Any, stream: str
    ) -> None:
        """Items that the platform gives twice become two, or stop the poll."""
        every = ids_of(poll(make(), stream))
        _have(every, stream)
        self.fail(source, Fault.DUPLICATE_PAGE)
        got = ids_of(poll(make(), stream))
        assert got == every, f"{stream}: too many: {got - every}, missing: {every - got}"

    def test_a_page_in_another_order_is_harmless(
        self, make: Make, source: Any, stream: str
    ) -> None:
        """Items are lost when a page comes in another order than usual."""
        every = ids_of(poll(make(), stream))
        _have(every, stream)
        connector = make()
        self.fail(source, Fault.REORDERED_PAGE)
        items, cursor = first(connector, stream)
        self.heal(source)
        lost = every - ids_of(items + poll(connector, stream, cursor))
        assert not lost, f"{stream}: pages came backwards, and {lost} never came"

    # Manners

    def test_it_declares_itself(self) -> None:
        """The class lacks what the daemon needs to know of it."""
        cls = self.connector_class
        assert NAME.fullmatch(cls.name), f"name {cls.name!r}: a-z, 0-9 and '-', a letter first"
        version = vars(cls).get("api_version")
        assert version, f"{cls.__name__} itself names no api_version: api_version = {API_VERSION}"
        assert version == API_VERSION, f"written for version {version}"
        unknown = set(cls.streams).difference(STREAMS)
        assert not unknown, f"streams {sorted(unknown)}: known are {sorted(STREAMS)}"
        short = [name for name, every in cls.streams.items() if every < timedelta(seconds=1)]
        assert not short, f"streams {short} are polled without a pause"

    def test_the_settings_alone_say_what_it_can_do(self, make: Make, source: Any) -> None:
        """An object can do or read other things than `able` and `reads` say of its settings."""
        cls, made = self.connector_class, make()
        config, own = cls.Config.model_validate(self.config(source)), made.capabilities
        able, reads = cls.able(config), cls.reads(config)
        more = sorted(able - cls.capabilities)
        assert not more, f"`able` says {more}, which `capabilities` of the class does not have"
        assert own == able, (
            f"the object says {sorted(own)}, and `able` {sorted(able)}: leave `self.capabilities` "
            "alone, and let the class method `able` say what settings take away"
        )
        assert dict(made.streams) == dict(reads), (
            f"the object reads {sorted(made.streams)}, and `reads` says {sorted(reads)}: leave "
            "`self.streams` alone, and let the class method `reads` say what settings take away"
        )
        odd = sorted(set(reads) - set(cls.streams))
        assert not odd, f"`reads` says {odd}, which `streams` of the class does not have"

    def test_construction_opens_nothing(
        self, make: Make, source: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Making the object asks the network, so `check-config` needs the platform to be up."""
        before = requests(source)
        with monkeypatch.context() as patch:
            patch.setattr(socket.socket, "connect", offline)
            patch.setattr(socket, "getaddrinfo", offline)
            make()
        assert requests(source) == before, "a request was made before the first poll"

    def test_check_passes_where_all_is_well(self, make: Make) -> None:
        """`check` complains about a source that answers."""
        error = raised(make().check)
        assert error is None, f"check raised {error!r}"

    def test_secrets_stay_secret(self, make: Make, source: Any) -> None:
        """A secret can be read in the object's repr or in an error, and so ends up in logs."""
        if not self.secrets:
            pytest.skip("`secrets` names none")
        connector = make()
        texts = [repr(connector), str(connector), repr(connector.config), str(connector.config)]
        for fault in (None, Fault.UNAUTHORIZED, Fault.RATE_LIMITED, *BREAKDOWNS):
            if fault is not None:
                self.fail(source, fault)
            for stream in connector.streams:
                texts += said(poll_error(connector, stream))
            self.heal(source)
        shown = {text for text in texts if any(secret in text for secret in self.secrets)}
        assert not shown, f"{len(shown)} texts show a secret, such as {masked(shown, self.secrets)}"

    def test_objects_share_nothing(self, make: Make, stream: str) -> None:
        """Two accounts of one connector disturb each other."""
        every = ids_of(poll(make(), stream))
        _have(every, stream)
        one, other = make("one"), make("other")
        seen: list[set[str]] = [set(), set()]
        for pair in zip_longest(one.poll(stream, {}), other.poll(stream, {})):
            for ids, batch in zip(seen, pair, strict=True):
                ids.update(ids_of(batch.items if batch else ()))
        lost = [sorted(every - ids) for ids in seen]
        assert lost == [[], []], f"{stream}: two polled at the same time, and missed {lost}"
        make.close(one)
        error = poll_error(other, stream)
        assert error is None, f"{stream}: when one account was closed, the other raised {error!r}"

    def test_the_readme_has_its_sections(self) -> None:
        """A section that users look for is missing in the README."""
        text = self.readme.read_text(encoding="utf-8")
        headings = {line.lstrip("# ").strip().lower() for line in re.findall(r"(?m)^##+ .*", text)}
        missing = [section for section in SECTIONS if section.lower() not in headings]
        assert not missing, f"{self.readme.name} has no section {missing}"

    def test_every_setting_is_described(self) -> None:
        """A setting has no description, so that the reference and the sample config are mute."""
        fields = self.connector_class.Config.model_fields
        mute = [name for name, field in fields.items() if not (field.description or "").strip()]
        assert not mute, f"{self.connector_class.Config.__name__} does not describe {mute}"
