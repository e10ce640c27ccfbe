"""Enrolled means: sealed at rest, listed while they live, each use noted by exactly one."""

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import text

from deskward.core.authenticators import Authenticator, Authenticators, Used, agent_owner, person_owner
from deskward.core.errors import ConflictError, RefusedError, SettingsError
from deskward.core.proof import ProofLevel
from deskward.core.secret import Secret
from deskward.store.opening import Opened
from tests.many import at_once
from tests.store.samples import NOON

GRACE = person_owner("roster", "s1")
APP = Authenticator(
    "a1",
    GRACE,
    "totp",
    "Authenticator app",
    Secret("JBSWY3DPEHPK3PXP"),
    NOON,
    NOON + timedelta(days=14),
    counter=3,
)
CODE = Authenticator("a2", GRACE, "saved_code", "Printed code", Secret(""), NOON, NOON, ref="digest-of-a-code")
ROUNDS = 15


@pytest.fixture
def means(opened: Opened) -> Authenticators:
    return opened.authenticators(b"k" * 32)


def test_what_was_enrolled_is_read_again_whole(means: Authenticators) -> None:
    later = replace(CODE, id="a3", ref="another", enrolled_at=NOON + timedelta(seconds=1), ceiling=ProofLevel.P3)
    means.enrol([later, APP, CODE])
    means.enrol([])
    assert means.of(GRACE) == [APP, CODE, later]
    assert means.of(GRACE, "totp") == [APP]
    assert means.of(agent_owner("s1")) == []


def test_owners_are_asked_at_once_who_has_a_living_means_that_counts(means: Authenticators) -> None:
    ada, bob = (person_owner("roster", name) for name in ("ada", "bob"))
    means.enrol([APP, replace(CODE, owner=ada), replace(CODE, id="a3", owner=bob, ref="of bob")])
    means.remove("a3", NOON)
    assert means.owners_of([GRACE, ada, bob], "saved_code", NOON) == {ada}
    assert means.owners_of([GRACE, ada, bob], "totp", APP.counts_from) == {GRACE}
    assert means.owners_of([GRACE], "totp", APP.counts_from - timedelta(seconds=1)) == set()
    assert means.owners_of([], "totp", NOON) == set()


def test_the_same_means_is_not_enrolled_twice_and_nothing_is_half_done(means: Authenticators) -> None:
    means.enrol([CODE])
    with pytest.raises(ConflictError, match="set up already"):
        means.enrol([APP, replace(CODE, id="a3")])
    assert means.of(GRACE) == [CODE]


def test_sr_016_the_database_holds_no_secret_in_the_clear(opened: Opened, means: Authenticators) -> None:
    means.enrol([APP])
    with opened.database.read() as connection:
        rows = connection.execute(text("select * from authenticators")).mappings().all()
    assert "JBSWY3DPEHPK3PXP" not in repr([dict(row) for row in rows])
    assert rows[0]["sealed"]


def test_with_another_key_nothing_is_read(opened: Opened, means: Authenticators) -> None:
    means.enrol([APP])
    with pytest.raises(SettingsError, match="cannot be opened"):
        opened.authenticators(b"o" * 32).of(GRACE)


def test_a_counter_only_grows(means: Authenticators) -> None:
    means.enrol([APP])
    assert not means.use(Used("a1", counter=3), NOON)
    assert means.use(Used("a1", counter=7), NOON)
    assert not means.use(Used("a1", counter=7), NOON)
    assert not means.use(Used("a1", counter=5), NOON)
    assert [(a.counter, a.used_at) for a in means.of(GRACE)] == [(7, NOON)]


def test_a_means_without_a_counter_is_used_again_and_again(means: Authenticators) -> None:
    means.enrol([APP])
    assert means.use(Used("a1"), NOON)
    assert means.use(Used("a1"), NOON + timedelta(minutes=1))
    assert [(a.counter, a.used_at) for a in means.of(GRACE)] == [(3, NOON + timedelta(minutes=1))]


def test_a_spent_code_is_gone(means: Authenticators) -> None:
    means.enrol([CODE])
    assert means.use(Used("a2", spends=True), NOON)
    assert not means.use(Used("a2", spends=True), NOON)
    assert means.of(GRACE) == []


def test_what_was_removed_is_gone_and_removed_once(means: Authenticators) -> None:
    means.enrol([APP, CODE])
    assert means.remove("a1", NOON)
    assert not means.remove("a1", NOON)
    assert not means.remove("nothing", NOON)
    assert not means.use(Used("a1", counter=9), NOON)
    assert means.of(GRACE) == [CODE]


def test_sr_011_of_64_threads_exactly_one_uses_a_counter_and_exactly_one_spends_a_code(
    means: Authenticators,
) -> None:
    ids = count()
    for _ in range(ROUNDS):
        app, code = replace(APP, id=f"t{next(ids)}"), replace(CODE, id=f"c{next(ids)}", ref=f"r{next(ids)}")
        means.enrol([app, code])

        def use(_: int, used: Used) -> None:
            if not means.use(used, NOON):
                raise RefusedError("taken")

        for used in (Used(app.id, counter=9), Used(code.id, spends=True)):
            assert at_once(64, lambda n, used=used: use(n, used)) == {"done": 1, "RefusedError": 63}  # type: ignore[misc]
