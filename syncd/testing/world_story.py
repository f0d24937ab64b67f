"""What will happen in the sandbox world, planned wholly at its start from a seed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from syncd.model import Milestone
from syncd.model.base import Value
from syncd.testing.world_parcels import TROUBLED, Fate, Parcel, make_number, make_scans
from syncd.testing.world_people import Buyer, fill, make_buyers

# A parcel sent on the last day of selling is promised, late and told about before the end.
AFTER_SALES = timedelta(days=19)

GOODS = (
    ("Bamboo desk lamp", "LAMP-BMB", ("Natural", "Walnut", "Black")),
    ("Travel kettle 0.6 l", "KET-06", ("White", "Mint")),
    ("Yoga mat 6 mm", "MAT-6", ("Purple", "Grey", "Blue")),
    ("Wireless keyboard", "KEY-WL", ("US layout", "DE layout", "FR layout")),
    ("Cotton hoodie", "HOOD-C", ("S", "M", "L", "XL")),
    ("Cat fountain 2 l", "CAT-2L", ("White", "Grey")),
    ("Phone tripod", "TRI-P", ("Black",)),
)
CURRENCIES = {"US": "USD", "GB": "GBP", "CA": "CAD", "AU": "AUD", "JP": "JPY", "PL": "PLN"}


class Line(Value, frozen=True, kw_only=True):
    """One position of an order."""

    id: str
    title: str
    sku: str
    variant: str
    quantity: int
    price: str


class Sale(Value, frozen=True, kw_only=True):
    """An order with everything that the story has in mind for it."""

    id: str
    buyer: Buyer
    placed_at: datetime
    ship_by: datetime
    promise: datetime
    """The promised latest delivery."""
    lines: tuple[Line, ...]
    parcels: tuple[Parcel, ...]
    """None where the order is cancelled."""

    @property
    def delivered_at(self) -> datetime | None:
        """When the last of its parcels arrives; None where one never does."""
        ends = [parcel.scans[-1] for parcel in self.parcels]
        if not ends or any(end.milestone is not Milestone.DELIVERED for end in ends):
            return None
        return max(end.seen_at for end in ends)


class Story(Value, frozen=True, kw_only=True):
    """The whole plan."""

    start: datetime
    end: datetime
    buyers: tuple[Buyer, ...]
    sales: tuple[Sale, ...]

    @property
    def parcels(self) -> Iterator[tuple[Sale, Parcel]]:
        """Every parcel with its order."""
        return ((sale, parcel) for sale in self.sales for parcel in sale.parcels)


class _Sketch(Value, frozen=True, kw_only=True):
    """An order before it is known how its parcels fare."""

    id: str
    buyer: Buyer
    placed_at: datetime
    parcels: int


def chance(seed: int) -> Random:
    """A source of chance that always takes the same turns."""
    return Random(seed)  # noqa: S311  a story to be told again, not a secret


def plan(seed: int, start: datetime, days: int, orders: int) -> Story:
    """The story of `orders` orders, placed early enough for all of it to be over after `days`.

    The same arguments give the same story. Raises ValueError where `days` are fewer than 20 or
    `orders` fewer than 20: the story would have no room for its troubles.
    """
    if days < 20 or orders < 20:
        raise ValueError("the sandbox world needs at least 20 days and 20 orders")
    random = chance(seed)
    buyers = make_buyers(random, orders * 5 // 6)
    sketches = list(_sketches(random, buyers, start, days, orders))
    fates = _fates(random, sketches)
    sales = tuple(_sale(random, sketch, fates) for sketch in sketches)
    return Story(start=start, end=start + timedelta(days=days), buyers=tuple(buyers), sales=sales)


def _sketches(
    random: Random, buyers: list[Buyer], start: datetime, days: int, orders: int
) -> Iterator[_Sketch]:
    selling = timedelta(days=days) - AFTER_SALES
    several = random.choices(buyers, k=orders - len(buyers))
    for number, buyer in enumerate([*buyers, *several]):
        yield _Sketch(
            id=fill(random, "###-#######-#######" if number % 2 else "##-#####-#####"),
            buyer=buyer,
            placed_at=start + timedelta(seconds=round(random.random() * selling.total_seconds())),
            parcels=_parcel_count(number),
        )


def _parcel_count(number: int) -> int:
    if number % 24 == 7:
        return 0
    return 2 if number % 8 == 5 else 1


def _fates(random: Random, sketches: list[_Sketch]) -> dict[tuple[str, int], Fate]:
    """The parcels (order id, index) coming to a bad fate, some of buyers reached by mail only."""
    fates = [fate for fate, count in TROUBLED.items() for _ in range(_share(count, len(sketches)))]
    slots = [(sketch, index) for sketch in sketches for index in range(sketch.parcels)]
    random.shuffle(fates)
    random.shuffle(slots)
    by_mail = [slot for slot in slots if slot[0].buyer.mail_only][: len(fates) // 6]
    chosen = [*by_mail, *[slot for slot in slots if slot not in by_mail]]
    return {(sketch.id, index): fate for fate, (sketch, index) in zip(fates, chosen, strict=False)}


def _share(count: int, orders: int) -> int:
    return max(1, round(count * orders / 120))


def _sale(random: Random, sketch: _Sketch, fates: dict[tuple[str, int], Fate]) -> Sale:
    placed = sketch.placed_at
    promise = (placed + timedelta(days=random.randint(13, 15))).replace(
        hour=22, minute=0, second=0, microsecond=0
    )
    return Sale(
        id=sketch.id,
        buyer=sketch.buyer,
        placed_at=placed,
        ship_by=placed + timedelta(days=3),
        promise=promise,
        lines=tuple(_line(random, sketch.id, n) for n in range(random.choice((1, 1, 1, 2, 3)))),
        parcels=tuple(
            _parcel(random, sketch, promise, fates.get((sketch.id, index), Fate.IN_TIME), index)
            for index in range(sketch.parcels)
        ),
    )


def _line(random: Random, order_id: str, number: int) -> Line:
    title, sku, variants = random.choice(GOODS)
    return Line(
        id=f"{order_id}/{number + 1}",
        title=title,
        sku=sku,
        variant=random.choice(variants),
        quantity=random.choice((1, 1, 1, 1, 2, 3, 12)),
        price=f"{random.randint(8, 79)}.{random.choice(('00', '49', '90'))}",
    )


def _parcel(random: Random, sketch: _Sketch, promise: datetime, fate: Fate, index: int) -> Parcel:
    number, carrier = make_number(random)
    city = sketch.buyer.city
    shipped_at = sketch.placed_at + timedelta(minutes=random.randint(8 * 60, 30 * 60))
    return Parcel(
        id=f"s-{sketch.id}-{index + 1}",
        order_id=sketch.id,
        number=number,
        carrier=carrier,
        shipped_at=shipped_at,
        country=city.country,
        fate=fate,
        scans=make_scans(
            random, fate, number=number, shipped_at=shipped_at, promise=promise, city=city
        ),
    )
