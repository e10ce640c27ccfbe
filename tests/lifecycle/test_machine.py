"""The story in any order: a machine walks it and looks at every promise after every step."""

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select

from deskward.core.errors import DeskwardError
from deskward.core.events import NOTED
from deskward.core.policy import Limits
from deskward.core.verification import MOVES, Outcome, State, Verification
from deskward.lifecycle import SYSTEM
from deskward.store.tables import grants, verifications
from tests.fakes import ticket
from tests.household import AGENT, PASSWORD, Household
from tests.servers.sqlite import fresh_file

NUMBERS = ("1", "2")
Value = TypeVar("Value")


class Story(RuleBasedStateMachine):
    """Two tickets of one house; every rule may be refused, nothing may be broken."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        limits = Limits(links_per_hour=19, links_per_day=19)
        self.home = Household(fresh_file(Path(self.folder.name)), limits=limits)
        self.seen: dict[str, Verification] = {}
        self.pins: dict[str, str] = {}
        for number in NUMBERS:
            self.home.connector.tickets[f"id-{number}"] = ticket(number)

    def teardown(self) -> None:
        if hasattr(self, "home"):
            self.home.opened.close()
            self.folder.cleanup()

    def current(self, number: str) -> Verification:
        found = self.home.store.open_for("changegear", f"id-{number}")
        return found or self.opening(number)

    def opening(self, number: str) -> Verification:
        self.home.lifecycle.open(self.home.connector.tickets[f"id-{number}"])
        return max((v for v in self.everything() if v.ticket_id == f"id-{number}"), key=lambda v: v.opened_at)

    def everything(self) -> list[Verification]:
        with self.home.opened.database.read() as connection:
            ids = connection.scalars(select(verifications.c.id)).all()
        return [self.home.lifecycle.get(i) for i in ids]

    @rule(number=st.sampled_from(NUMBERS))
    def open(self, number: str) -> None:
        self.opening(number)

    @rule(number=st.sampled_from(NUMBERS), choice=st.sampled_from(("d-mail", "d-phone")), old=st.booleans())
    def send(self, number: str, choice: str, old: bool) -> None:
        verification = self.current(number)
        version = verification.version - old
        self.tried(lambda: self.home.send(verification, choice=choice, seen_version=version))

    @rule(number=st.sampled_from(NUMBERS))
    def renew(self, number: str) -> None:
        verification = self.current(number)
        self.tried(lambda: self.home.lifecycle.renew_code(verification.id, verification.version, AGENT))

    @rule(number=st.sampled_from(NUMBERS), right=st.integers(0, 3))
    def start(self, number: str, right: int) -> None:
        verification = self.current(number)
        value = self.home.code(verification) if right else self.home.wrong(verification)
        entered = self.tried(lambda: self.home.enter(self.home.token(verification), value))
        if entered:
            self.pins[number] = entered[1]

    @rule(number=st.sampled_from(NUMBERS))
    def answer(self, number: str) -> None:
        version = self.current(number).version
        self.tried(lambda: self.home.lifecycle.answer(self.pins.get(number, ""), version))

    @rule(number=st.sampled_from(NUMBERS), refused=st.booleans())
    def act(self, number: str, refused: bool) -> None:
        self.home.directory.refuses = "Used before." if refused else ""
        self.tried(lambda: self.home.lifecycle.act(self.pins.get(number, ""), PASSWORD))

    @rule(number=st.sampled_from(NUMBERS))
    def cancel(self, number: str) -> None:
        self.tried(lambda: self.home.lifecycle.cancel(self.current(number).id, SYSTEM, "Stop."))

    @rule(number=st.sampled_from(NUMBERS))
    def again(self, number: str) -> None:
        self.tried(lambda: self.home.lifecycle.reopen(self.current(number).id, AGENT))

    @rule(number=st.sampled_from(NUMBERS), requester=st.sampled_from(("p-anna", "p-ben")))
    def change_requester(self, number: str, requester: str) -> None:
        self.home.connector.tickets[f"id-{number}"] = ticket(number, requester_id=requester)
        self.opening(number)

    @rule(minutes=st.sampled_from((1, 5, 11, 70)))
    def wait(self, minutes: int) -> None:
        self.home.clock.at += timedelta(minutes=minutes)

    @rule()
    def expire(self) -> None:
        self.home.lifecycle.expire()

    @rule()
    def run_errands(self) -> None:
        self.home.drain()

    @rule()
    def restart(self) -> None:
        self.home.restart()

    def tried(self, step: Callable[[], Value]) -> Value | None:
        try:
            return step()
        except DeskwardError:
            return None

    @invariant()
    def every_promise_holds(self) -> None:
        if not hasattr(self, "home"):
            return
        now = {v.id: v for v in self.everything()}
        for verification in now.values():
            self.moved_by_the_table(verification)
            self.acted_once_and_only_after_a_pass(verification)
        for number in NUMBERS:
            living = [v for v in now.values() if v.ticket_id == f"id-{number}" and not v.ended]
            assert len(living) <= 1
        self.grants_are_spent_at_most_once(now)
        self.notes_equal_the_events(now)
        self.seen = now

    def moved_by_the_table(self, verification: Verification) -> None:
        before = self.seen.get(verification.id)
        if before is None:
            return
        assert verification.version >= before.version
        assert verification.code_tries >= before.code_tries
        assert verification.code_tries <= 5
        reachable = {before.state}
        for _ in range(2):
            reachable |= {to for state in reachable for to in MOVES[state]}
        assert verification.state in reachable

    def acted_once_and_only_after_a_pass(self, verification: Verification) -> None:
        kinds = self.home.kinds(verification)
        assert kinds.count("done") <= 1
        if "acting" in kinds:
            assert "passed" in kinds[: kinds.index("acting")]
        if verification.state is State.DONE:
            assert verification.outcome is Outcome.PASSED

    def grants_are_spent_at_most_once(self, now: dict[str, Verification]) -> None:
        with self.home.opened.database.read() as connection:
            spent = connection.scalar(select(func.count()).where(grants.c.spent_at.is_not(None)))
        assert spent == sum(self.home.kinds(v).count("acting") for v in now.values())
        assert self.home.directory.changes == sum(v.state is State.DONE for v in now.values())

    def notes_equal_the_events(self, now: dict[str, Verification]) -> None:
        markers = [n[1] for n in self.home.connector.notes]
        assert len(markers) == len(set(markers))
        for verification in now.values():
            noted = [e.marker for e in self.home.store.events(verification.id) if e.kind in NOTED]
            mine = [m for m in markers if m.rpartition("-")[0] == verification.id]
            assert mine == noted[: len(mine)]
            left = [e for e in self.home.waiting(verification) if e.kind == "note" and e.state != "done"]
            assert len(mine) + len(left) == len(noted)


TestStory = Story.TestCase
TestStory.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
