"""Decisions, each a pure function of facts: no I/O, no clock, no store."""
