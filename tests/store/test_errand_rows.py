"""Errands are claimed in the order of their lane, by one holder at a time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from deskward.core.ports import Errand, ErrandState
from deskward.store.opening import Opened
from tests.store.samples import NOON, an_errand

LATER = NOON + timedelta(seconds=30)


def claim(opened: Opened, lane: str = "l", holder: str = "h") -> Errand:
    errand = opened.rows.claim(lane, holder, NOON, LATER)
    assert errand
    return errand


def test_the_head_is_claimed_and_the_next_waits_for_it(opened: Opened) -> None:
    opened.store.enqueue([an_errand("a", "l"), an_errand("b", "l")])
    first = claim(opened)
    assert (first.key, first.state, first.attempts) == ("a", ErrandState.SENDING, 1)
    assert opened.rows.claim("l", "other", NOON, LATER) is None
    opened.rows.finish(first, NOON)
    second = claim(opened)
    assert second.key == "b"
    opened.rows.finish(second, NOON)
    assert opened.rows.claim("l", "h", NOON, LATER) is None
    done = opened.console.errands("v1")
    assert [(e.state, e.done_at) for e in done] == [(ErrandState.DONE, NOON)] * 2


def test_a_head_that_is_not_due_holds_its_lane_only(opened: Opened) -> None:
    opened.store.enqueue([an_errand("a", "l", due_at=LATER), an_errand("b", "l"), an_errand("c", "m")])
    assert opened.rows.claim("l", "h", NOON, LATER) is None
    assert opened.rows.due_lanes(NOON, 10) == ["m"]
    assert set(opened.rows.due_lanes(LATER, 10)) == {"l", "m"}
    assert len(opened.rows.due_lanes(LATER, 1)) == 1


def test_a_retry_waits_and_a_parked_errand_lets_the_lane_go_on(opened: Opened) -> None:
    opened.store.enqueue([an_errand("a", "l"), an_errand("b", "l")])
    opened.rows.retry(claim(opened), LATER, "down")
    assert opened.rows.claim("l", "h", NOON, LATER) is None
    again = opened.rows.claim("l", "h", LATER, LATER + timedelta(seconds=30))
    assert again
    assert (again.key, again.attempts, again.last_error) == ("a", 2, "down")
    opened.rows.park(again, "gone")
    assert claim(opened).key == "b"


def test_a_lease_that_ran_out_is_taken_over_and_the_old_holder_fenced_off(opened: Opened) -> None:
    opened.store.enqueue([an_errand("a", "l")])
    lost = claim(opened, holder="dead")
    assert opened.rows.due_lanes(NOON, 10) == []
    assert opened.rows.due_lanes(LATER, 10) == ["l"]
    taken = opened.rows.claim("l", "alive", LATER, LATER + timedelta(seconds=30))
    assert taken
    assert taken.attempts == 2
    opened.rows.finish(lost, NOON)
    opened.rows.park(lost, "x")
    opened.rows.retry(lost, NOON, "x")
    [errand] = opened.console.errands("v1")
    assert errand.state is ErrandState.SENDING
    opened.rows.finish(taken, LATER)
    [errand] = opened.console.errands("v1")
    assert errand.state is ErrandState.DONE


def test_a_holder_may_claim_its_own_head_again(opened: Opened) -> None:
    opened.store.enqueue([an_errand("a", "l")])
    claim(opened)
    assert claim(opened).attempts == 2


def test_the_leases_of_a_dead_holder_are_given_back(opened: Opened) -> None:
    opened.store.enqueue([an_errand("a", "l"), an_errand("b", "m")])
    claim(opened, "l", "dead")
    claim(opened, "m", "alive")
    opened.rows.release("dead")
    assert opened.rows.due_lanes(NOON, 10) == ["l"]
    assert claim(opened, "l", "alive").attempts == 2


def test_many_rivals_claim_an_errand_once(opened: Opened) -> None:
    opened.store.enqueue([an_errand("a", "l"), an_errand("b", "l")])
    with ThreadPoolExecutor(16) as pool:
        claimed = list(pool.map(lambda n: opened.rows.claim("l", f"h{n}", NOON, LATER), range(16)))
    assert [e.key for e in claimed if e] == ["a"]
