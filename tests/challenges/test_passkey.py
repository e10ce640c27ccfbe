import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from deskward.challenges.passkey import Challenge
from deskward.core.authenticators import Used
from deskward.core.challenges import Asking, Enrolled, Site
from deskward.core.errors import InvalidError, SettingsError
from deskward.core.proof import Evidence, ProofLevel
from tests.challenges.askings import ASKING, GARBAGE, answered, kept
from tests.passkeys import BACKED_UP, PRESENT, VERIFIED, SoftPasskey, b64

LIKE_JSON = ["null", "1", '"x"', '{"id": 1}', '{"id":"x","rawId":"é","response":{}}', "{" * 4_000, "[]"]


def create(passkey: SoftPasskey, asking: Asking = ASKING) -> Enrolled:
    options = Challenge().enrol_ask(asking).shown["options"]
    return Challenge().enrol_check(asking, answered(passkey=passkey.created(options)))[0]


def give(passkey: SoftPasskey, asking: Asking) -> Any:
    answer = passkey.given(Challenge().ask(asking).shown["options"])
    return Challenge().check(asking, {}, answered(passkey=answer))


def test_sr_025_a_passkey_of_this_page_with_user_verification_proves() -> None:
    passkey = SoftPasskey()
    checked = give(passkey, kept(create(passkey), kind="passkey"))
    assert (checked.right, checked.established, checked.ceiling) == (True, True, ProofLevel.P2)
    assert checked.root == f"passkey:{b64(passkey.id)}"
    assert checked.used == Used("a-0", counter=None)
    assert Challenge.evidence is Evidence.PASSKEY


WRONG: dict[str, Callable[[SoftPasskey], SoftPasskey]] = {
    "origin": lambda p: replace(p, origin="https://portal.example.com.evil.example"),
    "plain origin": lambda p: replace(p, origin="http://portal.example.com"),
    "relying party": lambda p: replace(p, rp_id="example.com"),
    "no user verification": lambda p: replace(p, flags=PRESENT),
    "nobody there": lambda p: replace(p, flags=VERIFIED),
    "impossible flags": lambda p: replace(p, flags=PRESENT | VERIFIED | 0x10),
    "another key": lambda p: SoftPasskey(id=p.id),
    "a foreign credential": lambda p: replace(p, id=b"foreign"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_sr_025_everything_else_is_refused(wrong: str) -> None:
    passkey = SoftPasskey()
    asking = kept(create(passkey), kind="passkey")
    assert give(WRONG[wrong](passkey), asking).right is False


@pytest.mark.parametrize("wrong", list(WRONG)[:6])
def test_sr_025_a_passkey_is_not_enrolled_from_elsewhere_or_without_verification(wrong: str) -> None:
    with pytest.raises(InvalidError, match="cannot be used here"):
        create(WRONG[wrong](SoftPasskey()))


def test_sr_025_an_answer_to_another_asking_is_refused() -> None:
    passkey = SoftPasskey()
    asking = kept(create(passkey), kind="passkey")
    old = passkey.given(Challenge().ask(replace(asking, nonce="00" * 32)).shown["options"])
    assert not Challenge().check(asking, {}, answered(passkey=old)).right


def test_an_answer_to_an_enrolment_is_none_to_an_asking() -> None:
    passkey = SoftPasskey()
    asking = kept(create(passkey), kind="passkey", nonce=ASKING.nonce)
    other = passkey.given(Challenge().enrol_ask(ASKING).shown["options"])
    assert not Challenge().check(asking, {}, answered(passkey=other)).right


def test_the_portal_at_another_address_takes_no_passkey_of_this_one() -> None:
    passkey = SoftPasskey()
    elsewhere = Site("help.example.org", "https://help.example.org", "Example")
    assert not give(passkey, kept(create(passkey), kind="passkey", site=elsewhere)).right


def test_sr_011_a_counter_that_does_not_grow_is_a_copy_and_refused() -> None:
    passkey = SoftPasskey(counter=5)
    asking = kept(create(passkey), kind="passkey")
    assert asking.authenticators[0].counter == 5
    assert not give(passkey, asking).right
    assert not give(replace(passkey, counter=0), asking).right
    assert give(replace(passkey, counter=6), asking).used == Used("a-0", counter=6)


@pytest.mark.parametrize("typed", [t for t in GARBAGE + LIKE_JSON if t.strip()])
def test_garbage_is_refused_in_words(typed: str) -> None:
    asking = kept(create(SoftPasskey()), kind="passkey")
    with pytest.raises(InvalidError, match=r"cannot be read|No passkey"):
        Challenge().check(asking, {}, answered(passkey=typed))
    with pytest.raises(InvalidError, match=r"cannot be used here|No passkey"):
        Challenge().enrol_check(ASKING, answered(passkey=typed))


def test_an_empty_answer_is_refused_in_words() -> None:
    with pytest.raises(InvalidError, match="No passkey was given"):
        Challenge().check(ASKING, {}, {})


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
@pytest.mark.parametrize("broken", ["", "AA", "////", "e30", "A" * 3_000])
def test_broken_parts_are_refused(part: str, broken: str) -> None:
    passkey = SoftPasskey()
    asking = kept(create(passkey), kind="passkey")
    answer = json.loads(passkey.given(Challenge().ask(asking).shown["options"]))
    answer["response"][part] = broken
    assert not Challenge().check(asking, {}, answered(passkey=json.dumps(answer))).right


def test_a_key_that_cannot_be_read_any_more_proves_nothing() -> None:
    passkey = SoftPasskey()
    odd = replace(create(passkey), sealed=create(SoftPasskey()).sealed)
    assert not give(passkey, kept(odd, kind="passkey")).right


def test_a_new_passkey_is_one_that_the_device_finds_by_itself_and_not_a_second_of_the_same_device() -> None:
    asking = replace(kept(create(SoftPasskey()), kind="passkey"), nonce="22" * 32)
    options = Challenge().enrol_ask(asking).shown["options"]
    assert options["rp"] == {"id": "portal.example.com", "name": "Example GmbH"}
    assert options["user"]["displayName"] == "Grace Hopper"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert [c["id"] for c in options["excludeCredentials"]] == [b64(b"credential-1")]


def test_it_is_offered_to_those_who_have_one_and_asks_for_theirs() -> None:
    asking = kept(create(SoftPasskey()), kind="passkey")
    assert Challenge().options(ASKING) == []
    assert [o.title for o in Challenge().options(asking)] == ["Use your passkey"]
    options = Challenge(wait_seconds=60).ask(asking).shown["options"]
    assert (options["timeout"], options["userVerification"]) == (60_000, "required")
    assert [c["id"] for c in options["allowCredentials"]] == [b64(b"credential-1")]
    assert Challenge.script == "passkey.js"


def test_the_label_says_whether_it_is_synced() -> None:
    assert create(SoftPasskey()).label == "Passkey on one device"
    assert create(SoftPasskey(flags=PRESENT | VERIFIED | BACKED_UP)).label == "Passkey, synced between devices"


def test_a_wait_that_cannot_be_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"challenges\.passkey\.wait_seconds"):
        Challenge(wait_seconds=5)
