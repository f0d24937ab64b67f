"""The words every part of syncd shares: frozen values, no behaviour that needs I/O."""

from syncd.model.findings import Cause, Finding, Severity
from syncd.model.items import (
    Address,
    Attachment,
    BadItem,
    Direction,
    Item,
    Message,
    MessageKind,
    Order,
    OrderLine,
    OrderStatus,
    Party,
    Shipment,
    TrackingEvent,
    Window,
)
from syncd.model.outbox import Draft, OutboxState, Receipt, Verdict
from syncd.model.parcels import Leg, Milestone, OffsetSource, ParcelRef, Reason, event_fingerprint

__all__ = [
    "Address",
    "Attachment",
    "BadItem",
    "Cause",
    "Direction",
    "Draft",
    "Finding",
    "Item",
    "Leg",
    "Message",
    "MessageKind",
    "Milestone",
    "OffsetSource",
    "Order",
    "OrderLine",
    "OrderStatus",
    "OutboxState",
    "ParcelRef",
    "Party",
    "Reason",
    "Receipt",
    "Severity",
    "Shipment",
    "TrackingEvent",
    "Verdict",
    "Window",
    "event_fingerprint",
]
