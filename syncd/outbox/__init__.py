"""Delivering each row of the outbox once, after the platform's own rules have said yes."""

from syncd.outbox.compose import Unwritable, compose
from syncd.outbox.deliver import Sender

__all__ = ["Sender", "Unwritable", "compose"]
