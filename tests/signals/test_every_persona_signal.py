"""What holds for every signal of one folder part, whatever is seen (SR-18, SR-28)."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskward.core.risk import assess
from deskward.core.signals import Signal
from deskward.signals import account, device_key, familiarity, opens, velocity, working_hours
from tests.signals.callers import look

SIGNALS: list[Signal] = [
    velocity.Signal(kiosks=["203.0.113.0/28"]),
    working_hours.Signal(),
    working_hours.Signal(zone="Europe/Berlin"),
    account.Signal(),
    opens.Signal(),
    device_key.Signal(),
    familiarity.Signal(),
]
COUNTS = st.integers(0, 50)
SEEN = st.fixed_dictionaries(
    {
        "at": st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - Hypothesis adds the zone
        "address": st.sampled_from(["203.0.113.7", "198.51.100.1", "2001:db8::1", "?"]),
        "readings": st.dictionaries(st.just("device_key"), st.one_of(st.text(), st.integers(), st.none())),
        "person": st.fixed_dictionaries(
            {
                "enabled": st.booleans(),
                "privileged": st.booleans(),
                "locked": st.booleans(),
                "started_on": st.none() | st.dates(date(1990, 1, 1), date(2050, 1, 1)),
            }
        ),
        "past": st.fixed_dictionaries(
            dict.fromkeys(("visits", "device_passed", "device_others", "address_others", "agent_people"), COUNTS)
            | {"familiarity": st.none() | st.floats()}
        ),
        "opens": COUNTS,
    }
)

ANY_SPEED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda s: s.name)
@ANY_SPEED
@given(told=SEEN)
def test_sr_28_every_signal_says_something_and_unknown_has_no_weight(
    signal: Signal, told: dict[str, object]
) -> None:
    findings = look(signal, **told)
    assert findings
    for finding in findings:
        assert (finding.signal, finding.section) == (signal.name, signal.section)
        assert -10 <= finding.weight <= 10
        assert finding.text.endswith(".")
        assert not (finding.unknown and (finding.weight or finding.critical))


@ANY_SPEED
@given(told=SEEN)
def test_sr_18_what_calms_never_hides_what_is_critical(told: dict[str, object]) -> None:
    findings = [finding for signal in SIGNALS for finding in look(signal, **told)]
    critical = [finding for finding in findings if finding.critical]
    if critical:
        assert assess(findings).level is assess(critical).level


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda s: s.name)
def test_sr_119_the_requester_is_told_in_one_line(signal: Signal) -> None:
    assert signal.title
    assert signal.about.endswith(".")
    assert len(signal.about) <= 120
