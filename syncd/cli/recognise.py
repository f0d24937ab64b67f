"""The verb that tells whose a tracking number is."""

from typing import Any

import click

from syncd.cli.invocation import json_option
from syncd.cli.output import emit, printable, to_json
from syncd.model.countries import OTHER_CODES
from syncd.rules.nearest_site import site_of
from syncd.rules.recognise import Candidate, mistyped, normalise
from syncd.rules.recognise import recognise as candidates_of
from syncd.rules.recognise.table import posts
from syncd.text.localtime import zones
from syncd.text.tracking_sites import TrackingSite

_COLUMNS = ("carrier", "name", "score", "check", "reason")


def _country(_: click.Context, __: click.Parameter, typed: str | None) -> str | None:
    if typed is None:
        return None
    code = OTHER_CODES.get(typed.upper(), typed.upper())
    if code not in posts() and zones(code) == zones(None):
        raise click.BadParameter(f"{typed!r} is no country in two letters, as DE")
    return code


@click.command()
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True)
@click.option("--country", callback=_country, help="Where the parcel goes, as DE.")
@click.option("--origin", callback=_country, help="Where it comes from, as CN.")
@click.option("--carrier", metavar="HINT", help="The carrier's name as the shop or sender gave it.")
@json_option
def recognise(
    numbers: tuple[str, ...],
    country: str | None,
    origin: str | None,
    carrier: str | None,
    as_json: bool,
) -> None:
    """Tell which carriers a tracking number may belong to, the likeliest first, and why.

    Needs no config and asks nobody. A number whose check digit is wrong is nobody's.
    """
    results = [_result(number, country, origin, carrier) for number in numbers]
    if as_json:
        click.echo(to_json(results))
    else:
        for result in results:
            _show(result)


def _result(
    number: str, country: str | None, origin: str | None, carrier: str | None
) -> dict[str, Any]:
    found = candidates_of(number, country=country, origin=origin, hint=carrier)
    site = _site(normalise(number), found[0], country, carrier) if found else None
    return {
        "number": number,
        "candidates": [_row(candidate) for candidate in found],
        "mistyped": list(mistyped(number, hint=carrier)),
        "site": {"name": site.name, "url": site.url} if site else None,
    }


def _row(candidate: Candidate) -> dict[str, Any]:
    return {
        "carrier": candidate.carrier,
        "name": candidate.name,
        "score": candidate.score,
        "reason": candidate.reason,
        "url": candidate.url,
        "check": candidate.check,
        "format": candidate.format,
    }


def _site(number: str, best: Candidate, country: str | None, carrier: str | None) -> TrackingSite:
    """Where the buyer looks: the page of their own country, else the likeliest carrier's."""
    if country:
        return site_of(number, country, "en", carrier=carrier or best.name)
    return TrackingSite(name=best.name, url=best.url)


def _show(result: dict[str, Any]) -> None:
    click.secho(printable(result["number"]), bold=True)
    if result["candidates"]:
        emit(result["candidates"], as_json=False, columns=_COLUMNS)
        click.echo(f"track at {result['site']['name']}: {result['site']['url']}")
    elif result["mistyped"]:
        names = " or ".join(result["mistyped"])
        click.echo(f"no carrier: it looks like a number of {names}, but its check digit is wrong")
    else:
        click.echo("no carrier: no format in the table fits; --carrier and --country let in more")
    click.echo()
