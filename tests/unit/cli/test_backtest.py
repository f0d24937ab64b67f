import csv
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from click.testing import CliRunner, Result

from syncd.cli import cli
from syncd.cli.orders_csv import COLUMNS, CsvProblems, read_orders
from syncd.clock import frozen
from syncd.rules.lateness.replay import DETECTORS

DOCUMENT = Path(__file__).parents[3] / "docs" / "backtest.md"
HEADER = ",".join(COLUMNS)
TODAY = date(2027, 3, 1)


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with frozen(datetime(2027, 3, 1, 12, tzinfo=UTC)):
        yield


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["backtest", *map(str, arguments)])


def write(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def shop(path: Path, orders: int, *, days: int = 500, seed: int = 0) -> Path:
    """A history of which a tenth is late."""
    rng = np.random.default_rng(seed)
    begin = datetime(2025, 1, 6, 9, 0)  # noqa: DTZ001  as most shops' exports are
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        placed = np.sort(rng.integers(0, days, orders))
        window = rng.integers(8, 30, orders)
        handed = rng.integers(1, 5, orders)
        took = handed + 1 + window * 0.45 * rng.lognormal(0, 0.55, orders)
        lane = rng.integers(0, 12, orders)
        for n in range(orders):
            start = begin + timedelta(days=int(placed[n]), minutes=int(rng.integers(0, 900)))
            delivered = start + timedelta(days=float(took[n]))
            table.writerow(
                [
                    f"order-{n}",
                    start.isoformat(sep=" "),
                    (start + timedelta(days=int(handed[n]))).isoformat(sep=" "),
                    "" if n % 100 == 99 else delivered.isoformat(sep=" ", timespec="seconds"),
                    (start + timedelta(days=int(window[n]))).date(),
                    "CN" if lane[n] % 2 else "HK",
                    f"D{lane[n] // 2}",
                    "Yanwen" if lane[n] % 3 else "4PX",
                    "",
                    "shipped" if n % 100 == 99 else "delivered",
                ]
            )
    return path


@pytest.fixture(scope="module")
def history(tmp_path_factory) -> Path:
    return shop(tmp_path_factory.mktemp("backtest") / "orders.csv", 4000)


def test_a_table_for_people(history):
    result = run(history)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert re.fullmatch(
        r"\d+ orders judged; \d+ still open at the data's end, 2026-\d\d-\d\d", lines[0]
    )
    assert lines[2].split() == [
        "detector", "FAR", "recall", "precision", "lead", "d", "recall", "3", "d", "alarmed",
        "late", "on", "time",
    ]  # fmt: skip
    assert [line.split()[0] for line in lines[3:10]] == list(DETECTORS)
    assert "The operational detector by month:" in lines
    assert "The operational detector by lane:" in lines
    assert any(line.startswith("HK>D0") for line in lines)


def test_json_is_as_documented(history):
    found = json.loads(run(history, "--json").stdout)
    assert list(found) == ["orders", "detectors", "by_month", "by_lane", "parameters"]
    assert list(found["detectors"]) == list(DETECTORS)
    figures = found["detectors"]["operational"]
    assert list(figures) == [
        "far", "recall", "precision", "median_lead_days", "recall_3d", "alarmed", "late", "on_time",
    ]  # fmt: skip
    assert found["orders"]["judged"] == figures["late"] + figures["on_time"]
    assert 0.5 < figures["recall"] <= 1
    document = DOCUMENT.read_text(encoding="utf-8")
    months = found["parameters"].pop("months")
    for key in (*found, *found["orders"], *figures, *found["parameters"], *DETECTORS):
        assert f"`{key}`" in document, key
    for key in months["2025-06"]:
        assert f"`{key}`" in document, key
    assert list(found["by_month"]) == list(months)


def test_the_same_orders_in_another_order_give_the_same(history, tmp_path):
    header, *lines = history.read_text("utf-8").splitlines()
    shuffled = np.random.default_rng(1).permutation(np.array(lines, dtype=object))
    other = write(tmp_path / "shuffled.csv", *shuffled, header=header)
    one, two = (json.loads(run(each, "--json").stdout) for each in (history, other))
    assert one["detectors"] == two["detectors"]


def test_times_may_have_zones_and_columns_may_be_missing_or_more(tmp_path):
    path = write(
        tmp_path / "orders.csv",
        "a,2026-03-01T23:30:00+00:00,2026-03-09T20:00:00Z,2026-03-10T00:00:00+08:00,red",
        "b,2026-03-01,2026-03-12,2026-03-10,",
        header="order_id,placed_at,delivered_at,promised_at,colour",
    )
    read = read_orders(path, TODAY)
    assert read.left_out == {}
    found = json.loads(run(path, "--json").stdout)
    # Delivered on the 10th at four in the morning of the promise's zone, which is in time.
    assert found["detectors"]["board"]["late"] == 1
    assert found["detectors"]["board"]["on_time"] == 1


def test_what_cannot_be_judged_is_left_out_and_counted(tmp_path):
    path = write(
        tmp_path / "orders.csv",
        "1,2026-01-01,,2026-01-05,2026-01-09,,,,,delivered",
        "2,2026-01-01,,,2026-01-09,,,,,Canceled",
        "3,2026-01-01,,2026-01-05,2026-01-09,,,,,canceled",
        "4,2026-01-01,,2026-01-05,,,,,,",
        "5,,,2026-01-05,2026-01-09,,,,,",
        "6,2026-01-08,,2026-01-05,2026-01-09,,,,,",
        "7,2026-01-08,,,2026-01-05,,,,,",
        "8,2026-01-01,,,2226-01-09,,,,,",
        "9,2026-01-04,,,2026-01-30,,,,,",
    )
    found = json.loads(run(path, "--json").stdout)
    assert found["orders"] == {
        "read": 9,
        "judged": 2,
        "outcome_unknown": 1,
        "left_out": {
            "called off": 1,
            "no promised_at": 1,
            "no placed_at": 1,
            "delivered before it was placed": 1,
            "promised before it was placed, or years after": 2,
        },
        "data_end": "2026-01-05",
    }
    assert "called off" in run(path).stdout


def test_all_that_is_wrong_is_told_with_its_line(tmp_path):
    path = write(
        tmp_path / "orders.csv",
        "1,2026-01-32,,soon,2026-01-09,,,,,",
        "2,2026-01-01,,2026-01-05,2026-01-09,,,,,",
        '3,2026-01-01,,2026-01-05,2026-01-09,"Köln",,,,,more',
        "4,2026-01-01",
        "5,2026-02-30,,,2026-01-09,,,,,",
    )
    result = run(path)
    assert result.exit_code == 1
    assert result.stdout == ""
    said = result.stderr.splitlines()
    assert said[0].startswith(
        f"{path}:2: placed_at: '2026-01-32' is not in the calendar, or not on the clock"
    )
    assert said[1].startswith(f"{path}:2: delivered_at: 'soon' is neither a date nor a timestamp")
    assert said[2].startswith(f"{path}:4: more fields than the header has")
    assert said[3] == f"{path}:5: fewer fields than the header has"
    assert said[4].startswith(f"{path}:6: placed_at: '2026-02-30'")
    assert len(said) == 5


def test_many_problems_are_capped(tmp_path):
    path = write(tmp_path / "orders.csv", *[f"{n},x,,,2026-01-09,,,,," for n in range(50)])
    said = run(path).stderr.splitlines()
    assert len(said) == 21
    assert said[-1] == f"{path}: and 30 more problems"


def test_json_of_a_file_with_errors_is_json(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(f"{HEADER}\n1,x\n2,y\n")
    result = run(path, "--json")
    assert result.exit_code == 1
    first, second = json.loads(result.stdout)["problems"]
    assert first == {"file": str(path), "line": 2, "message": "fewer fields than the header has"}
    assert second["line"] == 3
    assert result.stderr.splitlines()[0] == f"{path}:2: fewer fields than the header has"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "1: no header; the columns are order_id, placed_at,"),
        (
            b"order_id,placed_at\n",
            "1: there is no column 'delivered_at'; there are order_id, placed_at",
        ),
        (HEADER.encode() + b",carrier\n", "1: there are several columns 'carrier'"),
        (b"\xff\xfe\x00", "not UTF-8 text"),
        (HEADER.encode() + b"\n1,,,,,K\xf6ln,,,,\n", "2: not UTF-8 text; export it as CSV UTF-8"),
        (HEADER.encode() + b'\n1,"2026-01-01"x,,,,,,,,\n', "not CSV"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path, content, said):
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    with pytest.raises(CsvProblems, match=said):
        read_orders(path, TODAY)


def test_a_spreadsheets_mark_at_the_begin_is_no_part_of_the_header(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(HEADER + "\n1,2026-01-01,,2026-01-05,2026-01-09,,,,,\n", "utf-8-sig")
    assert len(read_orders(path, TODAY).orders) == 1


@pytest.mark.parametrize("mark", [";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_spreadsheets_of_other_countries_can_be_read(tmp_path, mark, encoding):
    rows = [
        " Order_ID ,PLACED_AT,delivered_at,promised_at,destination".replace(",", mark),
        mark.join(("1", "28.2.2026 23:05", "3.3.2026", "2.3.2026", '"Köln, am Rhein"')),
        mark * 4,
    ]
    path = tmp_path / "orders.csv"
    path.write_text("\r\n".join(rows), encoding, newline="")
    read = read_orders(path, TODAY)
    (order,) = read.orders
    assert (order.placed_at, order.delivered_at, order.promised_at) == (
        datetime(2026, 2, 28, 23, 5),  # noqa: DTZ001  the file tells no zone
        date(2026, 3, 3),
        date(2026, 3, 2),
    )
    assert order.destination == "Köln, am Rhein"
    assert read.left_out == {"empty rows": 1}


def test_an_order_that_is_told_of_twice_counts_once(tmp_path):
    row = "1,2026-01-01,,2026-01-05,2026-01-09,,,,,"
    path = write(tmp_path / "orders.csv", row, row, row.replace("-05", "-06"), row[1:], row[1:])
    read = read_orders(path, TODAY)
    assert read.left_out == {"the same row again": 1}
    assert len(read.orders) == 4, "another parcel of it, and two without an id"


def test_times_that_cannot_be_are_left_out_before_they_move_the_end_of_the_data(tmp_path):
    path = write(
        tmp_path / "orders.csv",
        "1,2026-01-01,,2062-01-05,2026-01-09,,,,,",
        "2,2026-01-01,2062-01-02,,2026-01-09,,,,,",
        "3,2026-01-01,,,2026-01-09,,,,,delivered",
        "4,2026-01-01,,2026-01-05,2026-01-09,,,,,delivered",
        "5,2026-01-04,,,2026-01-30,,,,,",
    )
    found = json.loads(run(path, "--json").stdout)
    assert found["orders"] == {
        "read": 5,
        "judged": 1,
        "outcome_unknown": 1,
        "left_out": {
            "handed over or delivered years after it was placed": 2,
            "delivered, but not told when": 1,
        },
        "data_end": "2026-01-05",
    }


def test_days_that_are_ahead_are_left_out_before_they_move_the_end_of_the_data(tmp_path):
    open_order = "9,2027-02-20,,,2027-03-20,,,,,"
    path = write(
        tmp_path / "orders.csv",
        "1,2062-01-01,,,2062-01-09,,,,,",
        "2,2026-01-01,,2026-01-05,2026-01-09,,,,,delivered",
        "3,2027-02-27,2027-04-01,2027-04-02,2027-03-09,,,,,",
        "4,2027-03-02T01:00:00+13:00,,,2027-03-09,,,,,",
        open_order,
    )
    result = run(path, "--json")
    found = json.loads(result.stdout)["orders"]
    assert (found["judged"], found["outcome_unknown"]) == (1, 2)
    assert found["left_out"] == {"dated in the future": 2}
    assert found["data_end"] == "2027-03-02"
    assert result.stderr.splitlines() == [
        f"{path}:2: left out, dated in the future: placed_at '2062-01-01'",
        (
            f"{path}:4: left out, dated in the future: "
            "handed_over_at '2027-04-01', delivered_at '2027-04-02'"
        ),
    ]


def test_rows_that_cannot_be_true_are_told_with_line_and_values(tmp_path):
    path = write(
        tmp_path / "orders.csv",
        "1,2026-01-08,,2026-01-05,2026-01-09,,,,,",
        "2,8.1.2026 10:00,,,5.1.2026,,,,,",
        "3,2026-01-01,,,,,,,,cancelled",
        *[f"{n},2026-01-01,,2030-01-02,2026-01-09,,,,," for n in range(4, 30)],
    )
    result = run(path)
    assert result.exit_code == 0
    said = result.stderr.splitlines()
    assert said[:2] == [
        (
            f"{path}:2: left out, delivered before it was placed: "
            "placed_at '2026-01-08', delivered_at '2026-01-05'"
        ),
        (
            f"{path}:3: left out, promised before it was placed, or years after: "
            "placed_at '8.1.2026 10:00', promised_at '5.1.2026'"
        ),
    ]
    assert len(said) == 21
    assert said[-1] == f"{path}: and 8 more such rows"


def test_a_file_without_orders_is_no_error(tmp_path):
    result = run(write(tmp_path / "orders.csv"))
    assert result.exit_code == 0
    assert result.stdout.startswith("0 orders judged")


def test_the_picture(history, tmp_path):
    pytest.importorskip("matplotlib", reason="needs syncd[plot]")
    picture = tmp_path / "worth.png"
    result = run(history, "--plot", picture)
    assert result.exit_code == 0, result.output
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("late", [True, False])
def test_the_picture_of_a_history_with_one_outcome_only(tmp_path, late):
    pytest.importorskip("matplotlib", reason="needs syncd[plot]")
    picture, came = tmp_path / "WORTH.PNG", "2027-01-20" if late else "2027-01-05"
    orders = write(tmp_path / "few.csv", f"1,2027-01-01,,{came},2027-01-10,,,,,")
    result = run(orders, "--plot", picture)
    assert result.exit_code == 0, result.output
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_written_costs_no_figures(history, tmp_path):
    pytest.importorskip("matplotlib", reason="needs syncd[plot]")
    result = run(history, "--plot", tmp_path / "nowhere" / "worth.png")
    assert isinstance(result.exception, FileNotFoundError)
    assert "operational" in result.stdout


def test_a_picture_of_an_unknown_kind_is_refused_before_the_work(history, tmp_path):
    result = run(history, "--plot", tmp_path / "worth.bmp")
    assert result.exit_code == 2
    assert "worth.bmp must end in one of .pdf, .png, .svg" in result.stderr
    assert result.stdout == ""


def test_without_matplotlib_plot_says_what_to_install(history, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "syncd.cli.backtest_picture", raising=False)
    for name in [each for each in sys.modules if each.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_NoMatplotlib(), *sys.meta_path])
    result = run(history, "--plot", tmp_path / "worth.png")
    assert result.exit_code == 2  # 64 once syncd.cli.main has worded it
    assert "--plot needs matplotlib, which is not installed: pip install 'syncd[plot]'" in (
        result.stderr
    )


class _NoMatplotlib:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "matplotlib":
            raise ModuleNotFoundError(f"No module named {name!r}", name="matplotlib")


def test_a_hundred_thousand_orders_take_seconds(tmp_path):
    path = shop(tmp_path / "orders.csv", 100_000, days=730)
    began = process_time()
    result = run(path, "--json")
    took = process_time() - began
    assert json.loads(result.stdout)["orders"]["judged"] > 98_000
    assert took < 20, f"{took:.1f} s of CPU; 3 s are usual"
