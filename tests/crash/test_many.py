"""Many stories at once, with a dying Deskward and an outside that records and then answers 500."""

import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from tests.crash.conftest import Starter
from tests.crash.effects import Ledger, check
from tests.crash.machine import Machine
from tests.crash.outside import Outside
from tests.crash.persons import Story
from tests.servers.postgres import restart, shared_postgres
from tests.store.samples import until

STORIES, SEED, KILLS, CALLS, MOST = 12, 2026, 6, 500, 450.0


class AtRandomCalls:
    """Does one thing after the other, each at a call whose number is drawn."""

    def __init__(self, deeds: list[Callable[[], None]]) -> None:
        drawn = random.Random(SEED).sample(range(15, CALLS), len(deeds))
        self._due, self._calls, self._lock = dict(zip(sorted(drawn), deeds, strict=True)), 0, threading.Lock()
        self._doing: list[threading.Thread] = []

    def __call__(self, moment: str, _call: str) -> bool:
        """Count a call; what is done is done beside, since a call may come from whom it does not hit."""
        if moment == "before":
            with self._lock:
                self._calls += 1
                deed = self._due.pop(self._calls, None)
            if deed:
                self._doing.append(threading.Thread(target=deed, daemon=True))
                self._doing[-1].start()
        return False

    def wait(self) -> None:
        """Wait until everything is done; polls go on and count as calls."""
        until(lambda: not self._due, seconds=300)
        for thread in self._doing:
            thread.join()


def deeds_of(database: str, start: Starter) -> list[Callable[[], None]]:
    """Start what runs, and give what is done to it."""
    if not database.startswith("postgresql"):
        return [start("run").kill] * KILLS
    web = start("run", alone=False)
    errands = [start("serve", "errands", alone=False, acts=False) for _ in range(2)]
    gone: Machine = errands[0]
    crash = lambda: restart(shared_postgres())  # noqa: E731 - one of the deeds
    return [web.kill, errands[1].kill, crash, gone.stay_dead, errands[1].kill, web.kill]


def live(stories: Sequence[Story], log: Path) -> None:
    """Live them all at the same time; the first that fails ends it, with what Deskward said last."""
    pool = ThreadPoolExecutor(len(stories))
    lives = [pool.submit(story.live) for story in stories]
    ended = wait(lives, timeout=MOST, return_when=FIRST_EXCEPTION).done
    pool.shutdown(wait=False, cancel_futures=True)
    try:
        for life in ended:
            life.result()
        assert len(ended) == len(stories), "some story never came to its end"
    except BaseException as trouble:
        trouble.add_note(log.read_text(encoding="utf-8")[-3000:])
        raise


def test_many_stories_survive_kills_and_a_ticketing_system_that_records_and_then_answers_500(
    outside: Outside, start: Starter, ledger: Ledger, database_url: str
) -> None:
    outside.strike = strikes = AtRandomCalls(deeds_of(database_url, start))
    outside.site.switch(fault_500_after_commit=0.1)
    outside.phone.fault_share = 0.1
    ways: list[dict[str, Any]] = [{"on_phone": False}, {"link": "sms"}, {}]
    stories = [Story(outside, n, **ways[n % 3]) for n in range(STORIES)]
    live(stories, outside.folder / "deskward.log")
    strikes.wait()
    for story in stories:
        assert story.closed
        ledger.wait(story)
        check(story, ledger)
