import pytest

from deskward.core.risk import Direction, RiskLevel, assess
from deskward.signals.opens import Signal
from tests.signals.callers import PHONE, only


@pytest.mark.parametrize(
    ("opens", "link_to", "text"),
    [
        (0, ("email", "a@b.example"), "The link was not opened before."),
        (1, ("email", "a@b.example"), "The link was opened once before, perhaps by a mail scanner."),
        (4, ("email", "a@b.example"), "The link was opened 4 times before, perhaps by a mail scanner."),
        (2, ("sms", PHONE), "The link was opened 2 times before, perhaps by a link preview."),
        (2, ("", ""), "The link was opened 2 times before, perhaps by a scanner."),
    ],
)
def test_opens_are_said_in_words(opens: int, link_to: tuple[str, str], text: str) -> None:
    finding = only(Signal(), opens=opens, link_to=link_to)
    assert (finding.text, finding.raw) == (text, {"opens": str(opens)})


@pytest.mark.parametrize("opens", [0, 1, 10, 10_000])
def test_sr_07_opens_never_weigh_anything(opens: int) -> None:
    finding = only(Signal(), opens=opens)
    assert (finding.direction, finding.critical) == (Direction.NEUTRAL, False)
    assert (assess([finding]).score, assess([finding]).level) == (0.0, RiskLevel.NOT_ASSESSED)
