"""What a verdict asks of the days before, alone and beside what the signals ask, on both databases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from deskward.core.lately import Lately, Since
from deskward.core.ports import Change
from deskward.core.proof import Proof
from deskward.core.surroundings import Habits, Sighting
from deskward.core.verification import State, Verification
from deskward.store.opening import Opened
from tests.store.samples import NOON, a_sending, a_verification

DAY = timedelta(days=1)
SINCE = Since(opened=NOON - 9 * DAY, ended=NOON - DAY, reached=NOON - 30 * DAY)
HERE = Sighting("here", "phone", "DE", 64496, 52.5, 13.4, 20.0)
HABITS = Habits("nobody", {"address": "x", "asn": "y"}, "2026-06")

Ask = Callable[[Opened, Verification], Lately]


def alone(opened: Opened, judged: Verification) -> Lately:
    return opened.store.lately(judged, SINCE)


def beside(opened: Opened, judged: Verification) -> Lately:
    return opened.store.sightings.past(judged, NOON, HERE, HABITS, SINCE)[2]


@pytest.fixture(params=[alone, beside])
def ask(request: pytest.FixtureRequest) -> Ask:
    asked: Ask = request.param
    return asked


def judged(*roots: str) -> Verification:
    proofs = tuple(Proof("link", root, established=True, at=NOON, subject_id="s1") for root in roots)
    return a_verification("now", proofs=proofs)


def sent(opened: Opened, name: str, *, person: str, **changes: Any) -> None:
    """Keep a sending of a verification of this person."""
    one = a_verification(f"v-{name}", subject_id=person, opened_at=NOON - 20 * DAY)
    sending = a_sending(name, verification_id=one.id, **({"root": "r1", "at": NOON - DAY} | changes))
    opened.store.save(one, Change(sendings=(sending,)))


def test_at_first_there_is_nothing(opened: Opened, ask: Ask) -> None:
    assert ask(opened, judged()) == ask(opened, judged("r1")) == Lately([], 0)


def test_the_runs_are_those_of_the_person_that_were_open_lately_but_this_one(opened: Opened, ask: Ask) -> None:
    kept: dict[str, dict[str, Any]] = {
        "now": {},
        "open": {"state": State.SENT, "started_at": NOON},
        "old": {"opened_at": NOON - 10 * DAY},
        "ended": {"ended_at": NOON - DAY, "state": State.DONE},
        "long-ended": {"ended_at": NOON - 2 * DAY},
        "of-another": {"subject_id": "s2"},
        "elsewhere": {"directory": "other"},
    }
    saved = {name: opened.store.save(a_verification(name, **row), Change()) for name, row in kept.items()}
    told = ask(opened, judged("r1"))
    assert told.others == 0
    assert sorted(run.id for run in told.runs) == ["ended", "open"]
    for run in told.runs:
        assert all(getattr(saved[run.id], name) == value for name, value in vars(run).items())


def test_sr_41_the_others_are_the_most_people_who_were_reached_at_one_root(opened: Opened, ask: Ask) -> None:
    sent(opened, "m1", person="s2")
    sent(opened, "m2", person="s2", purpose="code")
    sent(opened, "m3", person="s3", purpose="proof")
    sent(opened, "m4", person="s4", root="r2")
    sent(opened, "m5", person="s5", root="r3")
    assert ask(opened, judged("r1", "r2")).others == 2
    assert ask(opened, judged("r2")).others == 1
    assert ask(opened, judged()).others == 0


def test_sr_41_the_person_old_messages_and_those_that_prove_nothing_do_not_count(opened: Opened, ask: Ask) -> None:
    sent(opened, "m1", person="s1")
    sent(opened, "m2", person="s2", at=NOON - 31 * DAY)
    sent(opened, "m3", person="s3", purpose="notice")
    assert ask(opened, judged("r1")).others == 0
