"""Delivering each row of the outbox once, after the platform's own rules have said yes."""

from syncd.outbox.approved import stated
from syncd.outbox.compose import Unwritable, compose
from syncd.outbox.deliver import Sender
from syncd.outbox.replies import where_is_it

__all__ = ["Sender", "Unwritable", "compose", "stated", "where_is_it"]
