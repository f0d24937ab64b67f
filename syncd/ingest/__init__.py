"""Taking in what connectors bring: poll a stream, write each batch once, with its cursor."""

from syncd.ingest.poll import PollResult, poll

__all__ = ["PollResult", "poll"]
