from base64 import b32decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from deskward.challenges.totp import Challenge
from deskward.core.authenticators import Used
from deskward.core.challenges import Asking, Enrolled
from deskward.core.errors import InvalidError, SettingsError
from deskward.core.proof import Evidence, ProofLevel
from deskward.core.secret import Secret
from tests.challenges.askings import ASKING, GARBAGE, NOW, answered, kept

STEP = timedelta(seconds=30)
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
SET_UP_AT = NOW - timedelta(days=30)


def code_at(asking: Asking, at: datetime) -> str:
    """Give what an app shows that scanned the enrolment page."""
    key = b32decode(str(Challenge().enrol_ask(asking).shown["secret"]).replace(" ", ""))
    return TOTP(key, 6, SHA1(), 30).generate(at.timestamp()).decode()


def enrolled() -> Enrolled:
    at = replace(ASKING, now=SET_UP_AT)
    return Challenge().enrol_check(at, answered(code=code_at(at, SET_UP_AT)))[0]


def test_the_codes_are_those_of_the_standard() -> None:
    at = datetime(1970, 1, 1, 0, 0, 59, tzinfo=UTC)
    asking = kept(Enrolled("app", Secret(RFC_SECRET)), now=at)
    assert Challenge().check(asking, {}, answered(code="287082")).used == Used("a-0", counter=1)


def test_the_right_code_proves_an_authenticator_up_to_the_level_it_was_enrolled_at() -> None:
    asking = kept(enrolled())
    checked = Challenge().check(asking, {}, answered(code=code_at(ASKING, NOW)))
    assert (checked.right, checked.established) == (True, True)
    assert (checked.root, checked.ceiling) == ("totp:a-0", ProofLevel.P2)
    assert checked.used == Used("a-0", counter=int(NOW.timestamp()) // 30)
    assert Challenge.evidence is Evidence.AUTHENTICATOR


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(steps: int, right: bool) -> None:
    code = code_at(ASKING, NOW + steps * STEP)
    assert Challenge().check(kept(enrolled()), {}, answered(code=code)).right is right


def test_without_a_window_only_this_step_counts() -> None:
    code = code_at(ASKING, NOW - STEP)
    assert not Challenge(window=0).check(kept(enrolled()), {}, answered(code=code)).right


def test_sr_011_a_code_that_was_used_is_refused_and_so_is_an_earlier_one() -> None:
    used = replace(enrolled(), counter=int(NOW.timestamp()) // 30)
    for at in (NOW, NOW - STEP):
        assert not Challenge().check(kept(used), {}, answered(code=code_at(ASKING, at))).right
    assert Challenge().check(kept(used), {}, answered(code=code_at(ASKING, NOW + STEP))).right


def test_the_code_typed_at_enrolment_is_used_up() -> None:
    code = code_at(ASKING, SET_UP_AT)
    assert not Challenge().check(kept(enrolled(), now=SET_UP_AT), {}, answered(code=code)).right


def test_one_of_two_apps_is_found() -> None:
    other = replace(ASKING, nonce="11" * 32, now=SET_UP_AT)
    second = Challenge().enrol_check(other, answered(code=code_at(other, SET_UP_AT)))[0]
    code = code_at(other, NOW)
    assert Challenge().check(kept(enrolled(), second), {}, answered(code=code)).root == "totp:a-1"


def test_a_means_that_does_not_count_yet_is_not_established() -> None:
    asking = kept(enrolled())
    young = replace(asking.authenticators[0], counts_from=NOW + timedelta(seconds=1))
    asking = replace(asking, authenticators=(young,))
    assert not Challenge().check(asking, {}, answered(code=code_at(ASKING, NOW))).established


def test_a_code_may_be_typed_with_gaps() -> None:
    code = code_at(ASKING, NOW)
    assert Challenge().check(kept(enrolled()), {}, answered(code=f" {code[:3]}-{code[3:]} ")).right


@pytest.mark.parametrize("typed", GARBAGE)
def test_what_is_no_code_is_refused_in_words(typed: str) -> None:
    with pytest.raises(InvalidError, match="6 digits"):
        Challenge().check(kept(enrolled()), {}, answered(code=typed))
    with pytest.raises(InvalidError, match="6 digits"):
        Challenge().enrol_check(ASKING, answered(code=typed))


def test_an_answer_without_the_field_is_refused_in_words() -> None:
    with pytest.raises(InvalidError, match="6 digits"):
        Challenge().check(kept(enrolled()), {}, {})


def test_it_is_offered_to_those_who_have_an_app_only() -> None:
    assert Challenge().options(ASKING) == []
    assert [o.title for o in Challenge().options(kept(enrolled()))] == ["Use your authenticator app"]
    assert "Example GmbH" in Challenge().ask(kept(enrolled())).text


def test_the_enrolment_shows_a_secret_of_160_bits_as_picture_and_in_letters() -> None:
    shown = Challenge().enrol_ask(ASKING).shown
    letters = str(shown["secret"]).replace(" ", "")
    assert len(letters) * 5 == 160
    assert str(shown["uri"]).startswith("otpauth://totp/Example%20GmbH:ghopper?")
    assert f"secret={letters}" in str(shown["uri"])
    assert str(shown["qr"]).startswith("data:image/svg+xml")
    assert Challenge().enrol_ask(ASKING).shown == shown
    assert Challenge().enrol_ask(replace(ASKING, nonce="00" * 32)).shown["secret"] != shown["secret"]


def test_the_name_in_the_app_can_be_set() -> None:
    assert "issuer=ACME" in str(Challenge(issuer="ACME").enrol_ask(ASKING).shown["uri"])


def test_a_secret_is_kept_only_after_its_app_has_shown_a_right_code() -> None:
    wrong = code_at(replace(ASKING, nonce="00" * 32), NOW)
    with pytest.raises(InvalidError, match="not the code"):
        Challenge().enrol_check(ASKING, answered(code=wrong))


def test_the_secret_does_not_show_itself() -> None:
    assert enrolled().sealed.reveal() not in repr(enrolled())


@pytest.mark.parametrize("window", [-1, 3])
def test_a_window_that_cannot_be_is_refused(window: int) -> None:
    with pytest.raises(SettingsError, match=r"challenges\.totp\.window"):
        Challenge(window=window)
