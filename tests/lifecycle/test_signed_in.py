"""What sign-ins teach, from a real small server, on both databases."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from deskward.browsers import Devices
from deskward.core.authenticators import person_owner
from deskward.core.errors import OutsideError, UnreachableError
from deskward.core.familiarity import ALL, EVERYONE
from deskward.core.retention import Retention
from deskward.core.sign_ins import SignIn, SignInLog
from deskward.core.surroundings import Device, Met, Network, Place, Tally, Visit
from deskward.core.tickets import Check
from deskward.lifecycle.familiar import features_here, habits_in, strangeness
from deskward.lifecycle.signed_in import AT_ONCE, FARTHEST, LATER, learn_sign_ins
from deskward.store.tables import familiar, sign_in_marks
from tests.fakes import START
from tests.household import Household
from tests.servers.tokens import told
from tests.signals.test_sign_ins import EDGE, Reading, Row, device, reading, signed_in
from tests.signals.visits import FIREFOX

DAY = 60.0 * 24
UNTIL = START - LATER
HERE = Visit(START, "198.51.100.9", {"user-agent": FIREFOX})
AWAY = Visit(START, "203.0.113.9", {"user-agent": EDGE})
NETWORKS: dict[str, tuple[str, int | None]] = {"198.51.100.9": ("NO", 64496), "203.0.113.9": ("PE", 64500)}
ON_FIREFOX = device("Firefox 140.0", "Linux")


class Looking:
    """Looks two addresses up."""

    def troubles(self) -> tuple[Check, ...]:
        return ()

    def look_up(self, address: str) -> Network:
        country, asn = NETWORKS.get(address, ("", None))
        return Network(address, Place(country) if country else None, asn)


@contextmanager
def learning(home: Household) -> Iterator[Reading]:
    with reading(learn=True, directory="roster") as log:
        log.log.page = 50
        home.change(sign_ins={"roster": log.signal}, networks=Looking(), devices=Devices())
        yield log


def days_ago(days: float, **changes: object) -> Row:
    return signed_in(days * DAY) | ON_FIREFOX | changes


def met(home: Household, visit: Visit = HERE) -> Mapping[tuple[str, str], Tally]:
    habits = habits_in(home.house, person_owner("roster", "p-anna"), features(home, visit), home.clock.now())
    return home.store.sightings.familiarity(habits)


def counts(home: Household, visit: Visit) -> Met:
    tallies = [(who, name, tally.times) for (who, name), tally in met(home, visit).items()]
    own, everyone = ({n: t for who, n, t in tallies if (who == EVERYONE) is all_} for all_ in (False, True))
    return Met(own, everyone)


def features(home: Household, visit: Visit) -> Mapping[str, str]:
    device = Devices().read(visit.headers["user-agent"])
    return features_here(home.house, visit, Looking().look_up(visit.address), device)


def own(home: Household) -> dict[str, int]:
    return {name: tally.times for (owner, name), tally in met(home).items() if owner != EVERYONE}


def test_where_and_with_what_somebody_signs_in_is_familiar(home: Household) -> None:
    home.learn_of_others()
    with learning(home) as log:
        log.log.rows = {"p-anna": [days_ago(n) for n in range(2, 14)]}
        others = device("Edge 140.0.0", "Windows10") | {"ipAddress": "203.0.113.9"}
        log.log.rows["p-ben"] = [days_ago(n) | others for n in range(2, 14)]
        assert learn_sign_ins(home.house, "roster") is False
    assert own(home) == dict.fromkeys(["address", "asn", "country", "browser", "system", ALL], 12)
    here, away = (strangeness(features(home, visit), counts(home, visit)) for visit in (HERE, AWAY))
    assert here is not None
    assert away is not None
    assert here < 1 < away


def test_the_full_agent_counts_where_the_log_has_it(home: Household) -> None:
    with learning(home) as log:
        log.log.rows = {"p-anna": [days_ago(3, userAgent=FIREFOX), days_ago(2)]}
        learn_sign_ins(home.house, "roster")
    twice = dict.fromkeys(["address", "asn", "country", "browser", "system", ALL], 2)
    assert own(home) == twice | {"agent": 1, "kind": 1}


def test_a_house_without_files_and_patterns_learns_what_is_left(home: Household) -> None:
    with learning(home) as log:
        home.change(networks=None, devices=None)
        log.log.rows = {"p-anna": [days_ago(2, userAgent=FIREFOX)]}
        learn_sign_ins(home.house, "roster")
    assert own(home) == dict.fromkeys(["address", "agent", "browser", "system", ALL], 1)


def test_the_first_round_starts_thirty_days_back_and_ends_a_day_ago(home: Household) -> None:
    with learning(home) as log:
        log.log.rows = {"p-anna": [days_ago(32), days_ago(30.5), days_ago(1), days_ago(0.5)]}
        learn_sign_ins(home.house, "roster")
    assert own(home)[ALL] == 1
    assert home.store.sightings.read_to("roster") == UNTIL


def test_after_a_long_pause_no_more_than_thirty_days_are_read(home: Household) -> None:
    with learning(home) as log:
        learn_sign_ins(home.house, "roster")
        home.clock.forward(days=90)
        learn_sign_ins(home.house, "roster")
        since = (home.clock.now() - LATER - FARTHEST).isoformat(timespec="microseconds")[:-6]
        assert f"createdDateTime ge {since}Z" in log.source.asked[-1].query["$filter"]


def test_the_next_round_goes_on_where_the_last_one_ended(home: Household) -> None:
    with learning(home) as log:
        log.log.rows = {"p-anna": [days_ago(2), days_ago(1), days_ago(0.5)]}
        learn_sign_ins(home.house, "roster")
        assert learn_sign_ins(home.house, "roster") is False
        assert len(log.source.asked) == 1
        home.clock.forward(days=1)
        learn_sign_ins(home.house, "roster")
    assert own(home)[ALL] == 3


def test_a_round_learns_no_more_than_so_many(home: Household) -> None:
    with learning(home) as log:
        log.log.rows = {"p-anna": [days_ago(n) for n in range(2, 9)]}
        rounds = [learn_sign_ins(home.house, "roster", 3) for _ in range(3)]
    assert rounds == [True, True, False]
    assert own(home)[ALL] == 7
    assert AT_ONCE == 500


def test_more_at_one_time_than_a_round_learns_stop_nothing(home: Household) -> None:
    with learning(home) as log:
        log.log.rows = {"p-anna": [*[days_ago(3)] * 6, days_ago(2)]}
        rounds = [learn_sign_ins(home.house, "roster", 3) for _ in range(2)]
    assert rounds == [True, False]
    assert own(home)[ALL] == 5


def test_a_log_that_fails_moves_no_mark_and_is_read_again(home: Household) -> None:
    with learning(home) as log:
        log.log.rows = {"p-anna": [days_ago(2)]}
        log.log.trouble = told({}, 500)
        with pytest.raises(OutsideError):
            learn_sign_ins(home.house, "roster")
        assert home.store.sightings.read_to("roster") is None
        log.log.trouble = None
        learn_sign_ins(home.house, "roster")
    assert own(home)[ALL] == 1


def test_sr_121_what_sign_ins_taught_goes_after_six_months(home: Household) -> None:
    with learning(home) as log:
        log.log.rows = {"p-anna": [days_ago(2)]}
        learn_sign_ins(home.house, "roster")
    home.clock.forward(days=31 * 7)
    assert own(home) == {}
    home.store.prune(home.clock.now(), Retention())
    with home.store.database.read() as connection:
        assert connection.execute(select(familiar)).all() == []


def test_nothing_that_is_kept_of_a_sign_in_can_be_read(home: Household) -> None:
    with learning(home) as log:
        log.log.rows = {"p-anna": [days_ago(2, userAgent=FIREFOX)]}
        learn_sign_ins(home.house, "roster")
    with home.store.database.read() as connection:
        kept = str([*connection.execute(select(familiar)), *connection.execute(select(sign_in_marks))])
    assert "roster" in kept
    assert not [word for word in ("p-anna", "198.51.100", "NO", "Firefox", "Linux", "Mozilla") if word in kept]


@dataclass
class Told:
    """A log that breaks off after as many rows as it is told to."""

    rows: list[SignIn]
    breaks_after: int = -1
    teaches: str = "roster"
    read: list[tuple[datetime, datetime]] = field(default_factory=list)

    def sign_ins(self, since: datetime, until: datetime) -> Iterable[SignIn]:
        self.read.append((since, until))
        for number, row in enumerate(r for r in self.rows if since <= r.at < until):
            if number == self.breaks_after:
                raise UnreachableError("The log went away.")
            yield row


class Dying(Looking):
    """Ends the process, as it seems, at the look-up of that number."""

    def __init__(self, at: int) -> None:
        self.left = at

    def troubles(self) -> tuple[Check, ...]:
        return ()

    def look_up(self, address: str) -> Network:
        self.left -= 1
        if self.left <= 0:
            raise MemoryError
        return super().look_up(address)


NUMBERS = count()
ROWS = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from("ab"), st.sampled_from(sorted(NETWORKS))), max_size=12
)
ENDS = st.lists(st.tuples(st.sampled_from(["break", "die", "again"]), st.integers(0, 4)), max_size=8)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=ROWS, ends=ENDS, at_once=st.integers(2, 5))
def test_each_sign_in_counts_once_whoever_dies_or_learns_twice(
    home: Household, rows: list[tuple[int, str, str]], ends: list[tuple[str, int]], at_once: int
) -> None:
    name = f"directory-{next(NUMBERS)}"
    two_at_most = {(hours, number % 2): (hours, who, where) for number, (hours, who, where) in enumerate(rows)}
    known = [SignIn(who, UNTIL - timedelta(hours=h + 1), where) for h, who, where in two_at_most.values()]
    log = Told(sorted(known, key=lambda row: row.at))
    home.change(sign_ins={name: log}, networks=Looking(), devices=Devices())
    for how, after in ends:
        log.breaks_after = after if how == "break" else -1
        house = replace(home.house, networks=Dying(after) if how == "die" else Looking())
        try:
            learn_sign_ins(house, name, at_once)
        except (UnreachableError, MemoryError):
            continue
    log.breaks_after = -1
    while learn_sign_ins(home.house, name, at_once):
        assert len(log.read) < 50
    for who in "ab":
        habits = habits_in(home.house, person_owner(name, who), {}, home.clock.now())
        counted = home.store.sightings.familiarity(habits).get((habits.owner, ALL), Tally(0, "")).times
        assert counted == sum(row.person_id == who for row in known)
    assert home.store.sightings.read_to(name) == UNTIL


def test_a_signal_with_a_log_is_told_by_what_it_offers() -> None:
    assert isinstance(Told([]), SignInLog)
    assert not isinstance(Looking(), SignInLog)
    assert SignIn("a", START, "192.0.2.7").device == Device()
