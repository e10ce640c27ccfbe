"""Makes logins of an invented service in the columns of the open data set, always the same for a seed.

Fitted to what is published of the data set (README and RESULTS of das-group/rba-dataset, the notebook of
das-group/rba-algorithm, doi 10.1145/3546069):

- a year and a month from February 2020, one service in one country;
- the mean history is 12 logins, and very uneven: log-normal with median 6, its upper part reaches 39 and more;
- the notebook's part of 13 days has 1.75 successful logins for each person in it (476,564 of 271,719): here a
  visit is followed by another within the day with a chance of 0.2, which gives 1.76;
- 476,564 of its first 1,000,000 rows are whole and successful: 1.1 rows without success for each with;
- the kinds of devices, and the order in which they were made there: kind, then system, then browser, then string;
  country, then operator, then address;
- how rare one version of a browser or system is: the notebook prints what the reference gives to 24 logins of
  people in the first two days, median 0.0009. With 100 builds of each version, people's logins within two days of
  their first have 0.0019 on the same mean history, and more builds change nothing; with one build, as in a company
  where all have the same devices, 0.025. Only people's logins were looked at for this, no attack.

Not published, and set from how networks and devices work, not to reach a figure of the table: the other constants.
"""

import bisect
import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bench.login_rows import Login

START, DAYS = datetime(2020, 2, 3, 12, 43, tzinfo=UTC), 390
MEDIAN, SPREAD, MOST, AGAIN = 6.0, 1.177, 400, 0.2
FAILED, BUILDS, SAME = 1.1, 100, 1
HOME_SHARE, COUNTRIES = 0.95, ("NO", "US", "SE", "DE", "GB", "PL", "DK", "FR", "RU", "UA", "BR", "CN", "IN", "ES")
HOSTED, HOSTS = 0.9, 20  # share of the addresses known for attacks that are rented; hosting companies by country
OPERATORS, CITIES, COMPANIES, MODELS, CARRIER_POOL = 40, 60, 1500, 300, 400
LEASE, AT_WORK, PRIVATE_VPN = 90.0, 0.5, 0.03  # days that a home keeps its address; shares of people
KINDS = (("mobile", 0.55), ("desktop", 0.38), ("tablet", 0.07))
SYSTEMS = {
    "mobile": (("iOS", 0.55), ("Android", 0.45)),
    "tablet": (("iOS", 0.8), ("Android", 0.2)),
    "desktop": (("Windows", 0.76), ("Mac OS X", 0.2), ("Linux", 0.04)),
}
BROWSERS = {
    "iOS": (("Mobile Safari", 0.9), ("Chrome Mobile iOS", 0.1)),
    "Android": (("Chrome Mobile", 0.8), ("Samsung Internet", 0.15), ("Firefox Mobile", 0.05)),
    "Windows": (("Chrome", 0.66), ("Edge", 0.2), ("Firefox", 0.14)),
    "Mac OS X": (("Safari", 0.55), ("Chrome", 0.38), ("Firefox", 0.07)),
    "Linux": (("Firefox", 0.55), ("Chrome", 0.45)),
}
BETWEEN_SYSTEMS = {"iOS": 45, "Mac OS X": 60}  # days between versions; a browser of the system comes with them
FIXED = {"Windows": (("10", 0.88), ("7", 0.12)), "Linux": (("", 1.0),)}
ANDROIDS = (("10", 0.4), ("9", 0.3), ("8", 0.17), ("7", 0.08), ("6", 0.05))
WITH_SYSTEM = ("Mobile Safari", "Safari")
BROWSER_CADENCE, PATCHES, LAG, STUCK = 42, 14, 20.0, 0.15  # days; mean days until the new version; never updated
PLACES = {  # home, mobile network, work, elsewhere
    "mobile": (0.5, 0.34, 0.1, 0.06),
    "tablet": (0.85, 0.08, 0.02, 0.05),
    "desktop": (0.66, 0.01, 0.28, 0.05),
}
ABROAD = 0.2  # of what is elsewhere


@dataclass(frozen=True)
class Spot:
    """An operator's network in a country; `city` says where."""

    country: str
    city: int
    asn: int


@dataclass(frozen=True)
class Device:
    """What is the same for the life of a device; `lag` is how many days its versions are behind."""

    kind: str
    system: str
    fixed: str
    browser: str
    model: int
    build: str
    lag: float

    def at(self, day: float) -> tuple[str, str, str]:
        """Give system, browser, and the string that has the patch and the model too."""
        newest = _version(day - self.lag, BETWEEN_SYSTEMS.get(self.system, BROWSER_CADENCE))
        system = f"{self.system} {self.fixed or newest}{self.build}"
        version = newest if self.browser in WITH_SYSTEM else _version(day - self.lag, BROWSER_CADENCE)
        patch = "" if self.browser in WITH_SYSTEM else f".{_version(day - self.lag, PATCHES)}"
        browser = f"{self.browser} {version}{self.build}"
        return system, browser, f"Mozilla/5.0 ({system}; {self.model}) {browser}{patch}"


@dataclass
class Person:
    """One person, where they are and what they have; `home` changes its address when a lease ends."""

    id: str
    city: int
    country: str
    home: Spot
    mobile: Spot
    work: int | None
    devices: list[Device]
    leases: list[float]
    hidden: bool
    addresses: dict[int, str] = field(default_factory=dict)


class World:
    """Networks, companies and people of one seed."""

    def __init__(self, seed: int, people: int, builds: int) -> None:
        self._random, self._builds = random.Random(seed), builds
        self._shares, self._hosts = _zipf(OPERATORS), _zipf(HOSTS)
        self._numbers = itertools.count(1)
        chances = self._random
        self._companies = [(self._operator("NO"), self._address()) for _ in range(COMPANIES)]
        self._size = _zipf(COMPANIES)
        self._sizes_of_cities, self._models, self._abroad = _zipf(CITIES), _zipf(MODELS), _zipf(len(COUNTRIES) - 1)
        self._pools: dict[int, list[str]] = {}
        self.people = [self._person(f"{chances.getrandbits(60)}") for _ in range(people)]

    def logins(self) -> list[Login]:
        """Make every row, successful or not, in the order of time."""
        made = [login for person in self.people for login in self._of(person)]
        made += [self._failed() for _ in range(round(FAILED * len(made)))]
        return sorted(made, key=lambda login: login.at)

    def _of(self, person: Person) -> Iterator[Login]:
        chances = self._random
        left = min(MOST, max(1, round(chances.lognormvariate(math.log(MEDIAN), SPREAD))))
        while left > 0:
            day = chances.random() * DAYS
            while left > 0:
                left -= 1
                yield self._login(person, day)
                if chances.random() >= AGAIN:
                    break
                day = min(DAYS, day + chances.random())

    def _login(self, person: Person, day: float) -> Login:
        chances = self._random
        device = person.devices[0 if chances.random() < 0.75 else -1]
        spot, address = self._where(person, device, day)
        return self._row(person.id, day, spot, address, device, attack=False)

    def _where(self, person: Person, device: Device, day: float) -> tuple[Spot, str]:
        chances = self._random
        if person.hidden and chances.random() < 0.5:
            return self._vpn(person.country)
        place = chances.choices(("home", "mobile", "work", "elsewhere"), PLACES[device.kind])[0]
        if place == "elsewhere":
            abroad = chances.random() < ABROAD
            country = COUNTRIES[1 + _pick(chances, self._abroad)] if abroad else person.country
            city = _pick(chances, self._sizes_of_cities)
            return Spot(country, city, self._operator(country)), self._address()
        if place == "work" and person.work is not None:
            asn, address = self._companies[person.work]
            return Spot(person.country, person.city, asn), address
        if place == "mobile":
            return person.mobile, chances.choice(self._pool(person.mobile.asn))
        lease = bisect.bisect(person.leases, day)
        return person.home, person.addresses.setdefault(lease, self._address())

    def _vpn(self, country: str) -> tuple[Spot, str]:
        asn = self._host(country)
        return Spot(country, 0, asn), self._random.choice(self._pool(asn))

    def _failed(self) -> Login:
        """Make a guess from the outside: half of them from addresses known for attacks, all over the world."""
        chances = self._random
        attack = chances.random() < 0.5
        person = chances.choice(self.people)
        if attack:
            country = chances.choice(COUNTRIES)
            asn = self._host(country) if chances.random() < HOSTED else self._operator(country)
            spot, device = Spot(country, _pick(chances, self._sizes_of_cities), asn), self._device()
            row = self._row(person.id, chances.random() * DAYS, spot, self._address(), device, attack=True)
        else:
            row = self._login(person, chances.random() * DAYS)
        return row._replace(successful=False)

    def _row(self, who: str, day: float, spot: Spot, address: str, device: Device, *, attack: bool) -> Login:
        system, browser, agent = device.at(day)
        return Login(
            at=f"{START + timedelta(days=day):%Y-%m-%d %H:%M:%S.%f}"[:-3],
            person=who,
            rtt="",
            address=address,
            country=spot.country,
            region=f"Region {spot.city // 6}",
            city=f"City {spot.city}",
            asn=str(spot.asn),
            agent=agent,
            browser=browser,
            system=system,
            kind=device.kind,
            successful=True,
            attack_address=attack,
            takeover=False,
        )

    def _person(self, name: str) -> Person:
        chances = self._random
        there = chances.random() < HOME_SHARE
        country = COUNTRIES[0] if there else COUNTRIES[1 + _pick(chances, self._abroad)]
        city = _pick(chances, self._sizes_of_cities)
        ends = itertools.accumulate(chances.expovariate(1 / LEASE) for _ in range(20))
        works = there and chances.random() < AT_WORK
        return Person(
            name,
            city,
            country,
            Spot(country, city, self._operator(country)),
            Spot(country, city, self._operator(country)),
            _pick(chances, self._size) if works else None,
            [self._device() for _ in range(1 if chances.random() < 0.5 else 2)],
            list(ends),
            chances.random() < PRIVATE_VPN,
        )

    def _device(self) -> Device:
        chances = self._random
        kind = _one_of(chances, KINDS)
        system = _one_of(chances, SYSTEMS[kind])
        android = system == "Android"
        fixed = ANDROIDS if android else FIXED.get(system, (("", 1.0),))
        model = _pick(chances, self._models) if android else 0
        old = chances.random() * 2 * DAYS if chances.random() < STUCK else 0.0
        lag = old + chances.expovariate(1 / LAG)
        build = f".{chances.randrange(self._builds)}" if self._builds > 1 else ""
        return Device(kind, system, _one_of(chances, fixed), _one_of(chances, BROWSERS[system]), model, build, lag)

    def _operator(self, country: str) -> int:
        return 1000 * (1 + COUNTRIES.index(country)) + _pick(self._random, self._shares)

    def _host(self, country: str) -> int:
        return 100_000 + 1000 * COUNTRIES.index(country) + _pick(self._random, self._hosts)

    def _pool(self, asn: int) -> list[str]:
        if asn not in self._pools:
            self._pools[asn] = [self._address() for _ in range(CARRIER_POOL)]
        return self._pools[asn]

    def _address(self) -> str:
        number = next(self._numbers)
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _version(day: float, cadence: int) -> int:
    """Give the number of the version that is new on that day; one was new long before the first."""
    return math.floor((day + 3 * DAYS) / cadence)


def _zipf(count: int) -> list[float]:
    """Give shares summed up, by Zipf's law with exponent 1."""
    return list(itertools.accumulate(1 / rank for rank in range(1, count + 1)))


def _pick(chances: random.Random, summed: Sequence[float]) -> int:
    return bisect.bisect(summed, chances.random() * summed[-1])


def _one_of(chances: random.Random, shares: Sequence[tuple[str, float]]) -> str:
    return chances.choices([name for name, _ in shares], [share for _, share in shares])[0]


def made(seed: int, people: int, builds: int = BUILDS) -> list[Login]:
    """Make the logins of so many people."""
    return World(seed, people, builds).logins()
