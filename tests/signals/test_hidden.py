"""What hides an address raises; our own exits calm; and the four network signals together see each trace."""

from datetime import timedelta
from pathlib import Path

import pytest

from deskward.core.risk import Direction, Finding, RiskLevel, Section, assess
from deskward.core.surroundings import Anonymous, Facet, Network, Past, Source
from deskward.signals.hidden import TEXTS, WEIGHTS, Signal
from sandbox.networks import STRETCHES, UNLISTED
from tests.signals.origins import NOW, SIGNALS, findings, last, network, only, seen

ORDINARY = Finding("renderer", Section.ENDPOINT, 0.0, "The screen is an ordinary one.", "the browser")
RAISED = {"vpn": 2.0, "hosting": 3.0, "proxy": 3.0, "residential": 3.5, "tor": 5.0}
FORGED = {
    "x-forwarded-for": STRETCHES["home"].address,
    "x-real-ip": STRETCHES["home"].address,
    "forwarded": f"for={STRETCHES['home'].address}",
}


def test_every_kind_has_a_weight_and_words() -> None:
    assert set(WEIGHTS) == set(TEXTS) == set(Anonymous)


@pytest.mark.parametrize(("trace", "weight"), RAISED.items())
def test_each_kind_of_hiding_raises_by_its_own_weight(trace: str, weight: float, tmp_path: Path) -> None:
    finding = only(Signal(), seen(network(tmp_path, trace)))
    assert (finding.weight, finding.critical) == (weight, False)
    assert finding.text == TEXTS[Anonymous(finding.raw["kinds"])]


@pytest.mark.parametrize("trace", ["home", UNLISTED])
def test_an_address_in_no_list_weighs_nothing(trace: str, tmp_path: Path) -> None:
    finding = only(Signal(), seen(network(tmp_path, trace)))
    assert (finding.direction, finding.raw) == (Direction.NEUTRAL, {"kinds": "none"})


def test_several_kinds_count_once_by_the_heaviest() -> None:
    kinds = frozenset({Anonymous.HOSTING, Anonymous.VPN, Anonymous.RESIDENTIAL})
    seen_in = Network("203.0.113.9", hidden=kinds, sources={Facet.HIDDEN: Source("Some-File", NOW)})
    finding = only(Signal(), seen(seen_in))
    assert finding.weight == 3.5
    assert finding.raw == {"kinds": "residential_proxy, hosting, vpn"}
    assert all(TEXTS[kind] in finding.text for kind in kinds)


def test_our_own_exit_calms_though_lists_call_it_a_vpn(tmp_path: Path) -> None:
    finding = only(Signal(), seen(network(tmp_path, "own")))
    assert (finding.weight, finding.source) == (-1.0, "networks.own")
    assert finding.text == "The address is one of our own networks."


@pytest.mark.parametrize(
    ("age", "without", "text"),
    [
        (1, [Facet.HIDDEN], "No anonymous address file is configured."),
        (72, [], "The anonymous address file is from 3 March 2026; it is too old to be relied on."),
    ],
)
def test_sr_28_without_a_file_of_this_month_what_hides_an_address_is_unknown(
    age: int, without: list[Facet], text: str, tmp_path: Path
) -> None:
    finding = only(Signal(), seen(network(tmp_path, "tor", age=timedelta(days=age), without=without)))
    assert finding.unknown
    assert finding.text.startswith(text)


@pytest.mark.parametrize("trace", RAISED)
def test_a_28_no_trace_of_a_hidden_origin_goes_unseen(trace: str, tmp_path: Path) -> None:
    told = findings(seen(network(tmp_path, trace)))
    hiding = next(finding for finding in told if finding.signal == "hidden")
    assert hiding.weight > 0
    assert assess([*told, ORDINARY]).score >= RAISED[trace]


@pytest.mark.parametrize("trace", ["vpn", "hosting", "proxy"])
def test_a_28_a_vpn_or_proxy_abroad_asks_for_more_proof(trace: str, tmp_path: Path) -> None:
    assessment = assess([*findings(seen(network(tmp_path, trace))), ORDINARY])
    assert assessment.level in (RiskLevel.MEDIUM, RiskLevel.HIGH)


def test_a_28_tor_is_high_together_with_a_strange_country_and_operator(tmp_path: Path) -> None:
    assessment = assess([*findings(seen(network(tmp_path, "tor"))), ORDINARY])
    assert assessment.score == pytest.approx(7.5)
    assert assessment.level is RiskLevel.HIGH


def test_a_28_a_residential_proxy_in_the_right_city_with_the_right_operator_is_still_seen(tmp_path: Path) -> None:
    told = findings(seen(network(tmp_path, "residential")))
    assert {f.signal: f.weight for f in told} == {"country": 0, "operator": 0, "hidden": 3.5, "travel": 0}


def test_a_28_our_own_exit_and_an_ordinary_day_raise_nothing(tmp_path: Path) -> None:
    for trace in ("own", "home"):
        assessment = assess([*findings(seen(network(tmp_path, trace))), ORDINARY])
        assert (assessment.score, assessment.level) == (0, RiskLevel.VERIFIED)


@pytest.mark.parametrize("trace", STRETCHES)
def test_sr_81_and_a_28_forged_headers_change_no_finding(trace: str, tmp_path: Path) -> None:
    looked_up = network(tmp_path, trace)
    assert findings(seen(looked_up, headers=FORGED)) == findings(seen(looked_up))


@pytest.mark.parametrize("trace", STRETCHES)
@pytest.mark.parametrize(
    ("age", "without"), [(1, list(Facet)), (90, []), *((1, [facet]) for facet in Facet)], ids=str
)
def test_sr_28_taking_files_away_never_makes_a_trace_look_better(
    trace: str, age: int, without: list[Facet], tmp_path: Path
) -> None:
    whole = findings(seen(network(tmp_path, trace)))
    less = findings(seen(network(tmp_path, trace, age=timedelta(days=age), without=without)))
    assert len(less) == len(SIGNALS)
    for finding, other in zip(less, whole, strict=True):
        assert finding.unknown or finding.weight >= other.weight
        assert not finding.unknown or finding.weight == 0


def test_sr_28_without_any_file_the_level_is_not_assessed(tmp_path: Path) -> None:
    told = findings(seen(network(tmp_path, "home", without=list(Facet))))
    assert all(finding.unknown for finding in told)
    assert assess([*told, ORDINARY]).level is RiskLevel.NOT_ASSESSED


@pytest.mark.parametrize("trace", STRETCHES)
def test_sr_18_and_sr_92_each_contribution_is_explained_and_adds_up(trace: str, tmp_path: Path) -> None:
    assessment = assess([*findings(seen(network(tmp_path, trace), last(ago=timedelta(hours=1)))), ORDINARY])
    assert sum(c.points for c in assessment.contributions) == pytest.approx(assessment.score)
    for finding in assessment.findings:
        assert finding.text.endswith(".")
        assert finding.source
        assert finding is ORDINARY or finding.unknown or finding.as_of or finding.source == "networks.own"


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda s: s.name)
def test_each_signal_tells_the_requester_what_it_looks_at_and_reads_nothing_from_the_browser(
    signal: Signal,
) -> None:
    assert signal.section is Section.NETWORK
    assert signal.reads == ()
    assert signal.title
    assert "your network address" in signal.about
    assert signal.about.endswith(".")


@pytest.mark.parametrize("address", ["", "nowhere", "10.0.0.1", UNLISTED])
def test_sr_28_an_address_that_nothing_is_known_of_is_unknown_to_every_signal_but_the_list(
    address: str, tmp_path: Path
) -> None:
    told = findings(seen(network(tmp_path, address), Past()))
    assert {f.signal for f in told if not f.unknown} == ({"hidden"} if address == UNLISTED else set())
