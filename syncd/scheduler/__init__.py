"""What runs when. The only importer of apscheduler; an engine for several machines goes here."""

from syncd.scheduler.jobs import Scheduler
from syncd.scheduler.wakes import Received

__all__ = ["Received", "Scheduler"]
