"""The backtest as a picture; importing this needs matplotlib."""

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from syncd.rules.lateness.figures import EARLY_DAYS, Table


def draw(detectors: Table, by_month: Mapping[str, Table], path: Path) -> None:
    """Write the picture to `path`; its suffix says which format.

    Left what each detector costs in false alarms and brings in late orders found early, right how
    the operational one fared from month to month.
    """
    figure = Figure(figsize=(12, 5), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    _trade(left, detectors)
    _months(right, by_month)
    figure.savefig(path, dpi=120)


def _trade(axes: Axes, detectors: Table) -> None:
    for name, figures in detectors.items():
        if figures.far is not None and figures.recall_3d is not None:
            axes.plot(figures.far, figures.recall_3d, "o", label=name)
    axes.set(
        xlabel="on-time orders ever alarmed",
        ylabel=f"late orders alarmed {EARLY_DAYS} days ahead",
        title="Detectors",
        ylim=(-0.03, 1.05),
    )
    axes.grid(alpha=0.3)
    if axes.has_data():  # no detector has a point where no order was late, or none on time
        axes.legend()


def _months(axes: Axes, by_month: Mapping[str, Table]) -> None:
    months = list(by_month)
    each = [by_month[month]["operational"] for month in months]
    nothing = float("nan")
    for label, values in (
        ("on-time orders alarmed", [one.far for one in each]),
        ("late orders alarmed", [one.recall for one in each]),
        (f"late orders alarmed {EARLY_DAYS} days ahead", [one.recall_3d for one in each]),
    ):
        numbers = [nothing if value is None else value for value in values]
        axes.plot(range(len(months)), numbers, marker="o", label=label)
    axes.set_xticks(range(len(months)), months, rotation=60)
    axes.set(title="The operational detector by month", ylim=(-0.03, 1.05))
    axes.grid(alpha=0.3)
    axes.legend()
