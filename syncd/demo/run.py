"""Running a demo: the world, a mailbox, and everything the daemon is made of, in one process."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from syncd import clock, config, ingest, plugins, watch
from syncd.accounts import Runtime
from syncd.config import Settings
from syncd.demo import files
from syncd.demo.pace import Pace, WorldClock, followed_until
from syncd.demo.report import Report, report
from syncd.outbox import Sender
from syncd.scheduler import Scheduler
from syncd.testing.mailbox import Mailbox
from syncd.testing.world import MAILBOX, World

# A Sunday; the world's story begins here whenever the demo is run.
START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 30
END = START + timedelta(days=DAYS)

_PASSWORD = "sandbox-mail"  # noqa: S105  of a mailbox that lives as long as the demo
_FAULT_RATE = 0.02
_STOP_SECONDS = 15.0

Progress = Callable[[float, dict[str, int], str], None]
"""Called now and then with the share that is done, the store's counts and what is going on."""


class Demo:
    """One demo in `folder`, which has to exist; `run` does it all.

    It takes `seconds`, and longer where the machine is too slow for that.
    """

    def __init__(self, folder: Path, *, seconds: float = 60.0, seed: int = 1) -> None:
        self._folder = folder
        self._seed = seed
        self._pace = Pace.of(seconds, END - START)
        self._clock = WorldClock(START, END, (END - START).total_seconds() / seconds)
        self._delivered = 0
        self._recorded = 0

    @property
    def config(self) -> Path:
        """The config it wrote, which looks at its store when it is over."""
        return self._folder / "syncd.toml"

    def run(self, progress: Progress) -> Report:
        """Let the world's days pass, then count; the clock is the machine's again afterwards."""
        clock.set_source(self._clock)
        try:
            with ExitStack() as stack:
                world = stack.enter_context(self._world())
                box = stack.enter_context(Mailbox(MAILBOX, _PASSWORD))
                runtime = self._open(world, box)
                stack.callback(runtime.close)
                self._pass_days(runtime, world, box, progress)
                return self._count(runtime, world, box)
        finally:
            clock.set_source(clock.system)

    def _world(self) -> World:
        return World(now=clock.now, start=START, days=DAYS, seed=self._seed, fault_rate=_FAULT_RATE)

    def _open(self, world: World, box: Mailbox) -> Runtime:
        path = files.write(
            self._folder,
            shop_url=world.url,
            shop_token=world.token,
            address=MAILBOX,
            password=_PASSWORD,
            imap_port=box.imap_port,
            smtp_port=box.smtp_port,
        )
        tree = config.read(path)
        found = plugins.load(config.connectors_named(tree))
        settings = config.check(tree, found.connectors)
        return Runtime.open(_polled_every(self._pace.poll_seconds, settings), found)

    def _pass_days(self, runtime: Runtime, world: World, box: Mailbox, progress: Progress) -> None:
        scheduler = Scheduler(runtime, tick_seconds=self._pace.tick_seconds)
        streams = sum(len(account.connector.streams) for account in runtime.accounts.values())
        scheduler.start()
        try:
            while (now := clock.now()) < END:
                self._carry_mail(world, box)
                self._clock.wait_at(followed_until(runtime.store, self._pace, streams, START))
                told = f"day {(now - START).days + 1} of {DAYS}"
                progress((now - START) / (END - START), runtime.store.look.counts(), told)
                clock.sleep(self._pace.tick_seconds / 2)
            progress(1.0, runtime.store.look.counts(), "counting")
        finally:
            scheduler.stop(_STOP_SECONDS)

    def _carry_mail(self, world: World, box: Mailbox) -> None:
        """Buyers' mails go into the mailbox; what the mail server accepted is told to the world."""
        mails = world.mails_until(clock.now())
        for _, data in mails[self._delivered :]:
            box.deliver(data)
        self._delivered = len(mails)
        for sent in box.sent[self._recorded :]:
            world.mail_received(sent.sender, sent.recipients, sent.data, sent.at)
            self._recorded += 1

    def _count(self, runtime: Runtime, world: World, box: Mailbox) -> Report:
        """Let syncd catch up with the world, whose time stands still at its end, and count."""
        world.fault_rate = 0.0
        with clock.frozen(END):
            _poll_all(runtime)
            watch.run(runtime)
            Sender(runtime).run()
            self._carry_mail(world, box)
            _poll_all(runtime)  # what was sent just now is seen again at its source
            mails = self._delivered + self._recorded
            return report(runtime, world, started=START, ended=END, pace=self._pace, mails=mails)


def _poll_all(runtime: Runtime) -> None:
    for account in runtime.accounts.values():
        for stream in account.connector.streams:
            ingest.poll(account, stream, runtime.store)


def _polled_every(seconds: float, settings: Settings) -> Settings:
    """The settings with shorter intervals than a config may ask for: the world's days are short."""
    interval = timedelta(seconds=seconds)
    accounts = {
        name: account.model_copy(update={"intervals": dict.fromkeys(account.intervals, interval)})
        for name, account in settings.accounts.items()
    }
    return settings.model_copy(update={"accounts": accounts})
