"""Candidate carriers of a number, weighed.

A number's shape and check digit say how likely a carrier is; who declared the carrier and where
the parcel comes from and goes to say more than either, in this order. Each is a factor below, and
a score is a candidate's share of all the weight there is, that of "something else" included.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Literal, NamedTuple

from syncd.model.base import Value
from syncd.model.numbers import normalise
from syncd.rules.recognise.names import carriers_named
from syncd.rules.recognise.table import (
    Carrier,
    Format,
    Shape,
    carriers,
    formats,
    posts,
    s10,
)
from syncd.text import order_ids as orders

Verdict = Literal["valid", "invalid", "none"]

# For numbers of bare digits, which compete with each other, each factor outweighs the ones after
# it: 1000 > 25 * 4 * 2.5, 25 > 4 * 2.5, 4 > 2.5; between numbers with letters shapes decide.
_DECLARED = 1000.0
_HERE = 25.0
_ANYWHERE = 3.0
_ELSEWHERE = 0.2
_CHECKED = 4.0
_SHAPES = {"sure": 4.0, "marked": 1.0, "plain": 0.5, "loose": 0.2}
_SOMETHING_ELSE = 1.0
_SOME_OTHER_DIGITS = 4.0
_LAST_MILE = 0.3
"""How often the destination's post knows an S10 number, beside the one that issued it."""
_DECLARED_ONLY = 1.0
_KNOWN_SERVICES = frozenset("CEHLMQRUV")
"""First letters that S10 gives a meaning between posts; the others are for use at home."""
_FEWEST_DIGITS, _LONGEST = 3, 40
_LIKELY = 0.5

_SAYS = {
    "sure": "nothing else looks like this",
    "marked": "few others look like this",
    "plain": "others look like this too",
    "loose": "many things look like this",
}


class Candidate(Value, frozen=True, kw_only=True):
    """A carrier that may have given out the number."""

    carrier: str
    """Its code in the courier table."""
    name: str
    score: float
    """Its share of the likelihood, 0 to 1; the rest to 1 is for other carriers and things."""
    reason: str
    """In words, the strongest first."""
    check: Verdict
    """Of this format's check digit; a wrong one makes no candidate, so never ``invalid``."""
    url: str
    """The carrier's tracking page, straight to the parcel where it takes the number."""
    format: str
    """The format's id in the courier table; empty where only the declaration speaks for it."""
    shape: Shape | Literal[""]
    """How telling the format's shape is; empty where there is no format."""
    declared: bool
    """Whether the hint names it."""


class Known(NamedTuple):
    """What is known of the parcel beside its number."""

    country: str
    origin: str
    declared: frozenset[str]
    labelled: bool

    def prior(self, carrier: Carrier) -> float:
        """How much the route speaks for a carrier."""
        if self.country in carrier.countries or self.origin in carrier.origins:
            return _HERE
        if not self.country and not self.origin:
            return 1.0
        return _ANYWHERE if carrier.everywhere else _ELSEWHERE

    def admits(self, format_: Format, carrier: Carrier) -> bool:
        """Whether enough speaks for a format that is too loose to stand alone."""
        if not format_.needs or carrier.code in self.declared:
            return True
        here = self.country in carrier.countries or self.origin in carrier.origins
        return format_.needs == "context" and (here or self.labelled)


class _Weighed(NamedTuple):
    weight: float
    carrier: Carrier
    format: Format | None
    reason: str
    shape: Shape | Literal[""]
    declared: bool


def recognise(
    number: str,
    *,
    country: str | None = None,
    origin: str | None = None,
    hint: str | None = None,
    order_ids: Collection[str] = (),
    labelled: bool = False,
) -> tuple[Candidate, ...]:
    """The carriers that `number` may belong to, the likeliest first; each once.

    `country` is where the parcel goes and `origin` where it comes from (ISO 3166); `hint` is the
    carrier as the marketplace or sender named it; `order_ids` are never taken for numbers of
    parcels; `labelled` says that it stood beside words such as "tracking number", which lets in
    formats that are too loose otherwise.

    A number whose check digit is wrong is no candidate of that format.
    """
    plain = normalise(number)
    if not _could_be_one(plain) or plain in map(normalise, order_ids):
        return ()
    known = Known(
        country=(country or "").strip().upper(),
        origin=(origin or "").strip().upper(),
        declared=frozenset(carriers_named(hint) if hint else ()),
        labelled=labelled,
    )
    if not known.declared and _is_order(number):
        return ()
    weighed = sorted(_weigh(plain, known), key=lambda each: (-each.weight, each.carrier.code))
    return _candidates(plain, weighed)


def settled(candidates: Sequence[Candidate]) -> Candidate | None:
    """The one to go by: which the shop declared, else the first if it is more likely than not."""
    declared = next((each for each in candidates if each.declared), None)
    if declared is not None:
        return declared
    return candidates[0] if candidates and candidates[0].score >= _LIKELY else None


def mistyped(number: str, *, hint: str | None = None) -> tuple[str, ...]:
    """The names of carriers whose number this would be, were its check digit right.

    Only of shapes that say something, or of the carrier named by `hint`: any twelve digits are
    almost a number of somebody.
    """
    plain, declared = normalise(number), carriers_named(hint) if hint else ()
    names = [
        carrier.name
        for format_, carrier in _all_formats(plain)
        if (format_.shape in ("sure", "marked") or carrier.code in declared)
        and format_.fits(plain) is None
    ]
    return tuple(dict.fromkeys(names))


def _could_be_one(plain: str) -> bool:
    """Long enough, and not one digit over and over: zeros pass most checks."""
    digits = [character for character in plain if character in "0123456789"]
    if not plain.isascii() or not plain.isalnum() or len(plain) > _LONGEST:
        return False
    return len(digits) >= _FEWEST_DIGITS and len(set(plain)) > 1


def _is_order(number: str) -> bool:
    """Whether it has the shape of a platform's order id; bare digits have none."""
    return any(number.strip() == order for order in orders.find(number) if not order.isdigit())


def _weigh(plain: str, known: Known) -> Iterator[_Weighed]:
    tried: set[str] = set()
    fitted = False
    for format_, carrier in _all_formats(plain):
        fits = format_.fits(plain)
        if fits is None:
            tried.add(carrier.code)
        if fits and known.admits(format_, carrier):
            fitted = fitted or carrier.code in known.declared
            yield _weigh_one(plain, known, format_, carrier)
    yield from _last_mile(plain, known)
    if not fitted and not tried & known.declared:
        yield from _declared_only(known)


def _all_formats(plain: str) -> Iterator[tuple[Format, Carrier]]:
    yield from formats()
    issuer = posts().get(plain[-2:])
    if issuer is not None:
        yield s10(), issuer


def _weigh_one(plain: str, known: Known, format_: Format, carrier: Carrier) -> _Weighed:
    post = format_.id == "s10"
    shape: Shape = "marked" if post and plain[0] not in _KNOWN_SERVICES else format_.shape
    declared = carrier.code in known.declared
    prior = _prior_of_post(carrier, known) if post else known.prior(carrier)
    weight = _SHAPES[shape] * prior
    weight *= _CHECKED if format_.check else 1.0
    weight *= _DECLARED if declared else 1.0
    reason = _reason(known, carrier, format_, shape)
    return _Weighed(weight, carrier, format_, reason, shape, declared)


def _prior_of_post(carrier: Carrier, known: Known) -> float:
    """An item's letters name who sent it: where it goes says nothing against that post."""
    return _HERE if {known.country, known.origin} & carrier.countries else 1.0


def _last_mile(plain: str, known: Known) -> Iterator[_Weighed]:
    """The post of the destination, which delivers what another post sent under its own number."""
    issuer, post = posts().get(plain[-2:]), posts().get(known.country)
    if issuer is None or post is None or issuer == post or not s10().fits(plain):
        return
    weight = _weigh_one(plain, known, s10(), issuer).weight * _LAST_MILE
    declared = post.code in known.declared
    reason = f"delivers in {known.country} what {issuer.name} sends; check digit right"
    if declared:
        weight, reason = weight * _DECLARED / _LAST_MILE, f"declared; {reason}"
    yield _Weighed(weight, post, s10(), reason, "sure", declared)


def _declared_only(known: Known) -> Iterator[_Weighed]:
    """A declared carrier none of whose known formats this is: they are not all known."""
    if not known.declared:
        return
    code = max(known.declared, key=lambda each: (known.prior(carriers()[each]), each))
    reason = "declared; of none of its known formats"
    yield _Weighed(_DECLARED_ONLY, carriers()[code], None, reason, "", declared=True)


def _reason(known: Known, carrier: Carrier, format_: Format, shape: str) -> str:
    said = [
        ("declared", carrier.code in known.declared),
        (f"delivers in {known.country}", known.country in carrier.countries),
        (f"sends from {known.origin}", known.origin in carrier.origins),
        ("check digit right", format_.check is not None),
        (_SAYS[shape], True),
    ]
    return "; ".join(words for words, true in said if true)


def _candidates(plain: str, weighed: list[_Weighed]) -> tuple[Candidate, ...]:
    best = {each.carrier.code: each for each in reversed(weighed)}
    rest = _SOME_OTHER_DIGITS if plain.isdigit() else _SOMETHING_ELSE
    total = rest + sum(each.weight for each in best.values())
    ranked = [each for each in weighed if best[each.carrier.code] is each]
    return tuple(_candidate(plain, each, each.weight / total) for each in ranked)


def _candidate(plain: str, each: _Weighed, score: float) -> Candidate:
    return Candidate(
        carrier=each.carrier.code,
        name=each.carrier.name,
        score=round(score, 3),
        reason=each.reason,
        check="valid" if each.format and each.format.check else "none",
        url=each.carrier.page(plain),
        format=each.format.id if each.format else "",
        shape=each.shape,
        declared=each.declared,
    )
