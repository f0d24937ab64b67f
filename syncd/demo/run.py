"""Running a demo: the world, a mailbox, and everything the daemon is made of, in one process."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from syncd import clock, config, ingest, plugins, watch
from syncd.accounts import Runtime
from syncd.demo import files
from syncd.demo.report import Pace, Report, report
from syncd.outbox import Sender
from syncd.scheduler import Scheduler
from syncd.testing.mailbox import Mailbox
from syncd.testing.world import MAILBOX, World

# A Sunday; the world's story begins here whenever the demo is run.
START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 30

_PASSWORD = "sandbox-mail"  # noqa: S105  of a mailbox that lives as long as the demo
_FAULT_RATE = 0.02
_TICK_SECONDS = 0.1
_POLL_SECONDS = 1.0
_STOP_SECONDS = 15.0

Progress = Callable[[float, dict[str, int]], None]
"""Called now and then with the share that is done and the store's counts."""


class Demo:
    """One demo in `folder`, which has to exist; `run` does it all."""

    def __init__(self, folder: Path, *, seconds: float = 60.0, seed: int = 1) -> None:
        self._folder = folder
        self._seconds = seconds
        self._seed = seed
        self._delivered = 0
        self._recorded = 0

    @property
    def config(self) -> Path:
        """The config it wrote, which looks at its store when it is over."""
        return self._folder / "syncd.toml"

    def run(self, progress: Progress) -> Report:
        """Let the world's days pass, then count; the clock is the machine's again afterwards."""
        clock.set_source(clock.accelerated(START, DAYS * 86400 / self._seconds))
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
        found = plugins.load()
        return Runtime.open(config.load(path, found.connectors), found)

    def _pass_days(self, runtime: Runtime, world: World, box: Mailbox, progress: Progress) -> None:
        scheduler = Scheduler(runtime, tick_seconds=_TICK_SECONDS)
        scheduler.start()
        try:
            began = clock.monotonic()
            while (passed := clock.monotonic() - began) < self._seconds:
                self._carry_mail(world, box)
                progress(passed / self._seconds, runtime.store.look.counts())
                threading.Event().wait(min(0.2, self._seconds - passed))
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
        """Stop the world's clock, take in what it has told until then, and count."""
        ended = clock.now()
        second = timedelta(days=DAYS) / self._seconds
        pace = Pace(poll=second * _POLL_SECONDS, tick=second * _TICK_SECONDS)
        world.fault_rate = 0.0
        with clock.frozen(ended):
            for account in runtime.accounts.values():
                for stream in account.connector.streams:
                    ingest.poll(account, stream, runtime.store)
            watch.run(runtime)
            Sender(runtime).run()
            self._carry_mail(world, box)
            return report(runtime, world, started=START, ended=ended, pace=pace)
