"""Deskward is killed at every step of the story; it costs time, and nothing else."""

from collections.abc import Mapping

import httpx2

from deskward.core.events import EventKind
from tests.crash.conftest import Starter
from tests.crash.deaths import AtEveryCall, DyingPress, lose
from tests.crash.effects import Ledger, check, course
from tests.crash.outside import Outside
from tests.crash.persons import Browser, Story


def test_a_kill_at_every_step_of_the_story_costs_time_only(
    outside: Outside, start: Starter, ledger: Ledger
) -> None:
    machine = start("run")
    undisturbed = Story(outside, 0, on_phone=False)
    undisturbed.live()
    for person, moment in enumerate(("before", "after"), 1):
        story = Story(outside, person, on_phone=False)
        story.press = DyingPress(machine, ledger, story, moment)
        story.ticket = outside.open_ticket(person)
        outside.strike = AtEveryCall(machine, story, moment)
        story.live()
        ledger.wait(story)
        assert course(story) == course(undisturbed)
        check(story, ledger)
    ledger.wait(undisturbed)
    check(undisturbed, ledger)
    assert machine.kills > 40


def test_a_requester_whose_browser_lost_the_answer_to_the_code_gets_a_new_link(
    outside: Outside, start: Starter, ledger: Ledger
) -> None:
    machine, story = start("run"), Story(outside, 0)

    def press(browser: Browser, path: str, form: Mapping[str, str]) -> httpx2.Response | None:
        if path == "/v/start" and not machine.kills:
            lose(machine, ledger, story, path, form)
            return None
        return browser.post(path, form)

    story.press = press
    story.live()
    ledger.wait(story)
    check(story, ledger)
    assert [e.kind for e in ledger.store.events(story.id)].count(EventKind.STARTED) == 2
