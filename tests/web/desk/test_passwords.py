"""Passwords of local accounts, hashed with the work that the product asks of them (SR-85)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from argon2 import PasswordHasher

from deskward.core.accounts import Agent
from deskward.core.secret import Secret
from deskward.store.opening import Opened
from deskward.web.desk.passwords import hashed, matches, outdated
from tests.web.desk.conftest import PASSWORD, Desk


@pytest.fixture(scope="module", autouse=True)
def quick_hashes() -> None:
    """Let the product's own settings be."""


def test_passwords_are_argon2id_and_an_empty_or_broken_hash_never_matches(password_hash: str) -> None:
    assert password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert matches(password_hash, Secret(PASSWORD))
    assert not matches("", Secret("nobody has this password"))
    assert not matches("broken", Secret(PASSWORD))
    assert not outdated(hashed(Secret("x")))


def test_an_older_hash_is_renewed_at_login(visitor: Callable[[], Desk], agent: Agent, store: Opened) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    store.accounts.put_agent(replace(agent, password_hash=old))
    assert visitor().log_in().status_code == 303
    renewed = store.accounts.agent(agent.id)
    assert renewed
    assert not outdated(renewed.password_hash)
