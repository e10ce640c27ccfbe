"""The threat level as it is kept, and what it does to a grant that is about to be spent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from deskward.core.audit import Deed, Entry, Sought
from deskward.core.errors import ConflictError, RefusedError, SecondPersonError
from deskward.core.ports import Change
from deskward.core.threat import ThreatLevel
from deskward.store.opening import Opened
from tests.many import at_once
from tests.store.samples import NOON, StandingClock, a_grant, a_verification

HOUR = timedelta(hours=1)
ENTRY = Entry(Deed.THREAT_RAISED, NOON, "agent:a-1")


def a_level(**changes: object) -> ThreatLevel:
    level = ThreatLevel(1, NOON, NOON + HOUR, "a-1", "Ada", "Calls in another's name.")
    return replace(level, **changes)  # type: ignore[arg-type]


def entries(opened: Opened) -> int:
    return len(opened.audit.page(Sought(kinds=(Deed.THREAT_RAISED,))).rows)


def test_the_level_is_kept_with_its_entry_of_the_log(opened: Opened) -> None:
    rows = opened.store.threat
    assert rows.read() is None
    assert rows.write(a_level(), ENTRY)
    assert rows.read() == a_level()
    lowered = a_level(version=2, asker_id="a-2", asked_by="Sam", lowered_at=NOON)
    assert rows.write(lowered, ENTRY)
    assert rows.read() == lowered
    assert entries(opened) == 2


def test_whoever_comes_second_changes_and_records_nothing(opened: Opened) -> None:
    rows = opened.store.threat

    def write(number: int) -> None:
        if not rows.write(a_level(raised_by=f"n-{number}"), ENTRY):
            raise ConflictError("Late.")

    assert at_once(4, write) == {"done": 1, "ConflictError": 3}
    first = rows.read()
    assert not rows.write(a_level(version=3), ENTRY)
    assert rows.read() == first
    assert entries(opened) == 1


def test_sr_67_no_grant_is_spent_under_a_raised_level_that_nobody_approved(
    opened: Opened, clock: StandingClock
) -> None:
    saved = opened.store.save(a_verification(), Change(grant=a_grant()))
    opened.store.threat.write(a_level(), ENTRY)
    with pytest.raises(SecondPersonError):
        opened.store.save(saved, Change(consume="g1", calm=True))
    assert opened.store.get(saved.id) == saved
    clock.time = NOON + HOUR
    with pytest.raises(RefusedError) as error:
        opened.store.save(saved, Change(consume="g2", calm=True))
    assert not isinstance(error.value, SecondPersonError)


@pytest.mark.parametrize("changes", [{"lowered_at": NOON}, {"ends_at": NOON}], ids=["lowered", "ended"])
def test_sr_67_a_level_that_does_not_stand_lets_the_grant_be_spent(
    opened: Opened, changes: dict[str, object]
) -> None:
    saved = opened.store.save(a_verification(), Change(grant=a_grant()))
    opened.store.threat.write(a_level(**changes), ENTRY)
    assert opened.store.save(saved, Change(consume="g1", calm=True)).version == 2


def test_a_change_that_does_not_ask_for_calm_is_written_and_a_stale_one_is_a_conflict(opened: Opened) -> None:
    saved = opened.store.save(a_verification(), Change(grant=a_grant()))
    opened.store.threat.write(a_level(), ENTRY)
    assert opened.store.save(saved, Change(consume="g1")).version == 2
    opened.store.threat.write(a_level(version=2, lowered_at=NOON), ENTRY)
    with pytest.raises(ConflictError):
        opened.store.save(saved, Change(calm=True))
