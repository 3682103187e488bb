"""What a portfolio is asked for: its aim and its conditions, as one value and as short texts beside those of a scenario.

The texts are those of the page's address, of the commands and of saved scenarios (``analytics.choosing.scenario`` keeps them as they are);
numbers are in stored units: cents, weeks, driver-hours.

::

    open=3                         open exactly three malls; the default
    budget=150000000               open what a budget pays for, cents; with open=3 exactly three within it
    aim=minutes                    cover (default), orders, minutes, contribution
    must=a,b   not=c               malls in every set, malls in none
    apart=a+b,a+c                  pairs of which at most one is opened
    most=1                         at most so many new malls in a market
    backup=2                       people count once so many open malls reach them
    hire=400                       driver-hours a week that each market can add to those it has to spare
    money=25000000:1000000:52      opening cost, cost a week, and weeks that a budget pays for
    prices=a:30000000:900000       opening and weekly cost of one mall instead
    earns=1200                     fee and commission of an order, cents; the pilots' mean fee where not said
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, get_args

from analytics.choosing.measures import Terms
from analytics.choosing.scenario import Scenario
from analytics.choosing.sites import Pin
from analytics.errors import ParameterError

Aim = Literal["cover", "orders", "minutes", "contribution"]
AIMS: Final[Mapping[Aim, str]] = {
    "cover": "Most people",
    "orders": "Most orders",
    "minutes": "Shortest drives",
    "contribution": "Most money",
}

KEYS: Final = ("open", "budget", "aim", "must", "not", "apart", "most", "backup", "hire", "money", "prices", "earns")
"""Entries of an address that belong to a portfolio."""

OPEN: Final = 3
MOST_OPEN: Final = 200
MOST_WEEKS: Final = 520
MOST_CENTS: Final = 10**13
MOST_BACKUP: Final = 5


@dataclass(frozen=True)
class Price:
    """What a mall costs: once to open, and every week, cents."""

    opening_cents: int = 25_000_000
    weekly_cents: int = 1_000_000


@dataclass(frozen=True)
class Wish:
    """What is asked of a portfolio.

    Attributes
    ----------
    market_id, pins, terms
        As in a scenario: market (None: all), places that the data does not have, drive time and who is counted.
    aim
        ``cover`` (demand within the drive), ``orders`` (expected orders a week within the drive), ``minutes`` (least demand-weighted
        drive), ``contribution`` (what expected orders leave over the weeks, less the cost of the malls).
    count, budget_cents
        Open exactly so many, as much as this pays for, or exactly so many within it; None: no bound.
    must, must_not, apart
        Ids of malls in every set, in none, and pairs of which at most one is opened.
    most
        At most so many new malls in a market; None: no bound.
    backup
        Demand counts once so many malls reach it, open ones included; for ``cover`` alone.
    hire_hours
        Driver-hours a week that each market can add to those it has to spare; None: drivers are no bound.
    price, weeks, prices
        What a mall costs, over how many weeks a budget pays, and malls with a price of their own.
    earns_cents
        Fee and commission of an order; None: the pilots' mean fee.
    drive_permille
        Drives as thousandths of the modelled ones: 1,100 where roads are a tenth slower than thought.
    """

    market_id: str | None = None
    pins: tuple[Pin, ...] = ()
    terms: Terms = field(default_factory=Terms)
    aim: Aim = "cover"
    count: int | None = OPEN
    budget_cents: int | None = None
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    most: int | None = None
    backup: int = 1
    hire_hours: int | None = None
    price: Price = field(default_factory=Price)
    weeks: int = 52
    prices: tuple[tuple[str, Price], ...] = ()
    earns_cents: int | None = None
    drive_permille: int = 1000

    def price_of(self, site_id: str) -> Price:
        """Return what a mall costs."""
        return dict(self.prices).get(site_id, self.price)

    def cost_cents(self, site_id: str) -> int:
        """Return what a mall costs over the weeks, opening included."""
        price = self.price_of(site_id)
        return price.opening_cents + self.weeks * price.weekly_cents

    @property
    def usual_count(self) -> int | None:
        """How many are opened where no number is said: with a budget, or where money is the aim, as many as pay."""
        return None if self.budget_cents is not None or self.aim == "contribution" else OPEN

    @property
    def texts(self) -> dict[str, str]:
        """The wish's own part as short texts; what is at its default is left out."""
        usual = Wish()
        money = (self.price.opening_cents, self.price.weekly_cents, self.weeks)
        made = {
            "open": "" if self.count is None or self.count == self.usual_count else str(self.count),
            "budget": "" if self.budget_cents is None else str(self.budget_cents),
            "aim": self.aim if self.aim != usual.aim else "",
            "must": ",".join(self.must),
            "not": ",".join(self.must_not),
            "apart": ",".join("+".join(pair) for pair in self.apart),
            "most": "" if self.most is None else str(self.most),
            "backup": str(self.backup) if self.backup != usual.backup else "",
            "hire": "" if self.hire_hours is None else str(self.hire_hours),
            "money": ":".join(map(str, money)) if money != (usual.price.opening_cents, usual.price.weekly_cents, usual.weeks) else "",
            "prices": ",".join(f"{name}:{price.opening_cents}:{price.weekly_cents}" for name, price in self.prices),
            "earns": "" if self.earns_cents is None else str(self.earns_cents),
        }
        return {name: text for name, text in made.items() if text}


def wish(scenario: Scenario) -> Wish:
    """Return what a scenario asks of a portfolio.

    Raises
    ------
    ParameterError
        If a text cannot be read; it says which, and what would be right.
    """
    texts = dict(scenario.others)
    budget = _number(texts, "budget", MOST_CENTS)
    aim = next((each for each in get_args(Aim) if each == texts.get("aim", "cover")), None)
    if aim is None:
        raise ParameterError(f"aim: {', '.join(get_args(Aim))}, not {texts['aim']!r}")
    opening, weekly, weeks = _numbers(texts, "money", (Price.opening_cents, Price.weekly_cents, 52))
    if not 1 <= weeks <= MOST_WEEKS:
        raise ParameterError(f"money: a budget pays for 1 to {MOST_WEEKS} weeks, not {weeks}")
    backup = _number(texts, "backup", MOST_BACKUP)
    made = Wish(
        market_id=scenario.market_id,
        pins=scenario.pins,
        terms=scenario.terms,
        aim=aim,
        count=_number(texts, "open", MOST_OPEN),
        budget_cents=budget,
        must=_names(texts, "must"),
        must_not=_names(texts, "not"),
        apart=_pairs(texts),
        most=_number(texts, "most", MOST_OPEN),
        backup=1 if backup is None else backup,
        hire_hours=_number(texts, "hire", 10**9),
        price=Price(opening, weekly),
        weeks=weeks,
        prices=_prices(texts),
        earns_cents=_number(texts, "earns", 10**6),
    )
    if made.backup < 1:
        raise ParameterError("backup: 1 or more malls reach who counts")
    return replace(made, count=made.usual_count) if made.count is None else made


def with_wish(scenario: Scenario, asked: Wish) -> Scenario:
    """Return the scenario with what is asked of a portfolio as its texts."""
    others = {name: text for name, text in scenario.others if name not in KEYS} | asked.texts
    return replace(scenario, market_id=asked.market_id, pins=asked.pins, terms=asked.terms, others=tuple(sorted(others.items())))


def _number(texts: Mapping[str, str], key: str, most: int) -> int | None:
    text = texts.get(key, "")
    if not text:
        return None
    number = _whole(text)
    if number is None or number > most:
        raise ParameterError(f"{key}: a whole number from 0 to {most:,}, not {text!r}")
    return number


def _numbers(texts: Mapping[str, str], key: str, usual: tuple[int, int, int]) -> tuple[int, int, int]:
    text = texts.get(key, "")
    if not text:
        return usual
    numbers = [_whole(part) for part in text.split(":")]
    if len(numbers) != len(usual) or any(each is None or each > MOST_CENTS for each in numbers):
        raise ParameterError(f"{key}: three whole numbers such as 25000000:1000000:52, not {text!r}")
    first, second, third = numbers
    return first or 0, second or 0, third or 0


def _names(texts: Mapping[str, str], key: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in texts.get(key, "").split(",") if name.strip()))


def _pairs(texts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for entry in _names(texts, "apart"):
        malls = [name.strip() for name in entry.split("+")]
        if len(malls) != 2 or not all(malls) or malls[0] == malls[1]:
            raise ParameterError(f"apart: pairs of two malls such as a+b, not {entry!r}")
        pairs.append((malls[0], malls[1]))
    return tuple(pairs)


def _prices(texts: Mapping[str, str]) -> tuple[tuple[str, Price], ...]:
    found: dict[str, Price] = {}
    for entry in _names(texts, "prices"):
        name, *numbers = entry.split(":")
        values = [_whole(each) for each in numbers]
        if len(values) != 2 or any(each is None or each > MOST_CENTS for each in values):
            raise ParameterError(f"prices: a mall, its opening and its weekly cost such as a:30000000:900000, not {entry!r}")
        found[name] = Price(values[0] or 0, values[1] or 0)
    return tuple(found.items())


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def known_or_error(names: Sequence[str], known: Mapping[str, int], what: str) -> list[int]:
    """Return the positions of malls by their ids.

    Raises
    ------
    ParameterError
        If one is no candidate of the markets asked.
    """
    for name in names:
        if name not in known:
            raise ParameterError(f"{what}: {name!r} is no candidate here; candidates are {', '.join(sorted(known)) or 'none'}")
    return [known[name] for name in names]
