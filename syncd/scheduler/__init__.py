"""What runs when. The only importer of apscheduler; an engine for several machines goes here."""

from syncd.scheduler.jobs import Scheduler

__all__ = ["Scheduler"]
