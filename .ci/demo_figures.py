# ruff: noqa: INP001  a script, not a package
"""Reads what ``syncd demo --json`` printed; exits with 1 and the figures not as promised."""

import json
import sys

WANTED = ("messages", "orders", "shipments", "late_found", "notices_sent", "quarantined")
FAULTS = (
    "duplicate_notices",
    "notices_missing_facts",
    "notices_in_wrong_language",
    "notices_in_quiet_hours",
    "notices_needless",
    "buyers_not_told",
    "items_missing",
    "items_stored_twice",
    "for_a_person",
)

found = json.load(sys.stdin)
wrong = [f"{name} is 0" for name in WANTED if found[name] == 0]
wrong += [f"{name} is {found[name]}, not 0" for name in FAULTS if found[name] != 0]
sys.exit("\n".join([*wrong, *found["faults"]]) or None)
