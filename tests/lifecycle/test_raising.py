"""The threat level: raised until a time, lowered early by two, and what it stops meanwhile (SR-67)."""

from datetime import timedelta

import pytest

from deskward.core.audit import Sought
from deskward.core.destinations import Provenance
from deskward.core.errors import ConflictError, DeskwardError, InvalidError, RefusedError
from deskward.core.threat import HOURS, ThreatLevel
from deskward.core.verification import State, Verification
from deskward.lifecycle import Actor
from deskward.lifecycle.house import LONGEST_REASON
from deskward.lifecycle.raising import level_raised, lower_level, raise_level, version_of
from deskward.store.threat import SqlThreatLevels
from tests.household import AGENT, PASSWORD, Household
from tests.many import at_once

ADA, SAM, EVE = (Actor("agent", f"a-{name}", name.title()) for name in ("ada", "sam", "eve"))
WHY = "Calls in other people's names."
RAISED = "The threat level is raised, so a second person must approve."


def up(home: Household, hours: int = 4, actor: Actor = ADA) -> ThreatLevel:
    raise_level(home.house, hours, WHY, version_of(home.house), actor)
    level = level_raised(home.house)
    assert level
    return level


def down(home: Household, actor: Actor) -> None:
    lower_level(home.house, version_of(home.house), actor)


def deeds(home: Household) -> list[tuple[str, str]]:
    rows = home.opened.audit.page(Sought()).rows
    return [(row.kind.value, row.actor) for row in reversed(rows) if "threat" in row.kind.value]


def test_sr_67_the_level_is_raised_with_a_reason_until_a_time_and_ends_by_itself(home: Household) -> None:
    assert level_raised(home.house) is None
    level = up(home, 1)
    assert (level.raised_by, level.reason) == ("Ada", WHY)
    assert level.ends_at == home.clock.now() + timedelta(hours=1)
    home.restart()
    assert level_raised(home.house) == level
    home.clock.forward(hours=1)
    assert level_raised(home.house) is None
    with pytest.raises(RefusedError, match="not raised"):
        down(home, SAM)
    assert up(home, 8).ends_at == home.clock.now() + timedelta(hours=8)
    assert deeds(home) == [("threat level raised", "agent:a-ada")] * 2


@pytest.mark.parametrize("hours", [-1, 0, 2, max(HOURS) + 1, 10**9])
def test_sr_67_it_is_never_raised_without_an_end_or_beyond_the_longest(home: Household, hours: int) -> None:
    with pytest.raises(InvalidError, match="until when"):
        up(home, hours)
    assert deeds(home) == []


@pytest.mark.parametrize("reason", ["", " \n ", "x" * (LONGEST_REASON + 1)])
def test_it_is_never_raised_without_a_reason_or_with_an_endless_one(home: Household, reason: str) -> None:
    with pytest.raises(InvalidError, match=r"reason|why"):
        raise_level(home.house, 1, reason, 0, ADA)


def test_a_raised_level_is_given_a_later_end_only(home: Household) -> None:
    up(home, 4)
    for hours in (1, 4):
        with pytest.raises(RefusedError, match="already"):
            up(home, hours, SAM)
    down(home, SAM)
    later = up(home, 8, SAM)
    assert (later.ends_at, later.raised_by) == (home.clock.now() + timedelta(hours=8), "Sam")
    assert not later.asker_id, "what was asked of the earlier end is no half of a lowering of this one"


def test_sr_67_two_different_people_lower_it_early_and_the_raiser_may_be_one(home: Household) -> None:
    up(home)
    down(home, SAM)
    level = level_raised(home.house)
    assert level
    assert level.asked_by == "Sam"
    with pytest.raises(RefusedError, match="You asked for it already"):
        down(home, SAM)
    assert level_raised(home.house) == level
    down(home, ADA)
    assert level_raised(home.house) is None
    assert deeds(home)[1:] == [
        ("lowering of the threat level asked for", "agent:a-sam"),
        ("threat level lowered", "agent:a-ada"),
    ]


def test_sr_67_a_second_press_of_one_form_does_nothing_whoever_presses(home: Household) -> None:
    for _ in range(2):
        raise_level(home.house, 4, WHY, 0, ADA)
    for _ in range(2):
        lower_level(home.house, 1, SAM)
    assert level_raised(home.house)
    with pytest.raises(ConflictError, match="changed since"):
        lower_level(home.house, 1, EVE)
    for _ in range(2):
        lower_level(home.house, 2, EVE)
    assert level_raised(home.house) is None
    assert len(deeds(home)) == 3
    with pytest.raises(ConflictError, match="changed since"):
        raise_level(home.house, 1, WHY, 0, SAM)


def test_sr_67_of_many_at_once_one_raises_and_one_persons_presses_never_lower(home: Household) -> None:
    def press(number: int) -> None:
        raise_level(home.house, 4, f"{WHY} {number}", 0, Actor("agent", f"a-{number}", "Kim"))

    assert at_once(4, press)["done"] == 1
    at_once(4, lambda _: down(home, SAM))
    assert level_raised(home.house)
    assert len(deeds(home)) == 2


def test_whoever_comes_second_in_the_same_moment_is_told_so(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlThreatLevels, "write", lambda *_: False)
    with pytest.raises(ConflictError, match="changed since"):
        up(home)


def approved(home: Household, review: Verification) -> Verification:
    return home.lifecycle.approve(review.id, review.version, SAM, "Called back on the number on file.")


def goes_on(home: Household, review: Verification, pin: str) -> None:
    """Let an approval carry it to the end."""
    held = approved(home, review)
    passed = home.lifecycle.resume(pin, held.version)
    assert passed.state is State.PASSED
    assert home.lifecycle.act(pin, PASSWORD).state is State.DONE


@pytest.mark.parametrize("category", ["Password Reset", "Account Unlock"])
def test_sr_67_under_a_raised_level_a_full_proof_ends_in_review_and_goes_on_when_approved(
    home: Household, category: str
) -> None:
    up(home)
    review, pin = home.passed(category_name=category)
    assert (review.state, review.grant_id) == (State.REVIEW, "")
    assert review.reason.endswith(RAISED)
    assert home.reading.desk(review.id).approvable
    goes_on(home, review, pin)


def test_sr_67_verify_only_passes_as_before(home: Household) -> None:
    up(home)
    assert home.passed(category_name="Identity check")[0].state is State.PASSED


def test_sr_67_a_grant_of_before_is_not_spent_and_an_approval_lets_it_go_on(home: Household) -> None:
    passed, pin = home.passed()
    assert passed.state is State.PASSED
    up(home)
    review = home.lifecycle.act(pin, PASSWORD)
    assert (review.state, review.grant_id, home.directory.changes) == (State.REVIEW, "", 0)
    assert review.reason == f"The proof reaches P2, which is enough for the requested action. {RAISED}"
    assert home.kinds(review)[-2:] == ["passed", "review"]
    assert review.standing["second"]
    home.drain()
    assert RAISED in home.connector.notes[-1][2]
    assert home.lifecycle.act(pin, PASSWORD) == review
    with pytest.raises(RefusedError, match="Who sent the link"):
        home.lifecycle.approve(review.id, review.version, AGENT, "Fine.")
    goes_on(home, review, pin)
    assert home.directory.changes == 1


def test_sr_67_two_tabs_at_once_come_to_one_review(home: Household) -> None:
    passed, pin = home.passed()
    up(home)

    def press(_: int) -> None:
        home.lifecycle.act(pin, PASSWORD)

    assert at_once(3, press)["done"] >= 1
    assert home.kinds(passed).count("review") == 1
    assert home.directory.changes == 0


def test_sr_67_what_waited_without_a_second_person_comes_to_review_when_the_requester_is_back(
    home: Household,
) -> None:
    held, pin = home.typed(category_name="Account Unlock")
    assert held.state is State.HELD
    home.clock.forward(hours=4)
    home.lifecycle.expire()
    up(home)
    free = home.lifecycle.get(held.id)
    review = home.lifecycle.resume(pin, free.version)
    assert (review.state, review.approver_id) == (State.REVIEW, "")
    assert approved(home, review).state is State.HELD


def test_sr_67_an_exception_that_would_only_wait_needs_a_second_person_too(home: Household) -> None:
    up(home)
    review, _ = home.typed(category_name="Account Unlock")
    assert review.state is State.REVIEW
    held = approved(home, review)
    assert held.hold_until == home.clock.now() + home.limits.hold, "approved, it waits as before"


def test_sr_67_after_the_end_actions_go_on_by_themselves_again(home: Household) -> None:
    up(home, 1)
    home.clock.forward(hours=1)
    _, pin = home.passed()
    assert home.lifecycle.act(pin, PASSWORD).state is State.DONE


def test_the_send_page_says_before_sending_that_a_second_person_is_needed(home: Household) -> None:
    opened = home.open()
    assert RAISED not in home.reading.desk(opened.id).leads[Provenance.ESTABLISHED]
    up(home)
    assert RAISED in home.reading.desk(opened.id).leads[Provenance.ESTABLISHED]


def test_an_expected_error_says_what_to_do(home: Household) -> None:
    up(home)
    with pytest.raises(DeskwardError) as error:
        up(home, 1)
    assert "two different people" in error.value.hint
