import pytest

from deskward.core.errors import SettingsError
from deskward.core.risk import Direction
from deskward.signals.familiarity import Signal
from tests.signals.callers import only


@pytest.mark.parametrize(
    ("score", "weight", "words"),
    [
        (0.0, -1.0, "are like this person"),
        (0.0099, -1.0, "are like this person"),
        (0.01, 0.0, "are partly like this person"),
        (0.139, 0.0, "are partly like this person"),
        (0.14, 1.0, "are unlike this person"),
        (0.99, 1.0, "are unlike this person"),
        (1.0, 2.5, "are very unlike this person"),
        (float("inf"), 2.5, "are very unlike this person"),
    ],
)
def test_a_stranger_score_weighs_more(score: float, weight: float, words: str) -> None:
    finding = only(Signal(), past={"familiarity": score})
    assert (finding.weight, finding.unknown) == (weight, False)
    assert words in finding.text


@pytest.mark.parametrize("score", [None, float("nan")])
def test_sr_28_without_history_it_is_unknown(score: float | None) -> None:
    finding = only(Signal(), past={"familiarity": score})
    assert finding.direction is Direction.UNKNOWN
    assert finding.text == "There are too few earlier visits to compare with."


def test_thresholds_are_settings() -> None:
    signal = Signal(familiar=0.5, strange=1.5, very_strange=3.0)
    assert [only(signal, past={"familiarity": s}).weight for s in (0.4, 1.0, 2.0, 4.0)] == [-1.0, 0.0, 1.0, 2.5]
    assert only(signal, past={"familiarity": 2.0}).raw == {"score": "2"}


@pytest.mark.parametrize("thresholds", [(0, 1, 2), (1, 1, 2), (0.1, 3, 2), (0.1, 2, float("nan"))])
def test_thresholds_that_do_not_grow_are_refused(thresholds: tuple[float, float, float]) -> None:
    familiar, strange, very_strange = thresholds
    with pytest.raises(SettingsError, match="thresholds"):
        Signal(familiar=familiar, strange=strange, very_strange=very_strange)
