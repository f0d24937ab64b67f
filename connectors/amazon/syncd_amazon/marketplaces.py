"""Amazon's stores, and where their API and their sellers' pages are."""

from collections.abc import Mapping
from functools import cache

import msgspec

from syncd.connector.scans import rows

API = "https://sellingpartnerapi-{region}.amazon.com"
SANDBOX = "https://sandbox.sellingpartnerapi-{region}.amazon.com"
LOGIN = "https://api.amazon.com"
_DEFAULT_PAGES = {
    "na": "sellercentral.amazon.com",
    "eu": "sellercentral-europe.amazon.com",
    "fe": "sellercentral.amazon.co.jp",
}


class Marketplace(msgspec.Struct, frozen=True):
    """One store."""

    country: str | None
    id: str
    region: str
    seller_central: str
    """Host of the pages of its sellers."""


def marketplace(said: str, region: str | None = None) -> Marketplace:
    """The store with this country code or id; `region` is for ids that are not in the table.

    Raises ValueError where neither tells which it is.
    """
    found = _known().get(said.strip().upper())
    if found is not None:
        return found
    if region is None:
        raise ValueError(
            f"{said!r} is no store of Amazon's that syncd knows: give its country, such as DE, or "
            "its marketplace id, for a new store with `region`"
        )
    return Marketplace(None, said.strip(), region, _DEFAULT_PAGES[region])


@cache
def _known() -> Mapping[str, Marketplace]:
    stores = [msgspec.convert(row, Marketplace) for row in rows("syncd_amazon", "marketplaces.csv")]
    by_name = {name: store for store in stores for name in (store.country or "", store.id)}
    return by_name | {"UK": by_name["GB"]}
