"""The verb that judges delay detectors on the seller's own history."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click
import msgspec

from syncd import clock
from syncd.cli.orders_csv import SHOWN, CsvProblems, Orders, read_orders
from syncd.cli.output import emit, to_json
from syncd.cli.progress import Shown
from syncd.model.lateness import BOARD, BOARD_USED, BUYER, BUYER_USED
from syncd.rules.lateness import History, Settings, thresholds
from syncd.rules.lateness.clock import ENOUGH
from syncd.rules.lateness.figures import Figures, Table, by_lane, by_month, overall
from syncd.rules.lateness.replay import Replayed, data_end, replay

_READ = 0.3
"""The share of the time that reading takes, about."""

# What the lane of orders without origin and destination is called in the figures.
_NO_LANE = ">"

_PICTURES = (".pdf", ".png", ".svg")


@click.command()
@click.argument("orders", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print JSON, by month and lane too.")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False),
              help="Draw a picture into this .png, .svg or .pdf; needs syncd[plot].")  # fmt: skip
def backtest(orders: Path, as_json: bool, plot: Path | None) -> None:
    """Replay the order history in ORDERS and tell what each delay detector was worth.

    ORDERS is a CSV file with the columns order_id, placed_at, handed_over_at, delivered_at,
    promised_at, origin, destination, carrier, service and status; empty means unknown, other
    columns are passed over. Day by day each detector sees what was known then; what is set, is
    set on earlier orders only. Exits with 1 where the file has errors (with --json: `problems`).
    """
    draw = _drawer(plot) if plot else None
    with Shown(hidden=as_json) as progress:
        progress(0.0, {}, "reading")
        read = _read(orders, as_json=as_json)
        history = History.of(read.orders)
        progress(_READ, {"orders": history.size}, "replaying")
        replayed = replay(history, progress=lambda share: progress(
            _READ + (1 - _READ) * share, {"orders": history.size}, "replaying"
        ))  # fmt: skip
    _warn(orders, read.impossible)
    report = _report(read, history, replayed)
    if as_json:
        click.echo(to_json(msgspec.to_builtins(report)))
    else:
        _tell(report)
    if draw is not None:  # last, so that a picture that cannot be written costs no figures
        draw(report["detectors"], report["by_month"], plot)


def _read(path: Path, *, as_json: bool) -> Orders:
    """Raises CsvProblems, which a program that reads along gets as JSON, too."""
    try:
        return read_orders(path, clock.now().date())
    except CsvProblems as error:
        if as_json:
            click.echo(to_json({"problems": error.problems}))
        raise


def _warn(path: Path, impossible: list[str]) -> None:
    """The rows that were left out as their times cannot be true, as editors find them."""
    for each in impossible[:SHOWN]:
        click.echo(f"{path}:{each}", err=True)
    if len(impossible) > SHOWN:
        click.echo(f"{path}: and {len(impossible) - SHOWN} more such rows", err=True)


def _drawer(plot: Path) -> Any:
    if plot.suffix.lower() not in _PICTURES:
        raise click.UsageError(f"--plot: {plot.name} must end in one of {', '.join(_PICTURES)}")
    try:
        from syncd.cli.backtest_picture import draw  # noqa: PLC0415  an extra, and slow to import
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("syncd"):
            raise
        raise click.UsageError(
            f"--plot needs {error.name}, which is not installed: pip install 'syncd[plot]'"
        ) from None
    return draw


def _report(read: Orders, history: History, replayed: Replayed) -> dict[str, Any]:
    return {
        "orders": _orders(read, history, replayed),
        "detectors": overall(replayed),
        "by_month": by_month(replayed),
        "by_lane": by_lane(replayed),
        "parameters": _parameters(replayed),
    }


def _orders(read: Orders, history: History, replayed: Replayed) -> dict[str, Any]:
    judged = replayed.history.size
    return {
        "read": history.size + sum(read.left_out.values()),
        "judged": judged,
        "outcome_unknown": history.size - judged,
        "left_out": read.left_out,
        "data_end": date.fromordinal(data_end(history)) if history.size else None,
    }


def _parameters(replayed: Replayed) -> dict[str, Any]:
    return {
        **msgspec.to_builtins(Settings()),
        "fewest_effective_orders": ENOUGH,
        "board": BOARD,
        "buyer": BUYER,
        "buyer_fair": {f"{days} d": chance for days, chance in thresholds.FAIR_TO_TELL},
        "board_window": BOARD_USED,
        "buyer_window": BUYER_USED,
        "operational_false_alarms": thresholds.FALSE_ALARMS,
        "operational_fair": {f"{days} d": chance for days, chance in thresholds.FAIR},
        "months": replayed.months,
    }


def _tell(report: Mapping[str, Any]) -> None:
    orders = report["orders"]
    left_out = "".join(f", {number} {why}" for why, number in orders["left_out"].items())
    if not orders["judged"]:
        click.echo(
            f"0 orders judged: there are {orders['read']} in the file, "
            f"{orders['outcome_unknown']} still open at its end{left_out}"
        )
        return
    click.echo(
        f"{orders['judged']} orders judged; {orders['outcome_unknown']} still open at the data's "
        f"end, {orders['data_end']}{left_out}\n"
    )
    emit(_lines(report["detectors"]), as_json=False)
    for name, tables in (("month", report["by_month"]), ("lane", report["by_lane"])):
        click.echo(f"\nThe operational detector by {name}:")
        lines = [
            {name: "not told" if label == _NO_LANE else label, **_line(table["operational"])}
            for label, table in tables.items()
        ]
        emit(lines, as_json=False)


def _lines(table: Table) -> list[dict[str, str]]:
    return [{"detector": name, **_line(figures)} for name, figures in table.items()]


def _line(figures: Figures) -> dict[str, str]:
    lead = figures.median_lead_days
    return {
        "FAR": _percent(figures.far),
        "recall": _percent(figures.recall),
        "precision": _percent(figures.precision),
        "lead d": "-" if lead is None else f"{lead:g}",
        "recall 3 d": _percent(figures.recall_3d),
        "alarmed": str(figures.alarmed),
        "late": str(figures.late),
        "on time": str(figures.on_time),
    }


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
