"""What is remembered of addresses, on both databases."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from deskward.core.destinations import Kind
from deskward.core.errors import SettingsError
from deskward.core.ports import Count
from deskward.core.records import Address
from deskward.core.secret import Secret
from deskward.store.opening import Opened
from tests.many import at_once
from tests.store.samples import NOON


def an_address(**changes: Any) -> Address:
    fields: dict[str, Any] = {
        "id": "AD-1",
        "directory": "roster",
        "subject_id": "o-1",
        "kind": Kind.EMAIL,
        "root": "r1",
    }
    more = {"source": "HR", "label": "private e-mail", "first_seen_at": NOON}
    return Address(**(fields | more | changes))


def test_sr_33_an_address_is_kept_sealed_and_read_back_whole(opened: Opened) -> None:
    opened.authenticators(b"s" * 32)
    kept = an_address(own=True, value=Secret("anna@boat.example"), confirmed_at=NOON, used_at=NOON, baseline=True)
    opened.store.keep_addresses([kept, an_address(id="AD-2", subject_id="o-2")])
    assert opened.store.addresses("roster", ["o-1"]) == [kept]
    assert opened.store.address("AD-1") == kept
    assert opened.store.address_of_root("roster", "o-1", "r1") == kept
    assert opened.store.address("AD-3") is None
    opened.store.keep_addresses([replace(kept, used_at=None)])
    assert opened.store.address("AD-1") == replace(kept, used_at=None)
    opened.authenticators(b"t" * 32)
    with pytest.raises(SettingsError, match="cannot be opened"):
        opened.store.address("AD-1")


def test_sr_34_an_address_is_confirmed_once(opened: Opened) -> None:
    opened.store.keep_addresses([an_address(), an_address(id="AD-2", root="r2", removed_at=NOON)])
    answers: list[bool] = []
    at_once(8, lambda _: answers.append(opened.store.confirm_address("AD-1", NOON)))
    assert sorted(answers) == [False] * 7 + [True]
    assert not opened.store.confirm_address("AD-2", NOON)


def test_an_import_marks_its_end_and_takes_away_what_was_not_named(opened: Opened) -> None:
    own = an_address(id="AD-3", root="r3", own=True)
    opened.store.keep_addresses([an_address(), an_address(id="AD-2", root="r2"), own])
    assert opened.store.imported("roster") is None
    assert opened.store.finish_import("roster", {"AD-1"}, NOON) == 1
    later = NOON + timedelta(days=1)
    assert opened.store.finish_import("roster", {"AD-1"}, later) == 0
    mark = opened.store.imported("roster")
    assert mark
    assert (mark.first_seen_at, mark.used_at) == (NOON, later)
    gone = {row.id: row.removed_at for row in opened.store.addresses("roster", ["o-1"])}
    assert gone == {"AD-1": None, "AD-2": NOON, "AD-3": None}


def test_owners_are_told_by_root(opened: Opened) -> None:
    opened.store.keep_addresses([an_address(), an_address(id="AD-2", subject_id="o-2")])
    assert opened.store.owners(["r1", "r2"]) == {"r1": {("roster", "o-1"), ("roster", "o-2")}}
    assert opened.store.reached(["r1"], NOON) == {}


def test_sr_135_tries_are_taken_up_to_the_most_however_many_try_at_once(opened: Opened) -> None:
    count = Count("confirm", "k")
    answers: list[bool] = []
    at_once(16, lambda _: answers.append(opened.store.take_try(count, 5, NOON)))
    assert sorted(answers) == [False] * 11 + [True] * 5
    assert opened.store.take_try(Count("confirm", "other"), 5, NOON)
