"""syncd recognise, as it is called."""

import json
import os
import subprocess
import sys

from click.testing import CliRunner

from syncd.cli import cli


def syncd(*args):
    return CliRunner().invoke(cli, ["recognise", *args])


def test_json_has_each_number_with_its_candidates():
    result = syncd("1Z5R89390357567127", "nonsense", "--json")
    assert result.exit_code == 0
    ups, nothing = json.loads(result.output)
    assert ups["number"] == "1Z5R89390357567127"
    assert {"carrier", "score", "reason", "url", "check"} <= ups["candidates"][0].keys()
    assert (nothing["number"], nothing["candidates"]) == ("nonsense", [])


def test_people_see_carrier_reason_and_where_to_track():
    output = syncd("RB123456785CN", "--country", "de").output
    assert "china-post" in output
    assert "delivers in DE what China Post sends" in output
    assert "track at DHL Paket: https://www.dhl.de/en/" in output


def test_people_are_told_of_a_slip_of_the_pen():
    assert (
        "looks like a number of UPS, but its check digit is wrong"
        in syncd("1Z5R89390357567128").output
    )
    assert "no format in the table fits" in syncd("abc").output


def test_hint_and_origin_count():
    (result,) = json.loads(syncd("31156685642", "--carrier", "GLS", "--json").output)
    assert result["candidates"][0]["carrier"] == "gls"
    (result,) = json.loads(
        syncd("201298452277", "--origin", "DE", "--country", "DE", "--json").output
    )
    assert result["candidates"][0]["carrier"] == "dhl-de"


def test_quick_and_without_config(tmp_path):
    before = os.times()
    for _ in range(3):
        subprocess.run(
            [sys.executable, "-m", "syncd", "recognise", "1Z5R89390357567127"],
            check=True, capture_output=True, env={"HOME": str(tmp_path), "PATH": ""},
        )  # fmt: skip
    after = os.times()
    assert sum(after[2:4]) - sum(before[2:4]) < 3 * 0.3


def test_no_config_is_even_imported(tmp_path):
    run = "import sys, syncd.cli.recognise; print([m for m in sys.modules if m in WITHOUT])"
    done = subprocess.run(
        [sys.executable, "-c", f"WITHOUT = {{'syncd.config', 'pydantic', 'sqlalchemy'}}; {run}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_the_united_kingdom_is_meant_by_uk():
    assert "track at Royal Mail" in syncd("RB123456785GB", "--country", "uk").output


def test_a_country_has_two_letters():
    wrong = syncd("LX546349272CN", "--country", "DEU")
    assert wrong.exit_code != 0
    assert "'DEU' is no country in two letters, as DE" in wrong.stderr
    assert "'XX' is no country" in syncd("LX546349272CN", "--country", "XX").stderr
    assert all(syncd("RB123456785GB", "--country", code).exit_code == 0 for code in ("XK", "MH"))
    assert (
        syncd("LX546349272CN", "--country", "de").stdout
        == syncd("LX546349272CN", "--country", "DE").stdout
    )
