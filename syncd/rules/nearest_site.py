"""The one site that a parcel's buyer is sent to, by whom the recogniser takes its number for."""

from syncd.rules.recognise import Candidate, carriers, recognise, settled
from syncd.rules.recognise.table import posts
from syncd.text import tracking_sites
from syncd.text.tracking_sites import TrackingSite

_PROVEN = frozenset("AB")
"""How sure a carrier's page has to be for buyers in both tables; others are for staff."""


def site_of(
    number: str,
    country: str | None,
    language: str,
    *,
    carrier: str | None = None,
    given_url: str | None = None,
) -> TrackingSite:
    """The site that knows this parcel and is nearest to its buyer.

    The local page of the destination's post counts only for what that post delivers: of a parcel
    of Evri's, Royal Mail knows nothing. Any other carrier's own page is next, and 17TRACK last.
    `country` is the destination; `carrier` and `given_url` are what shop or carrier told.
    """
    given = tracking_sites.choose(number, country, language, carrier=carrier, given_url=given_url)
    if given.url == given_url or tracking_sites.is_postal(number):
        return given
    going = settled(recognise(number, country=country, hint=carrier, labelled=True))
    post = posts().get((country or "").strip().upper())
    by_post = going is not None and post is not None and going.carrier == post.code
    named = carrier or (going.name if going else None)
    site = tracking_sites.choose(number, country, language, carrier=named, by_post=by_post)
    own = going and not by_post and site.name == tracking_sites.LAST_RESORT and _own_page(going)
    return own or site


def _own_page(going: Candidate) -> TrackingSite | None:
    """The carrier's page in the courier table, where it is proven and takes the number."""
    known = carriers()[going.carrier]
    listed = [page.confidence for page in tracking_sites.pages() if page.operator == known.name]
    if not _PROVEN.issuperset([known.confidence, *listed]) or "{number}" not in known.url:
        return None
    return TrackingSite(name=known.name, url=going.url)
