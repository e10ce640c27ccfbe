"""The score is the sum of the findings."""

import pytest

from deskward.core.risk import Finding, RiskLevel, Section, assess, velocity_finding, wrong_codes_finding


def weighing(*weights: float) -> list[Finding]:
    return [Finding("x", Section.NETWORK, w, "why", "s") for w in weights]


@pytest.mark.parametrize(
    ("weights", "score", "level"),
    [
        ((), 0, RiskLevel.NOT_ASSESSED),
        ((3.9,), 3.9, RiskLevel.NOT_ASSESSED),
        ((2.0, 2.0), 4, RiskLevel.MEDIUM),
        ((6.99,), 6.99, RiskLevel.MEDIUM),
        ((7.0,), 7, RiskLevel.HIGH),
        ((9.0, 9.0), 10, RiskLevel.HIGH),
        ((7.0, -5.0), 7, RiskLevel.HIGH),
    ],
)
def test_the_level_follows_from_the_sum(weights: tuple[float, ...], score: float, level: RiskLevel) -> None:
    assessment = assess(weighing(*weights))
    assert (assessment.score, assessment.level) == (score, level)


def test_wrong_codes_alone_never_reach_medium() -> None:
    texts = {n: f for n in range(1, 20) if (f := wrong_codes_finding(n))}
    assert all(assess([f]).level is RiskLevel.NOT_ASSESSED for f in texts.values())
    assert "once" in texts[1].text
    assert "2 times" in texts[2].text


def test_the_third_earlier_verification_of_a_day_is_medium() -> None:
    found = [velocity_finding(n) for n in (1, 2, 3)]
    assert [assess([f]).level for f in found if f] == [
        RiskLevel.NOT_ASSESSED,
        RiskLevel.NOT_ASSESSED,
        RiskLevel.MEDIUM,
    ]
