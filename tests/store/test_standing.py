"""Fences as they are kept, and what they do to grants."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from deskward.core.errors import RefusedError
from deskward.core.ports import Change
from deskward.core.records import Fence
from deskward.store.opening import Opened
from deskward.store.saving import write_change
from tests.store.samples import NOON, StandingClock, a_grant, a_sending, a_verification

BLOCKED = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def a_fence(**changes: object) -> Fence:
    fence = Fence("FE-1", "roster", "s1", "v1", NOON, NOON + timedelta(hours=24), pinned=False)
    return replace(fence, **changes)  # type: ignore[arg-type]


def test_a_fence_is_raised_replaced_and_listed_until_it_is_lifted(opened: Opened) -> None:
    saved = opened.store.save(a_verification(), Change(fence=a_fence()))
    assert opened.store.fence("FE-1") == a_fence()
    assert opened.store.fence("FE-2") is None
    asked = a_fence(lifters=("a-1",), ends_at=None)
    saved = opened.store.save(saved, Change(fence=asked))
    assert opened.store.fences("roster", "s1") == [asked]
    assert opened.store.fences("roster", "s2") == opened.store.fences("ldap", "s1") == []
    opened.store.save(saved, Change(fence=replace(asked, lifted_at=NOON)))
    assert opened.store.fences("roster", "s1") == []


def test_sr_46_a_sending_is_found_by_its_token_and_not_by_none(opened: Opened) -> None:
    sendings = (a_sending("m1", token_digest="d1"), a_sending("m2"))
    opened.store.save(a_verification(), Change(sendings=sendings))
    found = opened.store.sending_by_token("d1")
    assert found
    assert found.id == "m1"
    assert opened.store.sending_by_token("") is opened.store.sending_by_token("d2") is None


def test_sr_47_a_fence_takes_back_unspent_grants_and_refuses_new_ones_until_it_ends(
    opened: Opened, clock: StandingClock
) -> None:
    late = NOON + timedelta(days=3)
    saved = opened.store.save(a_verification(), Change(grant=a_grant("g1", expires_at=late)))
    saved = opened.store.save(saved, Change(fence=a_fence()))
    for refused in (Change(consume="g1"), Change(grant=a_grant("g2", expires_at=late))):
        with pytest.raises(RefusedError):
            opened.store.save(saved, refused)
    clock.move(hours=24)
    with pytest.raises(RefusedError):
        opened.store.save(saved, Change(consume="g1"))
    saved = opened.store.save(saved, Change(grant=a_grant("g2", expires_at=late)))
    assert opened.store.save(saved, Change(consume="g2")).version == saved.version + 1


def test_sr_49_lifting_gives_no_grant_back(opened: Opened) -> None:
    saved = opened.store.save(a_verification(), Change(grant=a_grant("g1")))
    saved = opened.store.save(saved, Change(fence=a_fence()))
    saved = opened.store.save(saved, Change(fence=a_fence(lifted_at=NOON)))
    with pytest.raises(RefusedError):
        opened.store.save(saved, Change(consume="g1"))


def test_sr_48_a_consumption_that_began_before_the_objection_committed_finds_the_grant_spent(
    opened: Opened,
) -> None:
    mine = opened.store.save(a_verification("v1"), Change(grant=a_grant("g1")))
    other = opened.store.save(a_verification("v2"), Change())
    with ThreadPoolExecutor(1) as pool:
        with opened.database.write() as connection:
            write_change(connection, other, Change(fence=a_fence(verification_id="v2")), NOON, opened.store.sealer)
            late = pool.submit(opened.store.save, mine, Change(consume="g1"))
            _until_blocked(opened)
        with pytest.raises(RefusedError):
            late.result(30)


def test_sr_48_an_objection_waits_for_a_consumption_that_began_before_it(opened: Opened) -> None:
    mine = opened.store.save(a_verification("v1"), Change(grant=a_grant("g1")))
    other = opened.store.save(a_verification("v2"), Change())
    with ThreadPoolExecutor(1) as pool:
        with opened.database.write() as connection:
            write_change(connection, mine, Change(consume="g1"), NOON, opened.store.sealer)
            late = pool.submit(opened.store.save, other, Change(fence=a_fence(verification_id="v2")))
            _until_blocked(opened)
            assert not late.done()
        assert late.result(30).version == other.version + 1


def _until_blocked(opened: Opened) -> None:
    """Wait until the other transaction waits for a row; on SQLite it waits for the one writer anyway."""
    deadline = time.monotonic() + 20
    while opened.database.dialect == "postgresql" and time.monotonic() < deadline:
        with opened.database.read() as connection:
            if connection.scalar(BLOCKED):
                return
