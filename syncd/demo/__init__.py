"""The whole of syncd in a minute: the real daemon's parts against a made-up world on loopback."""

from syncd.demo.report import Report
from syncd.demo.run import Demo

__all__ = ["Demo", "Report"]
