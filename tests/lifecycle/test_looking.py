"""What is looked at when the requester agrees, in a whole house."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from deskward.core.errors import UnreachableError
from deskward.core.events import EventKind
from deskward.core.risk import Finding, RiskLevel, Section
from deskward.core.signals import Seen, Signal
from deskward.core.surroundings import Anonymous, Consent, Device, Facet, Network, Place, Source, Visit
from deskward.core.tickets import Check
from deskward.core.verification import State, Verification
from deskward.lifecycle import learning
from deskward.lifecycle.looking import looked_at
from deskward.signals import device_key, familiarity, opens, travel
from tests.fakes import ANNA, START
from tests.household import Household
from tests.lifecycle.test_approving import TOTP

OSLO = Place("NO", "Oslo", 59.91, 10.75, 20.0)
FILE = Source("places.mmdb", START - timedelta(days=3))
NETWORKS = {
    "192.0.2.7": Network("192.0.2.7", OSLO, 64496, "Fjord", frozenset(), {Facet.PLACE: FILE}),
    "198.51.100.3": Network("198.51.100.3", None, None, "", frozenset({Anonymous.TOR})),
}


class Files:
    """Looks addresses up in a table."""

    def troubles(self) -> tuple[Check, ...]:
        return ()

    def look_up(self, address: str) -> Network:
        """Give what is known."""
        return NETWORKS[address]


class Agents:
    """Reads every User-Agent as one."""

    def read(self, user_agent: str) -> Device:
        """Give what it claims."""
        return Device("Firefox", "140", "Linux", "", "desktop") if user_agent else Device()


@dataclass
class Watching:
    """Keeps what it was shown and says what a test wants."""

    name: str = "watching"
    section: Section = Section.ENDPOINT
    title: str = "Watching"
    about: str = "What a test looks at."
    reads: tuple[str, ...] = ()
    weight: float = 0.0
    trouble: bool = False
    meanwhile: Callable[[], object] = bool
    seen: list[Seen] = field(default_factory=list)

    def look(self, seen: Seen) -> list[Finding]:
        """Keep it, and find something."""
        self.seen.append(seen)
        self.meanwhile()
        if self.trouble:
            raise UnreachableError("The source is away.")
        return [Finding(self.name, self.section, self.weight, "Seen.", "test", raw={"address": "192.0.2.7"})]


@pytest.fixture
def watching(home: Household) -> Watching:
    """Give the one signal that is on."""
    signal = Watching()
    on(home, signal)
    return signal


def on(home: Household, *signals: Signal, weights: Mapping[str, float] | None = None) -> None:
    home.change(
        signals={s.name: s for s in signals}, networks=Files(), devices=Agents(), weights=dict(weights or {})
    )


def visit(home: Household, **changes: Any) -> Visit:
    told: dict[str, Any] = {"headers": {"user-agent": "Mozilla/5.0"}, "readings": {"device_key": "k" * 43}}
    whole: dict[str, Any] = {"at": home.clock.now(), "address": "192.0.2.7"} | told | changes
    return Visit(**whole)


def agreed(home: Household, number: str = "1001", **changes: Any) -> Verification:
    started, pin = home.started(number)
    return home.lifecycle.answer(pin, started.version, visit(home, **changes))


def test_a_signal_sees_the_visit_its_network_its_device_and_the_link(home: Household, watching: Watching) -> None:
    sent = home.sent()
    home.store.count_open(sent.id)
    started, pin = home.enter(home.token(sent), home.code(sent))
    home.lifecycle.answer(pin, started.version, visit(home))
    (seen,) = watching.seen
    assert seen.visit == visit(home)
    assert (seen.network, seen.device.browser) == (NETWORKS["192.0.2.7"], "Firefox")
    assert (seen.opens, seen.link_kind, seen.link_to()) == (1, "email", "anna@private.example")
    assert len(seen.origin_echo) == 64
    assert seen.person.id == "o-anna"


def test_what_a_signal_finds_is_kept_and_weighed(home: Household) -> None:
    on(home, Watching(weight=2.0), weights={"watching": 1.5})
    verification = agreed(home)
    (row,) = verification.observed
    assert (row["signal"], row["weight"], row["factor"]) == ("watching", 3.0, 1.5)
    assert "watching" in {finding["signal"] for finding in verification.findings}
    assert verification.risk_score == 3.0


def test_the_verdict_is_the_same_once_what_was_seen_is_read_back(home: Household) -> None:
    on(home, Watching(weight=2.0), travel.Signal(), device_key.Signal(), weights={"watching": 1.5})
    looked = looked_at(home.house, home.started()[0], ANNA, visit(home))
    judged = (looked.verification, ANNA)
    assert home.lifecycle.verdict(*judged, looked=looked) == home.lifecycle.verdict(*judged)
    assert len(looked.findings) == 3


@pytest.mark.parametrize(("seconds", "again"), [(0, False), (2, True)])
def test_what_went_on_while_a_signal_made_us_wait_counts_in_the_verdict(
    home: Household, seconds: int, *, again: bool
) -> None:
    def meanwhile() -> None:
        home.clock.forward(seconds=seconds)
        home.started("1002")

    on(home, Watching(meanwhile=meanwhile))
    assert ("repeats" in {finding["signal"] for finding in agreed(home).findings}) == again


def test_a_weight_as_it_is_says_no_factor(home: Household, watching: Watching) -> None:
    (row,) = agreed(home).observed
    assert (watching.weight, "factor" in row) == (0.0, False)


def test_sr_28_a_source_that_is_away_is_unknown_and_stops_nobody(home: Household) -> None:
    on(home, Watching(trouble=True))
    verification = agreed(home)
    (row,) = verification.observed
    assert row.get("unknown")
    assert row["text"] == "Watching could not be read: The source is away."
    assert verification.state is State.PASSED


@pytest.mark.parametrize(
    ("consent", "text"),
    [
        (Consent.DECLINED, "The requester went on without letting the browser be looked at."),
        (Consent.AGREED, "The browser told nothing of itself."),
    ],
)
def test_sr_119_a_browser_that_tells_nothing_is_medium_and_no_refusal(
    home: Household, consent: Consent, text: str
) -> None:
    on(home, Watching(reads=("colour",)))
    verification = agreed(home, readings={}, consent=consent)
    assert verification.observed[-1]["text"] == text
    assert verification.consent == consent.value
    assert verification.risk_level is RiskLevel.MEDIUM
    assert verification.state is not State.FAILED


def test_signals_of_the_server_alone_ask_nothing_of_the_browser(home: Household, watching: Watching) -> None:
    assert [row["signal"] for row in agreed(home, readings={}).observed] == [watching.name]


def test_sr_121_raw_values_are_kept_apart_from_what_is_remembered(home: Household, watching: Watching) -> None:
    verification = agreed(home)
    assert verification.looked_at == home.clock.now()
    assert verification.surroundings["network"]["address"] == "192.0.2.7"
    assert verification.surroundings["network"]["place"]["city"] == "Oslo"
    assert verification.surroundings["network"]["sources"] == {
        "country": ["places.mmdb", FILE.built_at.isoformat(), False]
    }
    assert verification.surroundings["network"]["hidden"] == []
    assert verification.surroundings["device"]["browser"] == "Firefox"
    remembered = dict(verification.sighting)
    assert (remembered["country"], remembered["asn"], remembered["latitude"]) == ("NO", 64496, 59.91)
    assert not {"192.0.2.7", "k" * 43} & {str(value) for value in remembered.values()}
    assert watching.seen


def test_what_is_not_known_is_kept_as_unknown(home: Household) -> None:
    home.change(signals={"watching": Watching()})
    kept = agreed(home, readings={}, headers={})
    assert kept.surroundings["network"]["place"] == {}
    assert kept.surroundings["network"]["hidden"] is None
    assert kept.surroundings["device"]["kind"] == "unknown"
    assert (kept.sighting["device"], kept.sighting["country"], kept.sighting["asn"]) == ("", "", 0)


def test_an_origin_that_hides_is_kept_by_name(home: Household, watching: Watching) -> None:
    kept = agreed(home, address="198.51.100.3")
    assert kept.surroundings["network"]["hidden"] == [Anonymous.TOR.value]
    assert watching.seen[0].network.hidden == frozenset({Anonymous.TOR})


def test_without_signals_nothing_is_looked_at_and_nothing_kept(home: Household) -> None:
    verification = agreed(home)
    assert (verification.looked_at, verification.observed, verification.surroundings) == (None, (), {})
    assert verification.sighting == {}


def test_a_visit_that_passed_is_an_earlier_one_for_the_next(home: Household) -> None:
    home.learn_of_others()
    on(home, familiarity.Signal(), device_key.Signal(), travel.Signal(), opens.Signal())
    first = agreed(home)
    learning.learn(home.house)
    home.clock.forward(days=2)
    second = agreed(home, "1002")
    texts = {row["signal"]: row["text"] for row in second.observed}
    assert {row["signal"] for row in first.observed if row.get("unknown")} >= {"familiarity", "travel"}
    assert not [row for row in second.observed if row.get("unknown")]
    assert texts["travel"].startswith("The address is where the last visit came from")


def test_a_visit_whose_owner_objected_is_no_earlier_one(home: Household) -> None:
    on(home, familiarity.Signal(), travel.Signal())
    first = agreed(home)
    learning.learn(home.house)
    home.objected(first)
    learning.learn(home.house)
    home.clock.forward(days=40)
    second = agreed(home, "1002")
    assert {row["signal"] for row in second.observed if row.get("unknown")} == {"familiarity", "travel"}


def test_a_second_press_is_not_looked_at_again(home: Household, watching: Watching) -> None:
    started, pin = home.started()
    for _ in range(2):
        home.lifecycle.answer(pin, started.version, visit(home))
    assert len(watching.seen) == 1


def test_what_was_looked_at_stays_while_more_is_proven(home: Household) -> None:
    signal = Watching(weight=4.0)
    home.challenges = {"totp": TOTP}
    home.restart()
    on(home, signal)
    home.enrol("totp")
    started, pin = home.started()
    waiting = home.lifecycle.answer(pin, started.version, visit(home))
    assert waiting.state is State.STARTED
    assert home.store.events(waiting.id)[-1].kind is EventKind.AGREED
    proven = home.prove(pin, "totp")
    assert proven.observed == waiting.observed
    assert proven.sighting == waiting.sighting
    assert len(signal.seen) == 1
