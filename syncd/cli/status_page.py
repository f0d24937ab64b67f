"""``syncd status`` for people: readable in one look."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from syncd.cli.mending import how_to_mend
from syncd.cli.output import cell, fitted
from syncd.cli.words import counted, plain, span

_COLOURS = {
    "ok": "green", "failing": "yellow", "not_permitted": "yellow", "unpolled": "yellow",
    "stopped": "red",
}  # fmt: skip
_WHAT_TO_DO = {
    "held": "waiting for approval: `syncd outbox`, then `syncd outbox approve ID` or `cancel ID`",
    "person": "only a person can go on: `syncd outbox` tells why",
    "failed": "refused for good: `syncd outbox --state failed`",
}


_WAITS = {
    "tracking": "findings that rest on its silence wait (`syncd explain` tells of each parcel)"
}

_NAMES = ("account", "connector")
# Where a line goes on that a terminal has no room for: right of its title and of its own indent.
_INDENT = 16


def page(found: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterator[str]:
    """The lines of what `syncd.status.snapshot` found; `tables` are the config's, by account."""
    yield from _section("accounts", list(_accounts(found, tables)) or ["none in the config"])
    yield from _section("stale", list(_stale(found)))
    yield from _section("outbox", list(_outbox(found["outbox"])) or ["empty"])
    yield from _section("findings", [f"open: {counted(found['findings']) or 'none'}"])
    yield from _section("quarantine", [_quarantine(found["quarantine"])])
    yield from _section("store", [counted(found["counts"]), cell(found["store"])])


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    """Lines beside their title."""
    for number, line in enumerate(lines):
        beside = title if number == 0 else ""
        yield from fitted(f"{click.style(f'{beside:11}', bold=True)} {line}", _INDENT)


def _accounts(found: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterator[str]:
    accounts = found["accounts"]
    widths = [max((len(cell(one[key])) for one in accounts), default=0) for key in _NAMES]
    state_width = max([8, *(len(plain(one["state"])) for one in accounts)])
    for one in accounts:
        streams = [s for s in found["streams"] if s["account"] == one["account"]]
        name, connector = cell(one["account"]), cell(one["connector"])
        state = click.style(f"{plain(one['state']):{state_width}}", fg=_COLOURS.get(one["state"]))
        yield f"{name:{widths[0]}}  {connector:{widths[1]}}  {state}  {_lags(one, streams)}"
        mending = cell(how_to_mend(name, tables.get(one["account"])))
        yield from (f"  {reason}" for reason in _reasons(mending, found["at"], streams))


def _lags(account: Mapping[str, Any], streams: Sequence[Mapping[str, Any]]) -> str:
    if account["state"] == "removed":
        return "not in the config any longer, or switched off there"
    if not streams:
        return cell(account.get("reason") or "never polled")
    return ", ".join(f"{one['stream']} {_lag(one)}" for one in streams)


def _lag(stream: Mapping[str, Any]) -> str:
    if stream["lag_seconds"] is None:
        return click.style("never", fg="yellow")
    return f"{span(stream['lag_seconds'])} ago"


def _reasons(mending: str, now: datetime, streams: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Each reason once, with the streams that it keeps from going on."""
    failing: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for stream in streams:
        if stream["state"] in {"stopped", "failing", "not_permitted"}:
            failing.setdefault((stream["state"], cell(stream["error"])), []).append(stream)
    for (state, why), alike in failing.items():
        if state == "stopped":
            yield f"until its login is mended ({mending}): {why}"
        else:
            names = ", ".join(one["stream"] for one in alike)
            told = f"{plain(state)} for {_longest(now, alike)} ({_tries(now, alike)})"
            yield f"{names}: {told}: {why}"


def _longest(now: datetime, streams: Sequence[Mapping[str, Any]]) -> str:
    since = min(one["failing_since"] for one in streams)
    return span((now - since).total_seconds())


def _tries(now: datetime, streams: Sequence[Mapping[str, Any]]) -> str:
    failures = max(one["failures"] for one in streams)
    polls = f"{failures} poll{'s' if failures != 1 else ''}"
    again = min((one["retry_at"] for one in streams if one["retry_at"]), default=now)
    if again <= now:
        return polls
    return f"{polls}, again in {span((again - now).total_seconds())}"


def _stale(found: Mapping[str, Any]) -> Iterator[str]:
    """Each stream that has not answered for too long, and what waits for it."""
    for one in found["stale"]:
        last = one["succeeded_at"]
        heard = f"for {_ago(found['at'], last)}" if last else "ever"
        waits = f": {_WAITS[one['stream']]}" if one["stream"] in _WAITS else ""
        text = (
            f"{cell(one['account'])} {cell(one['stream'])} has given no good answer {heard}{waits}"
        )
        yield click.style(text, fg="yellow")


def _ago(now: datetime, moment: datetime) -> str:
    return span((now - moment).total_seconds())


def _outbox(depth: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for state, figures in sorted(depth.items(), key=_by_urgency):
        text = f"{figures['rows']} {plain(state)}"
        if state in _WHAT_TO_DO:
            text += f", {_WHAT_TO_DO[state]}"
        elif figures.get("oldest_seconds"):
            text += f", the oldest due for {span(figures['oldest_seconds'])}"
        yield click.style(text, fg="yellow") if state in {"held", "person"} else text


def _by_urgency(pair: tuple[str, Any]) -> tuple[int, str]:
    order = ("person", "held", "in_flight", "claimed", "pending", "failed")
    return (order.index(pair[0]) if pair[0] in order else len(order), pair[0])


def _quarantine(figures: Mapping[str, int]) -> str:
    if not figures:
        return "empty"
    where = ", ".join(f"{cell(name)} {number}" for name, number in figures.items())
    return f"{sum(figures.values())} that nobody could read ({where}): `syncd quarantine`"
