"""The words of colleagues, on both databases."""

from dataclasses import replace
from datetime import timedelta

from deskward.core.ports import Change
from deskward.core.records import Vouch
from deskward.store.opening import Opened
from tests.store.samples import NOON, a_sending, a_verification

BEN = Vouch("MS-1", "v1", "roster", "s1", "o-ben", NOON)
CARA = replace(BEN, id="MS-2", voucher_id="o-cara", asked_at=NOON + timedelta(minutes=1))


def test_vouches_are_read_by_id_token_verification_and_voucher(opened: Opened) -> None:
    store, letter = opened.store, a_sending("MS-1", token_digest="d1", person_id="o-ben")
    saved = store.save(a_verification(), Change(sendings=(letter, a_sending("MS-2")), vouches=(CARA, BEN)))
    read = store.vouches
    assert (read.get("MS-1"), read.get("MS-3")) == (BEN, None)
    assert (read.by_token("d1"), read.by_token("d2"), read.by_token("")) == (BEN, None, None)
    assert list(read.of("v1")) == [BEN, CARA]
    assert list(read.given("roster", "o-ben", NOON)) == []
    signed = replace(BEN, signed_at=NOON, signed_by="passkey")
    store.save(saved, Change(vouches=(signed,)))
    assert list(read.of("v1")) == [signed, CARA]
    assert list(read.given("roster", "o-ben", NOON)) == [signed]
    assert list(read.given("roster", "o-ben", NOON + timedelta(seconds=1))) == []
    assert list(read.given("other", "o-ben", NOON)) == []
