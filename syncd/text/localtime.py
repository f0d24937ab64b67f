"""When it is daytime where the recipient is."""

import csv
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.core import get_global

OPENS = time(8)
CLOSES = time(21)

_STATES = Path(__file__).parent / "states.csv"
_NIGHT_AT_MOST = timedelta(hours=25)
# Weather stations, islands without residents, and a zone that the country's own clocks ignore.
_NOBODY_LIVES_BY = {
    "Antarctica/Macquarie", "America/Danmarkshavn", "Asia/Urumqi", "Pacific/Kanton", "Etc/Unknown",
}  # fmt: skip
# Where most people live, for countries so wide that day and night overlap.
_MOST_PEOPLE = {
    "AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "CA": "America/Toronto",
    "CD": "Africa/Kinshasa", "CL": "America/Santiago", "CN": "Asia/Shanghai",
    "EC": "America/Guayaquil", "ES": "Europe/Madrid", "FM": "Pacific/Pohnpei",
    "GL": "America/Nuuk", "ID": "Asia/Jakarta", "KI": "Pacific/Tarawa", "KZ": "Asia/Almaty",
    "MN": "Asia/Ulaanbaatar", "MX": "America/Mexico_City", "NZ": "Pacific/Auckland",
    "PF": "Pacific/Tahiti", "PG": "Pacific/Port_Moresby", "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow", "UA": "Europe/Kiev", "US": "America/New_York",
}  # fmt: skip


def next_daytime(
    now: datetime,
    country: str | None,
    state: str | None = None,
    *,
    opens: time = OPENS,
    closes: time = CLOSES,
) -> datetime:
    """`now` if it is between `opens` and `closes` for the recipient, else when it is next (UTC).

    `country` is ISO 3166-1 alpha-2; `state` (code or English name) narrows it down in the US,
    Canada, Australia and Brazil. Where several zones remain it has to be daytime in all of them,
    and in the most populous one where no such time comes within a day. An unknown country counts
    as UTC. Raises ValueError where `opens` is not before `closes`.
    """
    if opens >= closes:
        raise ValueError(f"daytime must open before it closes, not {opens} to {closes}")
    moment = now.astimezone(UTC)
    places = zones(country, state)
    together = _first_daytime(moment, _distinct(moment, places), opens, closes)
    if together is not None:
        return together
    alone = _first_daytime(moment, (_main_zone(country, places),), opens, closes)
    assert alone is not None, "every day has a daytime in one zone"
    return alone


def day_there(moment: datetime, country: str | None, state: str | None = None) -> date:
    """The recipient's date at `moment`, as they would read it off a calendar.

    Of several zones that of most people counts; an unknown country counts as UTC.
    """
    return moment.astimezone(_main_zone(country, zones(country, state))).date()


# The library itself keeps only the eight zones used last; buyers write states in endless ways.
@lru_cache(maxsize=4096)
def zones(country: str | None, state: str | None = None) -> tuple[ZoneInfo, ...]:
    """The zones a recipient may live in, as narrow as can be told; UTC for an unknown country."""
    code = (country or "").strip().upper()
    names = _zones_of_states().get((code, _plain(state or ""))) or _zones_of_countries().get(code)
    return tuple(ZoneInfo(name) for name in names or ("UTC",))


def _distinct(moment: datetime, places: tuple[ZoneInfo, ...]) -> tuple[ZoneInfo, ...]:
    """One zone of each that show the same time over the next day: the US has 29, but 6 times."""
    days = [moment + timedelta(hours=hours) for hours in (0, 13, 26)]
    alike = {tuple(day.astimezone(place).utcoffset() for day in days): place for place in places}
    return tuple(alike.values())


def _first_daytime(
    moment: datetime, places: tuple[ZoneInfo, ...], opens: time, closes: time
) -> datetime | None:
    """It becomes daytime everywhere just when the last of the places opens."""
    until = moment + _NIGHT_AT_MOST
    coming = sorted(at for at in _openings(moment, places, opens) if moment < at <= until)
    for candidate in (moment, *coming):
        if all(opens <= candidate.astimezone(place).time() < closes for place in places):
            return candidate
    return None


def _openings(moment: datetime, places: tuple[ZoneInfo, ...], opens: time) -> set[datetime]:
    """The coming moments when a place opens; both of them on a day when the clock is put back."""
    found = set()
    for place, days, fold in product(places, range(3), (0, 1)):
        day = moment.astimezone(place).date() + timedelta(days=days)
        found.add(datetime.combine(day, opens.replace(fold=fold), place).astimezone(UTC))
    return found


def _main_zone(country: str | None, places: tuple[ZoneInfo, ...]) -> ZoneInfo:
    named = ZoneInfo(_MOST_PEOPLE.get((country or "").strip().upper(), places[0].key))
    return named if named in places else places[0]


@cache
def _zones_of_countries() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for zone, country in sorted(get_global("zone_territories").items()):
        if zone not in _NOBODY_LIVES_BY and country != "ZZ":
            found.setdefault(country, []).append(zone)
    return {country: tuple(names) for country, names in found.items()}


@cache
def _zones_of_states() -> dict[tuple[str, str], tuple[str, ...]]:
    found = {}
    with _STATES.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            names = tuple(row["zones"].split())
            found[row["country"], _plain(row["code"])] = names
            found[row["country"], _plain(row["name"])] = names
    return found


def _plain(state: str) -> str:
    """Lower case without accents, and without the country that ISO 3166-2 puts before it."""
    spread = unicodedata.normalize("NFKD", state.strip().lower())
    bare = "".join(char for char in spread if not unicodedata.combining(char))
    return bare[3:] if bare[2:3] == "-" else bare
