"""The scenario suite plays every scene through whatever signals there are."""

from collections.abc import Iterable

from bench import scenarios
from bench.scenarios import SCENARIOS, VARIATIONS, Result, play, told
from bench.scenes import familiarity
from deskward.core.risk import Finding, RiskLevel, Section
from deskward.core.signals import Seen


class Suspicious:
    """Raises for hidden addresses, and sees the device."""

    name, section, title, about = "suspicious", Section.NETWORK, "Suspicious", "A signal of the test."
    reads: tuple[str, ...] = ()

    def look(self, seen: Seen) -> Iterable[Finding]:
        hidden = bool(seen.network.hidden)
        yield Finding(self.name, self.section, 8.0 if hidden else 0.0, "Hidden." if hidden else "Open.", "test")
        yield Finding(self.name, Section.ENDPOINT, 0.0, "A device.", "test")


def by_name(results: list[Result]) -> dict[str, Result]:
    return {result.scenario.name: result for result in results}


def test_every_scenario_is_played_and_counted() -> None:
    results = by_name(play([Suspicious()], variations=40))
    assert len(results) == len(SCENARIOS)
    assert all(len(result.assessments) == 40 for result in results.values())
    scanner = results["headless scanner"]
    assert scanner.share(RiskLevel.HIGH) == 1.0
    assert results["ordinary day"].share(RiskLevel.MEDIUM, RiskLevel.HIGH) == 0.0
    assert 0 < results["residential proxy in the right city"].share(RiskLevel.HIGH) < 1


def test_what_the_house_itself_sees_counts_too() -> None:
    planted = by_name(play([Suspicious()], variations=40))["planted contact"]
    assert any("destination" in {f.signal for f in one.findings} for one in planted.assessments)


def test_a_browser_that_tells_nothing_is_medium_by_that_alone() -> None:
    silent = by_name(play([Suspicious()], variations=10))["stranger without readings"]
    assert silent.share(RiskLevel.MEDIUM, RiskLevel.HIGH) == 1.0


def test_without_signals_nothing_is_verified() -> None:
    results = play([], variations=10)
    assert not [one for result in results if result.share(RiskLevel.VERIFIED) for one in result.assessments]


def test_the_same_seed_makes_the_same_scenes() -> None:
    for scenario in SCENARIOS:
        assert scenario.scenes(1, 5) == scenario.scenes(1, 5)
        assert scenario.scenes(1, 5) != scenario.scenes(2, 5)


def test_there_are_good_days_and_attacks() -> None:
    assert {scenario.good for scenario in SCENARIOS} == {True, False}
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
    assert VARIATIONS >= 100


def test_the_table_has_a_row_for_each_scenario_and_names_what_was_left_out() -> None:
    text = told(play([Suspicious()], variations=5), ["sim_swap"])
    for scenario in SCENARIOS:
        assert f"| {scenario.name} " in text
    assert "sim_swap" in text


def test_a_visit_like_all_others_is_more_familiar_than_one_unlike_any() -> None:
    own, near, far = (familiarity(6, apart) for apart in ((), ("address",), ("address", "asn", "country")))
    assert own is not None
    assert near is not None
    assert far is not None
    assert own < near < far


def test_the_signals_that_are_there_are_played_with_their_defaults() -> None:
    looking, left = scenarios.signals()
    assert not {signal.name for signal in looking} & set(left)
    assert scenarios.run(quick=True)
