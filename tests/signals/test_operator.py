"""Another operator than last time raises a little."""

from datetime import timedelta
from pathlib import Path

import pytest

from deskward.core.risk import Direction
from deskward.core.surroundings import Facet, Past
from deskward.signals.operator import Signal
from sandbox.networks import BERLIN
from tests.signals.origins import NOW, last, network, only, seen


@pytest.mark.parametrize(
    ("trace", "weight", "text"),
    [
        ("home", 0, "The address is operated by Example Broadband (AS64496), as at the last visit."),
        (
            "mobile",
            1,
            "The address is operated by Example Mobile (AS64497), another company than at the last visit.",
        ),
    ],
)
def test_another_operator_than_at_the_last_visit_raises(
    trace: str, weight: float, text: str, tmp_path: Path
) -> None:
    finding = only(Signal(), seen(network(tmp_path, trace)))
    assert (finding.weight, finding.text) == (weight, text)


@pytest.mark.parametrize("past", [Past(), last(BERLIN, asn=0)], ids=["none", "unknown"])
def test_without_an_earlier_operator_it_weighs_nothing(past: Past, tmp_path: Path) -> None:
    finding = only(Signal(), seen(network(tmp_path, "home"), past))
    assert finding.direction is Direction.NEUTRAL
    assert finding.text.endswith("; there is no earlier visit to compare with.")


def test_our_own_networks_weigh_nothing(tmp_path: Path) -> None:
    finding = only(Signal(), seen(network(tmp_path, "own")))
    assert (finding.direction, finding.text) == (Direction.NEUTRAL, "The address is one of our own.")


@pytest.mark.parametrize(
    ("age", "without", "text"),
    [
        (1, [Facet.OPERATOR], "No ASN file is configured."),
        (72, [], "The ASN file is from 3 March 2026; it is too old to be relied on."),
    ],
)
def test_sr_28_without_a_file_of_this_month_the_operator_is_unknown(
    age: int, without: list[Facet], text: str, tmp_path: Path
) -> None:
    finding = only(Signal(), seen(network(tmp_path, "mobile", age=timedelta(days=age), without=without)))
    assert finding.unknown
    assert finding.text.startswith(text)


def test_sr_92_the_finding_carries_its_file_with_its_age_and_the_values(tmp_path: Path) -> None:
    finding = only(Signal(), seen(network(tmp_path, "mobile")))
    assert (finding.source, finding.as_of) == ("Sandbox-ASN", NOW - timedelta(days=1))
    assert finding.raw == {"asn": "64497", "operator": "Example Mobile", "before": "64496"}
