"""APScheduler, made to bear that the machine's clock is set while it runs."""

from datetime import datetime, timedelta

from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler

from syncd import clock, log

_log = log.get("scheduler")

_STEP = 2.0
"""Seconds; daemons that keep the time slew what is off by less than a tenth of one."""
_LONGEST_WAIT = 1.0


class SteadyScheduler(BackgroundScheduler):  # type: ignore[misc]  # APScheduler has no types
    """Runs interval jobs, also when the clock is set or the machine was suspended.

    By itself APScheduler runs nothing after a step back until the clock is again where it was: a
    machine whose clock is kept in local time may start hours ahead. After a step forward it counts
    through every run that was missed: a year of seconds takes minutes and gigabytes.
    """

    _offset: float | None = None

    def _process_jobs(self) -> float:
        """Called by its thread whenever something may be due; gives the seconds until then."""
        offset = clock.system().timestamp() - clock.monotonic()
        step = 0.0 if self._offset is None else offset - self._offset
        self._offset = offset
        if abs(step) > _STEP:
            self._put_right(step)
        wait: float | None = super()._process_jobs()
        return _LONGEST_WAIT if wait is None else min(wait, _LONGEST_WAIT)

    def _put_right(self, step: float) -> None:
        now = clock.system()
        moved = [job for job in self.get_jobs() if _is_off(job, now)]
        for job in moved:
            job.modify(next_run_time=now)
        _log.warning("the clock was set", step_s=round(step), jobs_run_at_once=len(moved))


def _is_off(job: Job, now: datetime) -> bool:
    """Whether a job is overdue, or further ahead than one that has just run can be."""
    longest: timedelta = job.trigger.interval + timedelta(seconds=job.trigger.jitter or 0)
    due: datetime = job.next_run_time
    return not now <= due <= now + longest
