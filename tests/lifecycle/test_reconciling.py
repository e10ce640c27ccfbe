"""Resets in a directory's log against our grants, from real small servers, on both databases (SR-68, A-13)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from deskward.core.accounts import Agent
from deskward.core.errors import ConflictError, InvalidError, OutsideError, RefusedError
from deskward.core.events import EventKind
from deskward.core.resets import LoggedReset, Reset, ResetKind
from deskward.core.secret import Secret
from deskward.core.verification import Verification
from deskward.directories import entra, okta
from deskward.gateway import Gateway
from deskward.lifecycle import SYSTEM, Actor
from deskward.lifecycle.reconciling import AT_ONCE, LATE, NEAR, SOON, Looked, logs_of, reconcile, review
from tests.fakes import ANNA, BEN, START, FakeDirectory, FakeReset
from tests.household import Household
from tests.servers.graph import Graph
from tests.servers.okta import Okta
from tests.servers.tokens import CLIENT, SECRET, Source, serving

NEW = {"password": Secret("Correct horse battery 7")}
KIM = Actor("agent", "a-kim", "Kim Agent")


@dataclass
class Logged(FakeDirectory):
    """People in memory whose passwords, locks and log are those of a real small server."""

    real: Any = None

    def set_password(self, person_id: str, password: Secret) -> None:
        if not self.refuses:
            self.real.set_password(person_id, password)
        super().set_password(person_id, password)

    def resets(self, since: datetime, until: datetime) -> Iterator[Reset]:
        yield from self.real.resets(since, until)


@dataclass
class Site:
    """A directory with Anna and Ben; `admin` resets a password past Deskward."""

    home: Household
    anna: str
    ben: str
    admin: Callable[[str], object]
    own: Callable[[str], object]
    factors: Callable[[str], object]
    stopped: Callable[[], object]

    def look(self) -> Looked:
        self.home.clock.forward(minutes=1)
        (log,) = logs_of(self.home.house).values()
        return reconcile(self.home.house, "roster", log)

    def looked(self) -> list[LoggedReset]:
        return list(self.look().incidents)


def settled(home: Household, directory: FakeDirectory, anna: str, ben: str) -> None:
    directory.people = {anna: replace(ANNA, id=anna), ben: replace(BEN, id=ben)}
    gateway = Gateway(home.store, home.clock, {"roster": directory}, home.house.actions, "1")
    home.change(people={"roster": directory}, gateway=gateway)


@contextmanager
def at_entra(home: Household) -> Iterator[Site]:
    tenant = Graph(page=2, moment=home.clock.now)
    with serving(Source(tenant, token_path="/staff.example/oauth2/v2.0/token")) as source:
        tenant.url = source.url
        real = entra.Directory(
            tenant="staff.example",
            client_id=CLIENT,
            client_secret=Secret(SECRET),
            base_url=f"{source.url}/v1.0",
            login_url=source.url,
        )
        anna, ben = tenant.add("anna"), tenant.add("ben")
        settled(home, Logged(real=real), anna, ben)
        yield Site(
            home,
            anna,
            ben,
            admin=lambda who: tenant.audit("Reset user password", who, by=tenant.add("rogue")),
            factors=lambda who: tenant.audit("Admin deleted security info", who),
            own=lambda who: tenant.audit("Change user password", who, by=who),
            stopped=lambda: tenant.denied.add("auditLogs"),
        )
        real.log_out()


@contextmanager
def at_okta(home: Household) -> Iterator[Site]:
    staff = Okta(page=2, moment=home.clock.now)
    with serving(Source(staff, key=SECRET)) as source:
        staff.url = source.url
        real = okta.Directory(base_url=source.url, api_token=Secret(SECRET))
        staff.me = staff.add("deskward@staff.example")
        anna, ben = staff.add("anna@staff.example"), staff.add("ben@staff.example")
        settled(home, Logged(real=real), anna, ben)
        yield Site(
            home,
            anna,
            ben,
            admin=lambda who: staff.log("user.account.reset_password", who, by=staff.add("rogue@staff.example")),
            factors=lambda who: staff.log("user.mfa.factor.deactivate", who),
            own=lambda who: staff.log("user.account.update_password", who, by=who),
            stopped=lambda: staff.denied.add("logs"),
        )
        real.log_out()


@pytest.fixture(params=[at_entra, at_okta])
def site(request: pytest.FixtureRequest, home: Household) -> Iterator[Site]:
    with request.param(home) as made:
        reconcile(home.house, "roster", logs_of(home.house)["roster"])
        yield made


def reset(home: Household, number: str = "1001") -> Verification:
    return home.lifecycle.act(home.passed(number)[1], NEW)


def test_sr_68_a_13_a_reset_past_deskward_is_an_incident_and_one_by_link_is_none(site: Site) -> None:
    done = reset(site.home)
    assert site.looked() == []
    site.admin(site.ben)
    (incident,) = site.looked()
    assert (incident.subject_id, incident.kind, incident.directory) == (site.ben, ResetKind.PASSWORD, "roster")
    assert incident.login.partition("@")[0] == "ben"
    assert incident.by.partition("@")[0] == "rogue"
    assert site.home.store.resets.incidents(9, reviewed=False) == [incident]
    kept = site.home.store.resets.spent("roster", START)
    events = site.home.store.events(done.id)
    assert kept == {(next(e.fields["grant"] for e in events if e.kind.value == "acting"), ResetKind.PASSWORD)}


def test_a_row_is_looked_at_once(site: Site) -> None:
    site.admin(site.ben)
    reset(site.home)
    assert [len(site.looked()) for _ in range(3)] == [1, 0, 0]


def test_a_grant_explains_one_reset_only(site: Site) -> None:
    reset(site.home)
    site.admin(site.anna)
    assert [one.subject_id for one in site.looked()] == [site.anna]
    site.admin(site.anna)
    assert [one.subject_id for one in site.looked()] == [site.anna]


def test_a_grant_explains_what_was_about_its_time_only(site: Site) -> None:
    reset(site.home)
    site.home.clock.forward(minutes=6)
    site.admin(site.anna)
    assert len(site.looked()) == 1
    assert timedelta(minutes=6) > NEAR


def test_a_change_by_the_accounts_owner_is_no_incident(site: Site) -> None:
    site.own(site.ben)
    assert site.looked() == []


def test_a_grant_whose_action_did_not_happen_explains_nothing(site: Site) -> None:
    directory = site.home.house.people["roster"]
    assert isinstance(directory, Logged)
    _, pin = site.home.passed()
    directory.refuses = "It is like an old one."
    with pytest.raises(InvalidError):
        site.home.lifecycle.act(pin, NEW)
    site.admin(site.anna)
    assert [one.subject_id for one in site.looked()] == [site.anna]


def test_an_unlock_explains_no_new_password(site: Site) -> None:
    pin = site.home.passed(category_name="Account Unlock")[1]
    site.home.lifecycle.act(pin, {})
    site.admin(site.anna)
    assert len(site.looked()) == 1


def test_nothing_counts_that_was_before_the_first_round(home: Household) -> None:
    with at_entra(home) as site:
        site.admin(site.ben)
        home.clock.forward(minutes=1)
        assert site.looked() == []
        assert site.looked() == []
        assert not home.store.resets.known("roster", START - LATE)


def test_a_row_that_the_log_has_late_is_looked_at_all_the_same(site: Site) -> None:
    written = site.admin(site.ben)
    assert isinstance(written, dict)
    name = "published" if "published" in written else "activityDateTime"
    for _ in range(3):
        site.look()
    assert len(site.home.store.resets.incidents(9, reviewed=False)) == 1
    site.home.clock.forward(hours=1, minutes=50)
    late = site.admin(site.anna)
    assert isinstance(late, dict)
    late[name] = written[name]
    assert [one.subject_id for one in site.looked()] == [site.anna]


def test_a_log_that_does_not_answer_moves_no_mark(site: Site) -> None:
    marks = site.home.store.resets.marks("roster")
    site.stopped()
    with pytest.raises(OutsideError):
        site.look()
    assert site.home.store.resets.marks("roster") == marks


def test_after_a_long_pause_the_log_is_read_a_day_at_a_time(site: Site) -> None:
    site.home.clock.forward(hours=30)
    site.admin(site.ben)
    first = site.look()
    assert (first.more, first.incidents) == (True, [])
    assert site.home.store.resets.marks("roster") == (START - SOON, START - SOON + AT_ONCE)
    second = site.look()
    assert (second.more, len(second.incidents)) == (False, 1)


def test_what_is_taken_back_after_an_objection_is_explained_and_what_follows_is_not(site: Site) -> None:
    home = site.home
    pin = home.passed()[1]
    done = home.lifecycle.act(pin, NEW)
    site.looked()
    home.lifecycle.dispute_run(pin)
    directory = home.house.people["roster"]
    assert isinstance(directory, Logged)
    home.clock.forward(minutes=30)
    directory.set_password(site.anna, Secret("Nobody knows 4711 of it"))
    assert site.looked() == []
    home.lifecycle.revoke(done.id)
    directory.set_password(site.anna, Secret("Nobody knows 4712 of it"))
    assert site.looked() == []
    site.admin(site.anna)
    assert len(site.looked()) == 1


def test_what_ends_access_that_was_given_is_explained_once(site: Site) -> None:
    done = reset(site.home)
    site.looked()
    site.home.clock.forward(minutes=20)
    site.admin(site.anna)
    site.home.house.record(done, EventKind.ACCESS_ENDED, SYSTEM, {"text": "It was replaced.", "at": ""})
    assert site.looked() == []
    site.admin(site.anna)
    assert len(site.looked()) == 1


def test_one_grant_explains_every_factor_that_went_about_its_time(site: Site) -> None:
    actions = {"reset_password": FakeReset(resets=frozenset({ResetKind.FACTORS}))}
    reset(site.home)
    site.home.change(actions=actions)
    for _ in range(2):
        site.factors(site.anna)
    assert [one.kind for one in site.looked()] == [ResetKind.PASSWORD]
    site.home.clock.forward(minutes=6)
    site.factors(site.anna)
    assert [one.kind for one in site.looked()] == [ResetKind.FACTORS]


@dataclass
class Racing:
    """A log during whose reading somebody else is faster."""

    home: Household
    rows: list[Reset] = field(default_factory=list)

    def resets(self, since: datetime, until: datetime) -> list[Reset]:
        self.home.store.resets.follow("roster", since, until)
        return self.rows


def test_of_two_who_look_at_once_one_says_it(home: Household) -> None:
    home.store.resets.follow("roster", None, START)
    home.clock.forward(minutes=1)
    rogue = Reset("e1", START, ResetKind.PASSWORD, "o-anna", "anna")
    assert reconcile(home.house, "roster", Racing(home, [rogue])).incidents == []
    assert home.store.resets.incidents(9, reviewed=False) == []


def test_a_clock_that_stands_reads_nothing_twice(home: Household) -> None:
    home.store.resets.follow("roster", None, START)
    assert reconcile(home.house, "roster", Racing(home)) == Looked()


def test_an_action_that_does_not_say_what_it_resets_explains_nothing(site: Site) -> None:
    class Odd:
        name = "reset_password"

    reset(site.home)
    site.home.change(actions={"reset_password": Odd()})
    assert len(site.looked()) == 1


@pytest.fixture
def incident(home: Household) -> LoggedReset:
    made = LoggedReset(
        "IN-1", "roster", "e1", START, ResetKind.PASSWORD, "o-anna", "anna.berg", "Rogue.Admin", START
    )
    home.store.resets.follow("roster", None, START, [made])
    return made


def test_an_incident_is_settled_once_with_a_reason(home: Household, incident: LoggedReset) -> None:
    for reason in ("", " \n ", "x" * 501):
        with pytest.raises(InvalidError) as problem:
            review(home.house, incident.id, KIM, reason)
        assert problem.value.hint
    review(home.house, incident.id, KIM, " A drill,\nsays  Anna. ")
    (settled,) = home.store.resets.incidents(9, reviewed=True)
    assert (settled.reviewed_by, settled.reason, settled.reviewed_at) == (
        "Kim Agent",
        "A drill, says Anna.",
        START,
    )
    with pytest.raises(ConflictError):
        review(home.house, incident.id, KIM, "Again.")


@pytest.mark.parametrize("login", ["rogue.admin", "ANNA.BERG"])
def test_nobody_settles_what_they_did_or_what_was_done_to_their_account(
    home: Household, incident: LoggedReset, login: str
) -> None:
    home.opened.accounts.put_agent(Agent("a-kim", login, "Kim", "", roles=("approver",)))
    with pytest.raises(RefusedError):
        review(home.house, incident.id, KIM, "All fine.")
    home.change(accounts=None)
    review(home.house, incident.id, KIM, "All fine.")
