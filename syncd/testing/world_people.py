"""The buyers of the sandbox world: names, cities and addresses of the countries they live in."""

from random import Random

from syncd.model import Address
from syncd.model.base import Value


class City(Value, frozen=True, kw_only=True):
    """Where a buyer lives; `zone` is their real time zone."""

    name: str
    country: str
    zone: str
    postcode: str
    """A pattern: ``#`` stands for a digit, ``@`` for a capital letter."""
    street: str
    state: str | None = None


class Buyer(Value, frozen=True, kw_only=True):
    """Somebody who buys, and what the marketplace reveals about them."""

    id: str
    """The marketplace's opaque id."""
    name: str
    language: str
    city: City
    address: Address
    email: str
    """Their address; only told where `shows_email`."""
    shows_name: bool
    shows_email: bool
    mail_only: bool
    """The marketplace refuses messages to them."""
    away: bool
    """Answers with an automatic reply."""


def _city(
    name: str, country: str, zone: str, postcode: str, street: str, *, state: str = ""
) -> City:
    return City(
        name=name,
        country=country,
        zone=zone,
        postcode=postcode,
        street=street,
        state=state or None,
    )


_CITIES: dict[str, tuple[City, ...]] = {
    "en": (
        _city("New York", "US", "America/New_York", "100##", "## Bleecker St", state="NY"),
        _city("Chicago", "US", "America/Chicago", "606##", "### W Adams St", state="IL"),
        _city("Los Angeles", "US", "America/Los_Angeles", "900##", "#### Sunset Blvd", state="CA"),
        _city("Leeds", "GB", "Europe/London", "LS# #@@", "# Otley Road"),
        _city("Cardiff", "GB", "Europe/London", "CF1# #@@", "## Cowbridge Road"),
        _city("Toronto", "CA", "America/Toronto", "M#@ #@#", "## Queen St W", state="ON"),
        _city("Brisbane", "AU", "Australia/Brisbane", "40##", "## Boundary St", state="QLD"),
        _city("Dublin", "IE", "Europe/Dublin", "D0# @###", "## Pearse Street"),
    ),
    "de": (
        _city("Leipzig", "DE", "Europe/Berlin", "041##", "Karl-Heine-Straße ##"),
        _city("Köln", "DE", "Europe/Berlin", "506##", "Aachener Straße ##"),
        _city("Graz", "AT", "Europe/Vienna", "80##", "Annenstraße ##"),
        _city("Winterthur", "CH", "Europe/Zurich", "84##", "Marktgasse #"),
    ),
    "fr": (
        _city("Nantes", "FR", "Europe/Paris", "440##", "## rue de Strasbourg"),
        _city("Lyon", "FR", "Europe/Paris", "690##", "## cours Gambetta"),
    ),
    "es": (
        _city("Valencia", "ES", "Europe/Madrid", "460##", "Calle de la Paz ##"),
        _city("Guadalajara", "MX", "America/Mexico_City", "44###", "Av. Vallarta ###", state="JAL"),
    ),
    "it": (
        _city("Bologna", "IT", "Europe/Rome", "401##", "Via Saragozza ##"),
        _city("Torino", "IT", "Europe/Rome", "101##", "Corso Francia ##"),
    ),
    "pt": (
        _city("Porto", "PT", "Europe/Lisbon", "4###-###", "Rua do Almada ##"),
        _city("São Paulo", "BR", "America/Sao_Paulo", "01###-###", "Rua Augusta ###", state="SP"),
    ),
    "ja": (
        _city("大阪市", "JP", "Asia/Tokyo", "53#-####", "北区梅田#丁目#-#", state="大阪府"),
        _city("札幌市", "JP", "Asia/Tokyo", "06#-####", "中央区北#条西#丁目", state="北海道"),
    ),
    "zh": (_city("台北市", "TW", "Asia/Taipei", "10#", "信義路#段##號"),),
    "ru": (
        _city("Казань", "RU", "Europe/Moscow", "4200##", "ул. Баумана, ##"),
        _city("Алматы", "KZ", "Asia/Almaty", "0500##", "пр. Абая, ##"),
    ),
    "pl": (
        _city("Gdańsk", "PL", "Europe/Warsaw", "80-###", "ul. Długa ##"),
        _city("Łódź", "PL", "Europe/Warsaw", "90-###", "ul. Piotrkowska ##"),
    ),
    "nl": (_city("Utrecht", "NL", "Europe/Amsterdam", "35## @@", "Oudegracht ##"),),
}

_NAMES: dict[str, tuple[str, str]] = {
    "en": (
        "Olivia James Amelia Noah Ruby Ethan Grace Liam Hazel Owen",
        "Carter Hughes O'Brien Walker Singh Foster Bennett Clarke",
    ),
    "de": ("Anke Jonas Lena Matthias Ulrike Felix", "Müller Schäfer Weiß Brandt Vogel"),
    "fr": ("Camille Hugo Chloé Étienne Manon", "Lefèvre Moreau Girard Dubois"),
    "es": ("Lucía Martín Íñigo Carmen Sofía", "García Núñez Ortega Ibáñez"),
    "it": ("Giulia Matteo Chiara Niccolò", "Rossi Ferrari De Luca Conti"),
    "pt": ("João Inês Beatriz Gonçalo", "Araújo Conceição Magalhães"),
    "ja": ("美咲 健太 陽子 翔", "佐藤 鈴木 高橋 渡辺"),
    "zh": ("怡君 志明 雅婷", "陳 林 黃 張"),
    "ru": ("Алексей Мария Дмитрий Ольга", "Соколов Кузнецова Лебедев"),
    "pl": ("Łukasz Zofia Małgorzata Paweł", "Wiśniewska Kowalczyk Zając"),
    "nl": ("Sanne Daan", "Jansen Visser"),
}
_FAMILY_FIRST = frozenset({"ja", "zh"})
_WEIGHTS = {"en": 8, "de": 4, "fr": 3, "es": 3, "it": 3, "pt": 3, "ja": 3, "pl": 2, "ru": 2}


def make_buyers(random: Random, count: int) -> list[Buyer]:
    """`count` buyers: all languages, about one in eight reachable by mail only."""
    languages = list(_CITIES)
    weights = [_WEIGHTS.get(language, 1) for language in languages]
    drawn = languages + random.choices(languages, weights, k=max(0, count - len(languages)))
    random.shuffle(drawn)
    return [_buyer(random, number, language) for number, language in enumerate(drawn[:count])]


def _buyer(random: Random, number: int, language: str) -> Buyer:
    city = random.choice(_CITIES[language])
    name = _name(random, language)
    mail_only = number % 8 == 3
    shows_email = mail_only or number % 5 == 0
    return Buyer(
        id=f"u_{random.getrandbits(40):010x}",
        name=name,
        language=language,
        city=city,
        address=_address(random, city),
        email=f"buyer{number:03d}@mail.example",
        shows_name=shows_email or number % 3 != 0,
        shows_email=shows_email,
        mail_only=mail_only,
        away=number % 24 in {3, 10},
    )


def _name(random: Random, language: str) -> str:
    given, family = (random.choice(names.split()) for names in _NAMES[language])
    return f"{family} {given}" if language in _FAMILY_FIRST else f"{given} {family}"


def _address(random: Random, city: City) -> Address:
    return Address(
        country=city.country,
        postcode=fill(random, city.postcode),
        state=city.state,
        city=city.name,
        lines=(fill(random, city.street),),
    )


def fill(random: Random, pattern: str) -> str:
    """`pattern` with each ``#`` made a digit of 1 to 9 and each ``@`` a capital letter."""
    drawn = {"#": "123456789", "@": "ABCDEFGHJKLMNPRSTUWXYZ"}
    return "".join(random.choice(drawn.get(sign, sign)) for sign in pattern)
